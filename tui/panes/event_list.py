"""A list of one-line entries, such as the ledger of decisions."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip

from hptui.tui.glyphs import as_title, clip, current, harmless
from hptui.tui.panes.line_table import joined
from hptui.tui.panes.rows import Cell, End, Line, Rows

__all__ = ["Cell", "Line", "LineList"]


class LineList(Rows):
    """`show(keys, line)`: `line(key)` gives pieces of text that stand one after the other.

    Follows the newest entry until the cursor is moved; a jump to that end follows again. `h` and `l` shift
    long entries sideways. The cursor is drawn only while the list has the focus. Nothing is kept per entry.
    """

    TINTED: ClassVar[bool] = False  # the colours of a line say something: the cursor stands on its first piece alone
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "shift(-8)", "Left", show=False, id="list.left"),
        Binding("l,right", "shift(8)", "Right", show=False, id="list.right"),
    ]

    class Moved(Rows.Moved):
        pass

    class Chosen(Rows.Chosen):
        pass

    def __init__(
        self, *, empty: str = "", newest: End = "last", follow: bool = True,
        name: str | None = None, id: str | None = None, classes: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(empty=empty, newest=newest, follow=follow, name=name, id=id, classes=classes)
        self._shift = 0

    def entitle(self, title: str) -> None:
        """Setting a border's title repaints the whole pane, so it is set when it reads differently."""
        title = as_title(title)
        if title != self.border_title:
            self.border_title = title

    @property
    def ground(self) -> str:
        return "cursor" if self.has_focus else ""

    def row_state(self, key: int) -> Hashable:
        return self._shift

    def action_shift(self, by: int) -> None:
        self._shift = max(0, self._shift + by)
        self.repaint_changed()

    def line_strip(self, key: int, cells: Line, width: int, here: bool) -> Strip:
        plain = self.brush("cursor-text", "cursor") if here else self.brush()
        rest = self.brush() if self.TINTED else plain
        parts: list[tuple[str, Style]] = []
        skip, left = self._shift, width
        for cell in cells:
            text, name = (cell, "") if isinstance(cell, str) else cell
            text = harmless(text)
            length = cell_len(text)
            if skip >= length:
                skip -= length
                continue
            if left <= 0:
                break
            shown = clip(text, left, skip)
            if length - skip > left:
                shown = clip(text, left - 1, skip) + current().cut
            skip = 0
            left -= cell_len(shown)
            own = here and not (self.TINTED and parts)
            parts.append((shown, plain if own else self.brush(name) if name else rest))
        return joined(parts, width, rest)
