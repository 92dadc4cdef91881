"""One line of text that repaints only when it reads differently: the header, the last event, the keys."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip
from textual.widget import Widget

from hptui.tui.panes.line_table import joined
from hptui.tui.theme import Brush
from hptui.tui.views.cells import Cells, cut


class TextLine(Widget):
    """`show(line)`: `line(width)` says what stands there; it is asked again when the width changes."""

    DEFAULT_CSS = """
    TextLine { height: 1; width: 1fr; }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._line: Callable[[int], Cells] = lambda width: ()
        self._shown: tuple[int, Cells] | None = None
        self._brush: Brush | None = None

    def show(self, line: Callable[[int], Cells]) -> None:
        self._line = line
        if self.is_mounted and self._shown != self._now():
            self.refresh()

    def _now(self) -> tuple[int, Cells]:
        width = self.size.width
        return width, cut(self._line(width), width)

    def render_line(self, y: int) -> Strip:
        if self._brush is None:
            self._brush = Brush(self)
        brush, shown = self._brush, self._now()
        self._shown = shown if y == 0 else self._shown
        pieces = [(text, brush(style)) for text, style in shown[1]] if y == 0 else []
        return joined(pieces, shown[0], brush())

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._brush, self._shown = None, None
