"""All sessions, live and past; enter opens one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from hptui.core.store.library import SessionSummary, sessions
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.tui.glyphs import harmless
from hptui.tui.keys import AROUND, Key, bindings
from hptui.tui.panes.header import TextLine
from hptui.tui.panes.line_table import Column, LineTable
from hptui.tui.screens.menu import Entry, MenuScreen, entries
from hptui.tui.views.cells import Cell
from hptui.tui.views.hints import hints_line
from hptui.tui.views.layout import too_small
from hptui.tui.views.numbers import count
from hptui.tui.views.sessions import EMPTY, TITLES, session_line

if TYPE_CHECKING:
    from hptui.tui.app import HptuiApp

LOOK_S = 2.0
_KEYS = (
    Key("enter", "open", "Open", "open the session", 0),
    Key("v", "review", "Look only", "open it without the keys that change anything", 1),
    Key("q", "leave", "Quit", "leave the screen; sessions go on", 3),
    *(key for key in AROUND if key.action in ("menu", "redraw")),
)


class SessionsScreen(Screen[None]):
    CSS_PATH = "sessions.tcss"
    BINDING_GROUP_TITLE = "sessions"
    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)

    def __init__(self, read_only: bool) -> None:
        super().__init__()
        self.read_only = read_only
        self.found: list[SessionSummary] | None = None
        self._numbers: dict[str, int] = {}  # name -> key of its row, so that the cursor stays on its session

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        yield LineTable(
            [Column(t.key, t.title, t.width, t.align, t.priority, t.grow) for t in TITLES],
            id="sessions", newest="", empty="looking for sessions…",
        )  # fmt: skip
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    @property
    def table(self) -> LineTable:
        return self.query_one("#sessions", LineTable)

    def on_mount(self) -> None:
        self.table.focus()
        self.query_one("#hints", TextLine).show(lambda width: hints_line(_KEYS, width))
        self._show_header()
        self.set_interval(LOOK_S, self._look)
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        """Sessions are folders and databases: they are looked at in a thread, while this screen is on top."""
        if self.app.screen is self:
            self.run_worker(
                lambda: sessions(sessions_home()), thread=True, exclusive=True, group="look", name="look",
                exit_on_error=False,
            )  # fmt: skip

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.name == "look" and event.state is WorkerState.SUCCESS:
            self.show_sessions(cast("list[SessionSummary]", event.worker.result), time.time())

    def show_sessions(self, found: list[SessionSummary], at: float) -> None:
        self.found = found
        for summary in found:
            self._numbers.setdefault(summary.name, len(self._numbers))
        rows = {self._numbers[summary.name]: summary for summary in found}
        if not found:
            self.table.update_empty(EMPTY)
        self.table.show(list(rows), lambda key: session_line(rows[key], at))
        self._show_header()

    def _show_header(self) -> None:
        live = sum(summary.state == "live" for summary in self.found or ())
        total = "" if self.found is None else f"  {count(len(self.found), 'session')}"
        line = (Cell("hptui", "strong bold"), Cell(total), Cell(f"  {live} live" if live else "", "running"))
        where = (Cell(f"  in {harmless(str(sessions_home()))}", "muted"),)
        self.query_one("#header", TextLine).show(lambda width: (*line, *where))

    def on_screen_resume(self) -> None:
        self._look()

    def on_resize(self, _: Resize) -> None:
        problem = too_small(*self.size)
        self.query_one("#too-small", TextLine).show(lambda width: (Cell(problem, "warn"),))
        self.set_class(bool(problem), "-tiny")

    # --- keys -------------------------------------------------------------------------------------------------

    def chosen(self) -> SessionSummary | None:
        key = self.table.cursor_key
        return next((s for s in self.found or () if self._numbers[s.name] == key), None)

    def on_line_table_chosen(self, _: LineTable.Chosen) -> None:
        self._open(self.read_only)

    def action_open(self) -> None:
        self._open(self.read_only)

    def action_review(self) -> None:
        self._open(True)

    def _open(self, read_only: bool) -> None:
        summary = self.chosen()
        if summary is None:
            return
        if summary.state == "broken":
            self.notify(f"{summary.name}: {summary.reason}", severity="error", timeout=8, markup=False)
            return
        cast("HptuiApp", self.app).open_session(SessionFolder(summary.path), read_only=read_only)

    def action_menu(self) -> None:
        self.app.push_screen(MenuScreen(entries(self)), self._run_entry)

    def _run_entry(self, entry: Entry | None) -> None:
        if entry is not None:
            self.run_worker(self.app.run_action(entry.action, default_namespace=entry.node), exit_on_error=False)

    def action_leave(self) -> None:
        cast("HptuiApp", self.app).leave(goes_on=any(s.state == "live" for s in self.found or ()))

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        return True
