"""A session as it goes on: trials, their curves, decisions, devices, the best. Read-only, it is the review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.events import AppBlur, AppFocus
from textual.timer import Timer

from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.tui import keys
from hptui.tui.arrangement import Arrangement
from hptui.tui.attached import Attached
from hptui.tui.feed import Wanted
from hptui.tui.panes.best import BestPane
from hptui.tui.panes.brackets import BracketsPane
from hptui.tui.panes.curves import Choice, CurvesPane, chosen
from hptui.tui.panes.decisions import DecisionsPane
from hptui.tui.panes.devices import DevicesPane
from hptui.tui.panes.event_list import LineList
from hptui.tui.panes.header import TextLine
from hptui.tui.panes.lanes import LanesPane
from hptui.tui.panes.line_table import LineTable
from hptui.tui.panes.log_view import LogView
from hptui.tui.panes.prompt import Prompt
from hptui.tui.panes.trials import TrialsPane
from hptui.tui.screens.ordering import Ordering
from hptui.tui.screens.paned import Paned
from hptui.tui.screens.session import SessionScreen
from hptui.tui.screens.trial import TrialScreen
from hptui.tui.snapshot import Facts, Snapshot
from hptui.tui.views.devices import device_name
from hptui.tui.views.events import last_event_line
from hptui.tui.views.header import header_line
from hptui.tui.views.layout import LEFT, PANES, RIGHT, TWO_COLUMNS, panes_shown
from hptui.tui.views.trials import Marks

_CURSOR_S = 0.15  # the chart follows the cursor once it rests this long: a held key must not redraw it at every row


class LiveScreen(Ordering, Paned):
    PANES = PANES
    CSS_PATH = "live.tcss"
    BINDING_GROUP_TITLE = "session"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.WISHES, keys.LOOKING, keys.AROUND, keys.digits(PANES))

    def __init__(self, folder: SessionFolder, read_only: bool) -> None:
        super().__init__(None)
        self._attached = Attached(
            folder, read_only, lambda: self.of_thread(lambda: self._listening().post_message(self.Arrived())),
            lambda error: self.of_thread(lambda: self.post_message(self.Failed(error))),
        )  # fmt: skip
        self.snapshot = Snapshot(Facts(name=folder.name))  # a name to read before the first look is done
        self.arranged = Arrangement()
        self.choice = Choice.BOTH
        self.pinned: frozenset[int] = frozenset()
        self._cursor_timer: Timer | None = None
        self._drawn: tuple[int, ...] = ()

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        with Container(id="body"):
            with Vertical(id="left"):
                yield TrialsPane(id="trials", classes="pane")
                yield CurvesPane(id="curves", classes="pane")
                yield LogView(id="log", classes="pane", empty="this trial has printed nothing yet")
                yield BracketsPane("7 rungs", id="rungs", classes="pane")
                yield LanesPane("8 lanes", id="lanes", classes="pane")
            with Vertical(id="right"):
                yield DevicesPane(id="devices", classes="pane")
                yield DecisionsPane("4 decisions", id="decisions", classes="pane")
                yield BestPane(id="best", classes="pane")
        yield TextLine(id="last")
        yield Prompt(id="prompt")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#log").border_title = "6 log"
        self.table.leave_out(self.cockpit.config.hide)
        self.table.focus()
        self.show_snapshot(self.snapshot)
        # the feed imports SQLite and reads everything: the first paint must not wait for it
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.attached.feed.start()
        if not self.attached.read_only:
            self.start_scheduler()

    def on_unmount(self) -> None:
        self.attached.feed.stop()

    @property
    def table(self) -> TrialsPane:
        return self.query_one("#trials", TrialsPane)

    # --- what the feed brings ---------------------------------------------------------------------------------

    def _listening(self) -> SessionScreen:
        """The screen of this session that lies on top. Not this one with another over it: each message to a screen
        that is covered makes Textual paint the one above it anew. One that is being mounted hears it right after."""
        for screen in reversed(self.app.screen_stack):
            if isinstance(screen, SessionScreen) and screen.attached is self.attached:
                return screen
        return self

    def arrived(self, snapshot: Snapshot) -> None:
        if self.frozen:
            self.settle()
            self._show_header(snapshot)
            return
        self.show_snapshot(snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        before, self.snapshot = self.snapshot, snapshot
        self.settle()
        self.arranged = self.arranged.keeping(self._held()).updated(snapshot.trials, snapshot.facts)
        if not self.is_seen:
            return
        self._show_header(snapshot)
        self.show_table()
        self.show_curves()
        self.query_one(DecisionsPane).take(snapshot.events, snapshot.trials)
        self.query_one(DevicesPane).take(snapshot)
        self.query_one(BestPane).take(snapshot)
        self.query_one(BracketsPane).take(snapshot)
        self.query_one(LanesPane).take(snapshot)
        self.query_one("#last", TextLine).show(lambda width: last_event_line(snapshot.events, snapshot.trials, width))
        if len(before.devices) != len(snapshot.devices):
            self.place(self.panes(self.lower, self.zoomed))
        self.show_hints()

    def _held(self) -> set[int]:
        """Trials that a filter must not take away from under the user's hand."""
        cursor = self.cursor()
        return {*self.table.marked, *(() if cursor is None else (cursor,))}

    def _show_header(self, snapshot: Snapshot) -> None:
        review = self.attached.read_only
        self.query_one("#header", TextLine).show(
            lambda width: header_line(snapshot, width, review=review, frozen=self.frozen)
        )

    def show_table(self) -> None:
        marks = Marks(self.pinned, frozenset(self._drawn), self.attached.control.pending.shown())
        self.table.take(self.snapshot, self.arranged, marks)

    def show_curves(self) -> None:
        """Draw the curves that matter now, and ask the feed for those that are not here yet. Not behind another screen,
        which asks for its own."""
        if not self.is_seen:
            return
        cursor = self.cursor()
        drawn = chosen(self.snapshot, self.choice, self.pinned, frozenset(self.table.marked), cursor)
        self.attached.feed.want(Wanted(frozenset(drawn)))
        self.query_one(CurvesPane).take(self.snapshot, drawn, cursor, self.choice)
        if set(drawn) != set(self._drawn):
            self._drawn = drawn
            self.show_table()
        if self.lower == "log":
            path = None if cursor is None else self.attached.folder.trial(cursor).log
            self.query_one(LogView).open(path)

    def on_screen_resume(self) -> None:
        if self.is_mounted:
            self.show_snapshot(self._newest())

    def _newest(self) -> Snapshot:
        latest = self.attached.feed.take()
        return self.snapshot if self.frozen or latest.version < max(self.snapshot.version, 1) else latest

    def on_app_focus(self, _: AppFocus) -> None:
        self.attached.feed.focus(True)

    def on_app_blur(self, _: AppBlur) -> None:
        self.attached.feed.focus(False)

    # --- rows -------------------------------------------------------------------------------------------------

    def cursor(self) -> int | None:
        return self.table.cursor_key

    def targets(self) -> tuple[int, ...]:
        marked = sorted(self.table.marked)
        if marked:
            return tuple(marked)
        cursor = self.cursor()
        return () if cursor is None else (cursor,)

    def wish(self, wish: Any, trials: Sequence[int | None], **args: Any) -> None:
        super().wish(wish, trials, **args)
        if self.table.marked:
            self.table.set_marked(set())

    def on_line_table_moved(self, _: LineTable.Moved) -> None:
        if self._cursor_timer is not None:
            self._cursor_timer.stop()
        self._cursor_timer = self.set_timer(_CURSOR_S, self.show_curves)

    def on_line_table_marked(self, _: LineTable.Marked) -> None:
        self.show_table()
        self.show_curves()

    def on_line_table_header_chosen(self, message: LineTable.HeaderChosen) -> None:
        self.sort_by(message.column)

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        self.open_trial(message.key)

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Enter on a decision or on one of the best opens that trial."""
        if isinstance(message.rows, BestPane | BracketsPane):
            self.open_trial(message.key)
        elif isinstance(message.rows, DecisionsPane):
            event = message.rows.event_of(message.key)
            if event is not None and event.trial is not None:
                self.open_trial(event.trial)

    def open_trial(self, number: int) -> None:
        if number in self.snapshot.trials:
            self.app.push_screen(TrialScreen(self.attached, number, self.snapshot))

    def action_views(self) -> None:
        """The tabs of the review; what is filtered here is filtered there."""
        from hptui.tui.screens.review import ReviewScreen  # not before it is asked for: its tabs import numpy

        self.app.push_screen(ReviewScreen(self.attached, self.snapshot, self.arranged))

    def action_open_here(self) -> None:
        cursor = self.cursor()
        if cursor is not None:
            self.open_trial(cursor)

    def action_slots(self, by: int) -> None:
        """In the list of devices: about the GPU under the cursor."""
        gpu = self.query_one(DevicesPane).chosen_gpu
        if gpu is None:
            super().action_slots(by)
            return
        name = device_name(self.snapshot, gpu)
        self.say(f"draining {name}: nothing new starts there" if by < 0 else f"bringing {name} back")
        self.wish(Wish.DRAIN if by < 0 else Wish.BRING_BACK, (None,), device=gpu)

    # --- panes ------------------------------------------------------------------------------------------------

    def panes(self, lower: str, zoomed: str | None) -> frozenset[str]:
        return panes_shown(*self.size, lower, zoomed)

    def place(self, shown: frozenset[str]) -> None:
        self.query_one("#left").display = any(name in shown for name in LEFT)
        self.query_one("#right").display = any(name in shown for name in RIGHT)
        self.query_one("#last").display = "decisions" not in shown and not self.has_class("-tiny")
        self.set_class(self.zoomed in RIGHT, "-zoom-right")
        alone = self.zoomed is not None or self.size.width < TWO_COLUMNS
        self.query_one("#devices").styles.height = "1fr" if alone else max(len(self.snapshot.devices), 1) + 2

    def action_freeze(self) -> None:
        self.frozen = not self.frozen
        self.show_snapshot(self._newest())

    def action_back(self) -> None:
        """One level: the zoom, the marks, the filter, then the screen before."""
        if self.unzoomed():
            return
        if self.table.marked:
            self.table.set_marked(set())
            self.show_table()
        elif self.arranged.filter:
            self.filter_by("")
        elif len(self.app.screen_stack) > 2:
            self.dismiss()
        else:
            self.say("q leaves the screen; the session goes on" if self.snapshot.alive else "q leaves the screen")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter" and isinstance(self.focused, LogView):
            return False  # there the key finds in the log
        return super().check_action(action, parameters)

    # --- curves -----------------------------------------------------------------------------------------------

    def action_choose_curves(self) -> None:
        self.choice = self.choice.next()
        self.show_curves()

    def action_pin(self) -> None:
        cursor = self.cursor()
        if cursor is not None:
            self.pinned ^= {cursor}
            self.show_curves()
            self.show_table()
