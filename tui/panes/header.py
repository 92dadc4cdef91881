"""One line of text that repaints only when it reads differently: the header, the last event, the keys."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, cast

from textual.strip import Strip

from hptui.tui.panes.line_table import joined
from hptui.tui.panes.painted import PaintedLines
from hptui.tui.views.cells import Cells, cut


class TextLine(PaintedLines):
    """`show(line)`: `line(width)` says what stands there; it is asked again when the width changes."""

    DEFAULT_CSS = """
    TextLine { height: 1; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line: Callable[[int], Cells] = lambda width: ()

    def show(self, line: Callable[[int], Cells]) -> None:
        self._line = line
        self.repaint_changed()

    def line_state(self, y: int) -> Hashable:
        width = self.size.width
        return width, cut(self._line(width), width) if y == 0 else ()

    def line_of(self, y: int, state: Hashable) -> Strip:
        width, cells = cast("tuple[int, Cells]", state)
        brush: Any = self.brush
        return joined([(text, brush(style)) for text, style in cells], width, brush())
