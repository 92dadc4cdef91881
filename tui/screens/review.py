"""A session as a whole, tab by tab: the same for one that runs and for one that ended years ago."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.widget import Widget

from hptui.tui import keys, review_keys
from hptui.tui.arrangement import Arrangement
from hptui.tui.attached import Attached
from hptui.tui.feed import Wanted
from hptui.tui.material import AT_ONCE, Material, columns_of
from hptui.tui.panes.chart import ChartPane
from hptui.tui.panes.header import TextLine
from hptui.tui.panes.importance import ImportancePane
from hptui.tui.panes.line_table import LineTable
from hptui.tui.panes.parallel import ParallelPane
from hptui.tui.panes.prompt import Prompt
from hptui.tui.panes.slices import SlicesPane
from hptui.tui.panes.trials import TrialsPane
from hptui.tui.screens.advised import Advised
from hptui.tui.screens.review_tabs import TABS
from hptui.tui.screens.travelling import Travelling
from hptui.tui.screens.trial import TrialScreen
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.events import event_line, last_event_line
from hptui.tui.views.header import header_line
from hptui.tui.views.review import tabs_line
from hptui.tui.views.trials import Marks

if TYPE_CHECKING:
    from hptui.core.review.columns import Columns
    from hptui.tui.panes.front import FrontPane

_DIGITS = keys.digits([tab.name for tab in TABS])


class ReviewScreen(Travelling, Advised):
    CSS_PATH = "review.tcss"
    BINDING_GROUP_TITLE = "review"
    HINTS = (*review_keys.LOOK, *review_keys.TABS, *review_keys.TIME, *review_keys.AROUND_HERE)
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(HINTS, review_keys.ROWS, _DIGITS)

    class Counted(Message):
        """The columns of a large session are ready."""

        def __init__(self, snapshot: Snapshot, columns: Columns) -> None:
            super().__init__()
            self.snapshot, self.columns = snapshot, columns

    def __init__(self, attached: Attached, snapshot: Snapshot, arranged: Arrangement, tab: str = TABS[0].name) -> None:
        super().__init__(attached)
        self.now = self.snapshot = snapshot
        self.arranged = arranged
        self.tab = next(one for one in TABS if one.name == tab)
        self._columns: tuple[Snapshot, Columns] | None = None
        self._counting: Snapshot | None = None

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        yield TextLine(id="tabs")
        with Container(id="body"):
            yield TrialsPane(id="tab-trials", classes="pane", digit=str([tab.name for tab in TABS].index("trials") + 1))
        yield TextLine(id="last")
        yield Prompt(id="prompt")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    def on_mount(self) -> None:
        self.attached.feed.want(Wanted())
        self.table.leave_out(self.cockpit.config.hide)
        self.action_tab(self.tab.name)

    @property
    def table(self) -> TrialsPane:
        return self.query_one("#tab-trials", TrialsPane)

    # --- tabs -------------------------------------------------------------------------------------------------

    def action_pane(self, name: str) -> None:
        self.action_tab(name)

    def action_next_tab(self, by: int) -> None:
        """Past those in which there is nothing to see."""
        there = [tab for tab in TABS if tab is self.tab or not tab.missing(self.snapshot)]
        self.action_tab(there[(there.index(self.tab) + by) % len(there)].name)

    def action_tab(self, name: str) -> None:
        self.tab = next(one for one in TABS if one.name == name)
        body = self.query_one("#body")
        for pane in body.children:
            pane.display = pane.id == f"tab-{name}"
        if not body.query(f"#tab-{name}"):
            body.mount(self.tab.make())
        if missing := self.tab.missing(self.snapshot):
            self.say(missing, "warning")
        own = getattr(self.pane, "KEYS", ()) if self.tab.name != "trials" else review_keys.ROWS
        self.HINTS = (*own, *ReviewScreen.HINTS)
        self.pane.focus()
        self.call_after_refresh(self.show_again)

    @property
    def pane(self) -> Widget:
        return self.query_one(f"#tab-{self.tab.name}")

    # --- what is shown ----------------------------------------------------------------------------------------

    @property
    def stands_still(self) -> bool:
        return super().stands_still or self.index is not None

    def show_snapshot(self, snapshot: Snapshot) -> None:
        if self.stands_still:
            self.settle()
        if self.frozen:
            return
        self.now = snapshot
        if self.index is None:
            self.show_moment(snapshot)

    def show_moment(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.settle()
        if len(snapshot.trials) < len(self.arranged.trials):  # the past has fewer
            self.arranged = replace(self.arranged, trials=snapshot.trials, facts=snapshot.facts).rearranged()
        self.arranged = self.arranged.updated(snapshot.trials, snapshot.facts)
        if not self.is_seen or not self.is_mounted:
            return
        self.show_lines()
        self.show_table()
        self.show_hints()

    def show_again(self) -> None:
        self.show_moment(self.snapshot)

    def show_lines(self) -> None:
        """The lines above and below the pane."""
        snapshot, names = self.snapshot, [tab.name for tab in TABS]
        review = self.attached.read_only
        self.query_one("#header", TextLine).show(
            lambda width: header_line(snapshot, width, review=review, frozen=self.frozen, past=self.index is not None)
        )
        found, moment = str(self.arranged.filter), self.moment()
        without = [tab.name for tab in TABS if tab.missing(snapshot)]
        self.query_one("#tabs", TextLine).show(
            lambda width: tabs_line(names, self.tab.name, found, width, moment, without)
        )
        last = self.query_one("#last", TextLine)
        if moment:
            last.show(lambda width: event_line(snapshot.events[-1], snapshot.trials))
        else:
            last.show(lambda width: last_event_line(snapshot.events, snapshot.trials, width))

    def show_table(self) -> None:
        """The tab that is seen; called for every change of data, filter or order."""
        pane = self.pane
        self.show_lines()
        if isinstance(pane, TrialsPane):
            pane.take(self.snapshot, self.arranged, Marks(wished=self.attached.control.pending.shown()))
        elif isinstance(pane, ChartPane):
            pane.take(self._material())
        elif pane.is_mounted:
            taking: Any = pane
            taking.take(self.snapshot)

    def _material(self) -> Material | None:
        """None while a large session's columns are being made."""
        import numpy as np

        snapshot = self.snapshot
        if self._columns is None or not _same(self._columns[0], snapshot):
            if len(snapshot.trials) > AT_ONCE:
                self._count(snapshot)
            else:
                self._columns = snapshot, columns_of(snapshot)
        if self._columns is None:
            return None
        _, columns = self._columns
        shown = np.ones(len(columns), np.bool_)
        if self.arranged.filter:
            shown[:] = False
            shown[columns.rows_of(self.arranged.order)] = True
        cursor = None if self.table.following else self.cursor()  # the newest one was chosen by nobody
        return Material(self.attached.folder, snapshot, columns, shown, str(self.arranged.filter), cursor)

    def _count(self, snapshot: Snapshot) -> None:
        """In a thread, one at a time; the tab goes on showing what it has."""
        if self._counting is None:
            self._counting = snapshot
            self.run_worker(
                partial(self._counted, snapshot), thread=True, group="columns", exit_on_error=False
            )  # fmt: skip

    def _counted(self, snapshot: Snapshot) -> None:
        self.post_message(self.Counted(snapshot, columns_of(snapshot)))

    def on_review_screen_counted(self, message: Counted) -> None:
        self._counting, self._columns = None, (message.snapshot, message.columns)
        self.show_table()

    def on_screen_resume(self) -> None:
        if self.is_mounted and self.query("#tab-trials"):
            self.attached.feed.want(Wanted())
            self.show_snapshot(self.attached.feed.take())

    def on_resize(self, _: Resize) -> None:
        self.check_size()
        self.call_after_refresh(self.show_again)

    # --- trials -----------------------------------------------------------------------------------------------

    def cursor(self) -> int | None:
        return self.table.cursor_key

    def targets(self) -> tuple[int, ...]:
        marked = sorted(self.table.marked)
        cursor = self.cursor()
        return tuple(marked) or (() if cursor is None else (cursor,))

    def open_trial(self, number: int) -> None:
        if number in self.snapshot.trials:
            self.app.push_screen(TrialScreen(self.attached, number, self.snapshot))

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        self.open_trial(message.key)

    def on_line_table_header_chosen(self, message: LineTable.HeaderChosen) -> None:
        self.sort_by(message.column)

    def on_front_pane_opened(self, message: FrontPane.Opened) -> None:
        self.open_trial(message.number)

    def on_parallel_pane_brushed(self, message: ParallelPane.Brushed) -> None:
        self.filter_by(message.filter)

    def on_importance_pane_chosen(self, message: ImportancePane.Chosen) -> None:
        self.action_tab("slices")
        self.call_after_refresh(lambda: self.query_one(SlicesPane).show_parameter(message.name))

    # --- keys -------------------------------------------------------------------------------------------------

    def action_freeze(self) -> None:
        self.frozen = not self.frozen
        self.show_lines()
        if not self.frozen:
            self.show_snapshot(self.attached.feed.snapshot)

    def action_back(self) -> None:
        """One level: what the tab has open, the marks, the past, the filter, then the screen before."""
        pane = self.pane
        if isinstance(pane, ParallelPane) and pane.back():
            return
        if self.table.marked:
            self.table.set_marked(set())
        elif self.index is not None:
            self.go_to(None)
        elif self.arranged.filter:
            self.filter_by("")
        else:
            self.dismiss()

    def _close_prompt(self) -> None:
        super()._close_prompt()
        self.set_focus(self.pane)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("sort", "reverse") and not isinstance(self.pane, TrialsPane):
            return False
        return super().check_action(action, parameters)


def _same(before: Snapshot, now: Snapshot) -> bool:
    return before.trials is now.trials and before.facts.space == now.facts.space


__all__ = ["ReviewScreen"]
