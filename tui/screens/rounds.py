"""The rounds of a study: who went on from whom, what each was to tell, what was adopted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.worker import Worker, WorkerState

from hptui.core.errors import HptuiError
from hptui.core.study.session import SessionFolder
from hptui.tui import keys, review_keys
from hptui.tui.glyphs import harmless
from hptui.tui.panes.header import TextLine
from hptui.tui.panes.rounds import RoundsPane
from hptui.tui.screens.around import Around
from hptui.tui.views.cells import Cell
from hptui.tui.views.hints import hints_line

if TYPE_CHECKING:
    from hptui.core.review.rounds import Round
    from hptui.tui.app import HptuiApp

_KEYS = (
    keys.Key("w", "report", "Report", "write all rounds with their pictures to a Markdown file", 1),
    *(key for key in review_keys.AROUND_HERE if key.action in ("menu", "back", "leave", "redraw")),
)


class RoundsScreen(Around):
    """`home`: the folder with the sessions; `name`: the one whose family is shown. Read once, in a thread."""

    CSS_PATH = "rounds.tcss"
    BINDING_GROUP_TITLE = "rounds"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(_KEYS)

    def __init__(self, home: Path, name: str, read_only: bool = False) -> None:
        super().__init__()
        self.home, self.chosen, self.read_only = home, name, read_only

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        yield RoundsPane(id="rounds", classes="pane")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    @property
    def pane(self) -> RoundsPane:
        return self.query_one(RoundsPane)

    def on_mount(self) -> None:
        self.pane.focus()
        head = (Cell("hptui", "strong bold"), Cell("  rounds  ", "muted"), Cell(harmless(self.chosen), "bold"))
        self.query_one("#header", TextLine).show(lambda width: head)
        self.query_one("#hints", TextLine).show(lambda width: hints_line((*RoundsPane.KEYS, *_KEYS), width))
        self._look()

    def _look(self) -> None:
        self.run_worker(self._read, thread=True, exit_on_error=False, name="read")

    def _read(self) -> list[Round] | HptuiError:
        from hptui.core.review.rounds import lineage

        try:
            return lineage(self.home, self.chosen)
        except HptuiError as error:
            return error

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.name != "read" or event.state is not WorkerState.SUCCESS:
            return
        found = cast("list[Round] | HptuiError", event.worker.result)
        if isinstance(found, HptuiError):
            self.pane.take((), "", f"{found.problem}: {found.where}")
        else:
            self.pane.take(found, self.chosen, f"{self.chosen} is not among the sessions here")

    def on_resize(self, _: Resize) -> None:
        self.check_size()

    # --- keys -------------------------------------------------------------------------------------------------

    def on_rounds_pane_chosen(self, message: RoundsPane.Chosen) -> None:
        cast("HptuiApp", self.app).open_session(SessionFolder(self.home / message.name), read_only=self.read_only)

    def action_report(self) -> None:
        from hptui.core.review.report import written
        from hptui.core.review.rounds_report import rounds_report

        if not self.pane.rounds:
            return
        path = Path.cwd() / f"{self.pane.rounds[0].name}-rounds.md"
        try:
            path.write_text(written(rounds_report(self.pane.rounds), "markdown"), encoding="utf-8")
        except OSError as error:
            self.notify(f"{path}: {error.strerror or error}", severity="error", markup=False)
            return
        self.notify(f"written: {path}", markup=False)

    def action_back(self) -> None:
        self.dismiss()

    def action_leave(self) -> None:
        cast("HptuiApp", self.app).leave(goes_on=False)

    def action_redraw(self) -> None:
        self._look()
        super().action_redraw()
