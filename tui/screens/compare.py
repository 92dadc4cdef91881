"""Two to four sessions beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.worker import Worker, WorkerState

from hptui.core.errors import HptuiError
from hptui.core.study.session import SessionFolder
from hptui.tui import keys, review_keys
from hptui.tui.glyphs import harmless
from hptui.tui.panes.compare import TABS, ComparePane
from hptui.tui.panes.header import TextLine
from hptui.tui.screens.around import Around
from hptui.tui.views.cells import Cell
from hptui.tui.views.hints import hints_line
from hptui.tui.views.review import tabs_line

if TYPE_CHECKING:
    from hptui.core.review.compare import Contender
    from hptui.tui.app import HptuiApp

MOST = 4
_AROUND = tuple(key for key in review_keys.AROUND_HERE if key.action in ("menu", "back", "leave", "redraw"))
_KEYS = (*review_keys.TABS, *keys.OUT, *_AROUND)


class CompareScreen(Around):
    """`folders`: two to four sessions; they are read once, in a thread."""

    CSS_PATH = "compare.tcss"
    BINDING_GROUP_TITLE = "compare"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(_KEYS, keys.digits(TABS))

    def __init__(self, folders: Sequence[SessionFolder]) -> None:
        super().__init__()
        self.folders = tuple(folders)[:MOST]
        self._agreed: list[str] = []

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        yield TextLine(id="tabs")
        yield ComparePane(id="compare", classes="pane")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    @property
    def pane(self) -> ComparePane:
        return self.query_one(ComparePane)

    def on_mount(self) -> None:
        self.pane.focus()
        self._show_lines("")
        self.query_one("#hints", TextLine).show(lambda width: hints_line((*ComparePane.KEYS, *_KEYS), width))
        self.run_worker(self._read, thread=True, exit_on_error=False, name="read")

    def _read(self) -> list[Contender] | HptuiError:
        from hptui.core.review.compare import contender
        from hptui.core.review.found_again import agreements
        from hptui.core.store.reader import Reader

        found = []
        for folder in self.folders:
            try:
                with Reader(folder) as reader:
                    found.append(contender(reader))
            except HptuiError as error:
                return error
        self._agreed = [str(one) for one in agreements(found)]
        return found

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.name != "read" or event.state is not WorkerState.SUCCESS:
            return
        found = cast("list[Contender] | HptuiError", event.worker.result)
        if isinstance(found, HptuiError):
            self.pane.take((), f"{found.problem}: {found.where}")
            return
        from hptui.core.review.compare import mismatch

        self._show_lines(mismatch(found))
        self.pane.take(found, agreed=self._agreed)

    def _show_lines(self, problem: str) -> None:
        names = "  ".join(harmless(folder.name) for folder in self.folders)
        said = Cell(f"{harmless(problem)}  ", "warn bold") if problem else Cell("")  # the names are in the table too
        self.query_one("#header", TextLine).show(
            lambda width: (Cell("hptui", "strong bold"), Cell("  compare  ", "muted"), said, Cell(names, "bold"))
        )
        self.query_one("#tabs", TextLine).show(lambda width: tabs_line(TABS, self.pane.tab, "", width))

    def on_resize(self, _: Resize) -> None:
        self.check_size()

    # --- keys -------------------------------------------------------------------------------------------------

    def action_pane(self, name: str) -> None:
        self.pane.show_tab(name)
        self.query_one("#tabs", TextLine).show(lambda width: tabs_line(TABS, self.pane.tab, "", width))

    def action_next_tab(self, by: int) -> None:
        self.action_pane(TABS[(TABS.index(self.pane.tab) + by) % len(TABS)])

    def action_back(self) -> None:
        if len(self.app.screen_stack) > 2:
            self.dismiss()

    def action_leave(self) -> None:
        cast("HptuiApp", self.app).leave(goes_on=False)
