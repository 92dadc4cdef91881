"""All sessions, live and past; enter opens one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.worker import Worker, WorkerState

from hptui.core.store.library import SessionSummary, sessions
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.tui.glyphs import harmless, short_path
from hptui.tui.keys import LIST, LIST_CHANGES, bindings, disabled
from hptui.tui.listed import FIELDS, Listed
from hptui.tui.panes.header import TextLine
from hptui.tui.panes.line_table import LineTable, columns_of
from hptui.tui.panes.prompt import Prompt
from hptui.tui.screens.shelf import Shelf
from hptui.tui.views.cells import Cell
from hptui.tui.views.hints import hints_line
from hptui.tui.views.numbers import count
from hptui.tui.views.sessions import EMPTY, session_line, titles

if TYPE_CHECKING:
    from hptui.tui.app import HptuiApp

LOOK_S = 2.0


class SessionsScreen(Shelf):
    """`home`: the folder with the sessions; None: where hptui keeps its own."""

    CSS_PATH = "sessions.tcss"
    BINDING_GROUP_TITLE = "sessions"
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST)

    def __init__(self, read_only: bool, home: Path | None = None) -> None:
        super().__init__()
        self.read_only = read_only
        self.home = home or sessions_home()
        self.listed = Listed()
        self.found: list[SessionSummary] | None = None
        self._looking = False
        self._changed = False  # a session was changed here while they were looked at
        self._numbers: dict[str, int] = {}  # name -> key of its row, so that the cursor stays on its session

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        yield LineTable(columns_of(titles((), 0)), id="sessions", newest="", empty="looking for sessions…")
        yield Prompt(id="prompt")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    @property
    def table(self) -> LineTable:
        return self.query_one("#sessions", LineTable)

    def on_mount(self) -> None:
        self.table.focus()
        dead = self.dead_keys()
        self.query_one("#hints", TextLine).show(lambda width: hints_line(LIST, width, dead))
        self._show_header()
        self.set_interval(LOOK_S, self._look)
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        """Sessions are folders and databases: they are looked at in a thread, while this screen is on top. One look
        at a time: where one takes longer than `LOOK_S`, it must come to its end all the same."""
        if self.app.screen is self and not self._looking:
            self._looking = True
            self.run_worker(lambda: sessions(self.home), thread=True, group="look", name="look", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.name != "look" or not event.worker.is_finished:
            return
        self._looking = False
        if self._changed:  # it may have begun before that
            self._changed = False
            self._look()
        elif event.state is WorkerState.SUCCESS:
            self.show_sessions(cast("list[SessionSummary]", event.worker.result), time.time())

    def show_sessions(self, found: list[SessionSummary], at: float) -> None:
        self.found = found
        for summary in found:
            self._numbers.setdefault(summary.name, len(self._numbers))
        shown = self.listed.arranged(found)
        rows = {self._numbers[summary.name]: summary for summary in shown}
        nothing = f"0 of {len(found)} match {self.listed.filter}: esc clears the filter" if found else EMPTY
        self.table.update_empty(nothing)
        self.table.sorted_by(self.listed.sort, self.listed.reverse)
        found_titles = titles((one.name for one in shown), self.table.size.width)
        wide = found_titles[0].width
        self.table.set_columns(columns_of(found_titles))
        self.table.show(list(rows), lambda key: session_line(rows[key], at, wide))
        self._show_header()

    def _show_again(self) -> None:
        if self.found is not None:
            self.show_sessions(self.found, time.time())

    def _show_header(self) -> None:
        live = sum(summary.state == "live" for summary in self.found or ())
        total = "" if self.found is None else f"  {count(len(self.found), 'session')}"
        line = (Cell("hptui", "strong bold"), Cell(total), Cell(f"  {live} live" if live else "", "running"))
        said = f"  {self.listed.filter}" if self.listed.filter else ""
        said += f"  {len(self.table.marked)} marked" if self.table.marked else ""
        where = (Cell(harmless(said), "info"), Cell(f"  in {short_path(self.home)}", "muted"))
        self.query_one("#header", TextLine).show(lambda width: (*line, *where))

    def on_screen_resume(self) -> None:
        self._look()

    def on_resize(self, _: Resize) -> None:
        self.check_size()
        self.call_after_refresh(self._show_again)

    # --- keys -------------------------------------------------------------------------------------------------

    def chosen(self) -> SessionSummary | None:
        key = self.table.cursor_key
        return next((s for s in self.found or () if self._numbers[s.name] == key), None)

    def targets(self) -> Sequence[SessionSummary]:
        marked = [s for s in self.found or () if self._numbers[s.name] in self.table.marked]
        chosen = self.chosen()
        return marked or ([] if chosen is None else [chosen])

    def dead_keys(self) -> frozenset[str]:
        return disabled((LIST_CHANGES,), read_only=self.read_only, alive=True)

    def on_line_table_chosen(self, _: LineTable.Chosen) -> None:
        self.action_open()

    def on_line_table_marked(self, _: LineTable.Marked) -> None:
        self._show_header()

    def on_line_table_header_chosen(self, message: LineTable.HeaderChosen) -> None:
        self._sort(self.listed.by(message.column))

    def on_shelf_done(self, _: Shelf.Done) -> None:
        self.table.set_marked(set())
        self._changed = self._looking
        self._look()

    def action_open(self) -> None:
        if not self.compare():
            self._open(self.read_only)

    def action_mark(self) -> None:
        self.table.action_mark()

    def action_begin(self) -> None:
        from hptui.tui.screens.begin import begin

        begin(cast("Any", self), Path.cwd())

    # --- finding ----------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        def complete(text: str) -> str | None:
            head, space, last = text.rpartition(" ")
            words = [f"{name}:" for name in FIELDS]
            found = next((word for word in words if last and word.startswith(last) and word != last), None)
            return None if found is None else head + space + found

        hint = "such as  state:live best<0.3 trials>10 tag:keep   esc clears"
        self.query_one(Prompt).ask("filter", "/", str(self.listed.filter), hint, complete)

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        self.listed = self.listed.filtered(message.text)
        self._show_again()

    def on_prompt_entered(self, message: Prompt.Entered) -> None:
        self.on_prompt_typed(message)
        self._close_prompt()

    def on_prompt_left(self, _: Prompt.Left) -> None:
        self.listed = self.listed.filtered("")
        self._show_again()
        self._close_prompt()

    def _close_prompt(self) -> None:
        self.query_one(Prompt).close()
        self.set_focus(self.table)

    def action_sort(self) -> None:
        self._sort(self.listed.by(self.table.column or "best"))

    def action_reverse(self) -> None:
        self._sort(replace(self.listed, reverse=not self.listed.reverse))

    def _sort(self, listed: Listed) -> None:
        self.listed = listed
        self._show_again()
        self.table.action_go_first()

    def action_back(self) -> None:
        if self.table.marked:
            self.table.set_marked(set())
        elif self.listed.filter:
            self.listed = self.listed.filtered("")
        elif len(self.app.screen_stack) > 2:
            self.dismiss()
            return
        self._show_again()

    def action_review(self) -> None:
        self._open(True)

    def action_rounds(self) -> None:
        from hptui.tui.screens.rounds import RoundsScreen

        if (summary := self.chosen()) is not None and summary.state != "broken":
            self.app.push_screen(RoundsScreen(summary.path.parent, summary.name, self.read_only))

    def _open(self, read_only: bool) -> None:
        summary = self.chosen()
        if summary is None:
            return
        if summary.state == "broken":
            self.notify(f"{summary.name}: {summary.reason}", severity="error", timeout=8, markup=False)
            return
        cast("HptuiApp", self.app).open_session(SessionFolder(summary.path), read_only=read_only)

    def action_leave(self) -> None:
        cast("HptuiApp", self.app).leave(goes_on=any(s.state == "live" for s in self.found or ()))

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        typed = self.focused is not None and self.focused.check_consume_key("x", "x")
        if action in ("filter", "menu") and typed:
            return False
        return None if action in self.dead_keys() else True
