"""The tail of a log of any size, with search."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.worker import Worker, WorkerState, get_current_worker

from hptui.tui.glyphs import clip, current, fit, harmless
from hptui.tui.panes.line_table import joined
from hptui.tui.panes.log_file import LogFile, Row
from hptui.tui.panes.painted import PaintedLines

if TYPE_CHECKING:
    from textual import events

_POLL_S = 0.5
_SHIFT = 16


class LogView(PaintedLines, can_focus=True):
    """Follows the end of a file until one scrolls up; `G` follows again. Reads only the lines on the screen.

    `/` finds (case matters when a capital is typed), `n` and `N` go to the next and previous match, `h` and
    `l` shift long lines. The last line of the pane says where one is.
    """

    DEFAULT_CSS = """
    LogView { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_by(1)", "Down", show=False, id="log.down"),
        Binding("k,up", "scroll_by(-1)", "Up", show=False, id="log.up"),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False, id="log.page_down"),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="log.page_up"),
        Binding("g,home", "first", "First", show=False, id="log.first"),
        Binding("G,end", "follow", "Follow", show=False, id="log.follow"),
        Binding("h,left", "shift(-1)", "Left", show=False, id="log.left"),
        Binding("l,right", "shift(1)", "Right", show=False, id="log.right"),
        Binding("slash", "find", "Find", key_display="/", show=False, id="log.find"),
        Binding("n", "next", "Next match", show=False, id="log.next"),
        Binding("N", "previous", "Previous match", show=False, id="log.previous"),
    ]

    def __init__(
        self, path: Path | str | None = None, *, empty: str = "no output yet",
        name: str | None = None, id: str | None = None, classes: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name=name, id=id, classes=classes)
        self.empty = empty
        self.following = True
        self._file = LogFile(Path(path)) if path is not None else None
        self._rows: list[Row] = []
        self._shift = 0
        self._typing: str | None = None  # what is being typed after /
        self._needle = ""
        self._match: int | None = None
        self._note = ""

    def open(self, path: Path | str | None) -> None:
        """Show another file, from its end."""
        if self._file is not None and path is not None and self._file.path == Path(path):
            return
        self._close()
        self._file = LogFile(Path(path)) if path is not None else None
        self.following, self._shift, self._match, self._note = True, 0, None, ""
        self._rows = []
        self.poll()

    def poll(self) -> None:
        """Look for new output now; otherwise done twice a second while the pane is seen."""
        if self._file is None:
            self.repaint_changed()
            return
        if self._file.poll() or (self.following and not self._rows):
            self._read(self._rows[0].start if self._rows else 0)
        elif not self.following and len(self._rows) < self._room and self._rows:
            self._read(self._rows[0].start)
        self.repaint_changed()

    def on_mount(self) -> None:
        self.set_interval(_POLL_S, self._tick)
        self.poll()

    def _tick(self) -> None:
        if self.is_on_screen:
            self.poll()

    def on_unmount(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    # --- where one is ---

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def _read(self, top: int) -> None:
        """The rows on the screen: from byte `top`, or the last ones."""
        file = self._file
        if file is None:
            return
        if not self.following:
            self._rows = file.rows_from(min(top, file.size), self._room)
            if len(self._rows) == self._room or not top:
                return
        self._rows = file.rows_before(file.size, self._room)

    def action_scroll_by(self, lines: int) -> None:
        file = self._file
        if file is None or not self._rows:
            return
        if lines < 0:
            above = file.rows_before(self._rows[0].start, -lines)
            if above:
                self.following = False
                self._rows = (above + self._rows)[: self._room]
        elif not self.following:
            self._rows = (self._rows + file.rows_from(self._rows[-1].end, lines))[-self._room :]
            if self._rows[-1].end >= file.size:
                self.following = True
        self.repaint_changed()

    def action_page(self, pages: int) -> None:
        self.action_scroll_by(pages * max(1, self._room - 1))

    def action_first(self) -> None:
        self.following = False
        self._read(0)
        self.repaint_changed()

    def action_follow(self) -> None:
        self.following = True
        self._read(0)
        self.repaint_changed()

    def action_shift(self, by: int) -> None:
        self._shift = max(0, self._shift + by * _SHIFT)
        self.repaint_changed()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_by(-3)

    # --- finding ---

    def action_find(self) -> None:
        self._typing = ""
        self.repaint_changed()

    async def _on_key(self, event: events.Key) -> None:
        if self._typing is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            needle, self._typing = self._typing, None
            if needle:
                self._needle, self._match = needle, None
                self._search(forward=False)  # from the end: the newest match is what one wants of a log
        elif event.key == "escape":
            self._typing = None
        elif event.key == "backspace":
            self._typing = self._typing[:-1]
        elif event.is_printable and event.character:
            self._typing += event.character
        self.repaint_changed()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self._typing is not None

    def action_next(self) -> None:
        self._search(forward=True)

    def action_previous(self) -> None:
        self._search(forward=False)

    def _search(self, *, forward: bool) -> None:
        file = self._file
        if file is None or not self._needle:
            return
        ignore_case = self._needle == self._needle.lower()
        needle = self._needle.encode("utf-8", "surrogateescape")
        match, size = self._match, file.size
        self._note = "searching…"
        self.repaint_changed()

        def look() -> int | None:
            stop = get_current_worker()
            if forward:
                start = 0 if match is None else match + 1
                return file.find(needle, start, ignore_case=ignore_case, cancelled=lambda: stop.is_cancelled)
            before = size if match is None else match
            return file.find_last(needle, before, ignore_case=ignore_case, cancelled=lambda: stop.is_cancelled)

        self.run_worker(look, name="find", group="find", thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        event.stop()
        if event.worker.name != "find" or event.state not in (WorkerState.SUCCESS, WorkerState.ERROR):
            return
        found: Any = event.worker.result if event.state is WorkerState.SUCCESS else None
        if found is None or self._file is None:
            self._note = (
                f"no more “{harmless(self._needle)}”"
                if self._match is not None
                else (f"“{harmless(self._needle)}” is not in this log")
            )
        else:
            self._match, self._note = found, ""
            start = self._file.start_of(found)
            if not any(row.start <= found < row.end for row in self._rows):
                self.following = False
                above = self._file.rows_before(start, self._room // 2)
                self._read(above[0].start if above else start)
            self._match = found
        self.repaint_changed()

    # --- painting ---

    def line_state(self, y: int) -> tuple[Hashable, ...]:
        width, height = self.size
        if y == height - 1:
            return ("foot", self._foot(), width, self._typing is not None)
        if y < len(self._rows):
            row = self._rows[y]
            matched = self._match is not None and row.start <= self._match < row.end
            return ("row", row.data, self._shift, self._needle, matched, width)
        if not self._rows and y == 0:
            return ("empty", self.empty, width)
        return ("blank", width)

    def _foot(self) -> str:
        if self._typing is not None:
            return "/" + self._typing
        file = self._file
        if file is None or not self._rows:
            return self._note
        place = "following" if self.following else f"{100 * self._rows[-1].end // max(1, file.size)} %"
        column = f"  from column {self._shift + 1}" if self._shift else ""
        find = f"  /{self._needle}" if self._needle else ""
        return f"{place}{column}{find}  {self._note}".rstrip()

    def line_of(self, y: int, state: Any) -> Strip:
        brush, width = self.brush, self.size.width
        plain = brush()
        if state[0] == "foot":
            typed = self._typing is not None
            text = fit(str(state[1]) + ("█" if typed else ""), width, cut=current().cut)
            return joined([(text, brush("strong" if typed else "muted"))], width, plain)
        if state[0] == "empty":
            return joined([(fit(f"  {self.empty}", width), brush("muted"))], width, plain)
        if state[0] == "blank":
            return joined([(" " * width, plain)], width, plain)
        text = harmless(self._rows[y].text)
        shown = clip(text, width, self._shift)
        if cell_len(text) - self._shift > width:
            shown = clip(text, width - 1, self._shift) + current().cut
        found = brush("find-text bold underline" if state[4] else "find-text", "find")
        return joined(self._highlighted(shown, plain, found), width, plain)

    def _highlighted(self, text: str, plain: Style, found: Style) -> list[tuple[str, Style]]:
        if not self._needle:
            return [(text, plain)]
        where = text.lower() if self._needle == self._needle.lower() else text
        if len(where) != len(text):  # lowering a letter of another script may lengthen it
            return [(text, plain)]
        parts, at = [], 0
        while (hit := where.find(self._needle, at)) >= 0:
            parts += [(text[at:hit], plain), (text[hit : hit + len(self._needle)], found)]
            at = hit + len(self._needle)
        return [*parts, (text[at:], plain)]

    def on_resize(self) -> None:
        self.forget_painted()
        self._read(self._rows[0].start if self._rows else 0)
        self.refresh()
