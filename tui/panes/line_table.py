"""A table of any length that paints only what is seen and only what changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from hptui.tui.glyphs import Align, current, fit
from hptui.tui.panes.rows import Cell, End, Line, Rows

if TYPE_CHECKING:
    from hptui.tui.views.trials import Title

__all__ = ["Cell", "Column", "Line", "LineTable"]

_GUTTER = 2  # a mark and a space


@dataclass(frozen=True)
class Column:
    """`priority`: when the table is too narrow the lowest goes first, among equals the rightmost.
    `grow`: takes the cells that are left over."""

    key: str
    title: str
    width: int
    align: Align = "left"
    priority: int = 0
    grow: bool = False


def columns_of(titles: Iterable[Title]) -> list[Column]:
    return [Column(one.key, one.title, one.width, one.align, one.priority, one.grow) for one in titles]


def fitting(columns: Sequence[Column], width: int) -> list[tuple[int, Column, int]]:
    """The columns that fit in `width` cells with one space between: (index, column, width), left to right."""
    kept = list(enumerate(columns))
    while len(kept) > 1 and sum(c.width + 1 for _, c in kept) - 1 > width:
        kept.remove(min(reversed(kept), key=lambda item: item[1].priority))
    spare = max(0, width - sum(c.width + 1 for _, c in kept) + 1)
    growing = [i for i, c in kept if c.grow]
    out = []
    for i, column in kept:
        extra = spare if growing and i == growing[-1] else 0
        out.append((i, column, min(column.width + extra, max(1, width))))
    return out


class LineTable(Rows):
    """Rows of cells under a header.

    `show(keys, line)`: `keys` is the order of row ids, `line(key)` gives one cell per column, asked only for
    rows that are seen. Posts `Moved`, `Chosen`, `Marked` and `HeaderChosen`.
    """

    HEADER = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "column(-1)", "Column left", show=False, id="table.left"),
        Binding("l,right", "column(1)", "Column right", show=False, id="table.right"),
        Binding("v", "mark", "Mark", show=False, id="table.mark"),
    ]

    class Moved(Rows.Moved):
        pass

    class Chosen(Rows.Chosen):
        pass

    class Marked(Message):
        """A row was marked or unmarked; `table.marked` holds all."""

        def __init__(self, table: LineTable, key: int) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> LineTable:
            return self.table

    class HeaderChosen(Message):
        """A click on a column's title."""

        def __init__(self, table: LineTable, column: str) -> None:
            super().__init__()
            self.table, self.column = table, column

        @property
        def control(self) -> LineTable:
            return self.table

    def __init__(
        self, columns: Sequence[Column], *, empty: str = "", newest: End = "last", follow: bool = False,
        name: str | None = None, id: str | None = None, classes: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(empty=empty, newest=newest, follow=follow, name=name, id=id, classes=classes)
        self._columns = tuple(columns)
        self._sorted: tuple[str, bool] | None = None
        self.column = ""  # key of the column picked with h and l
        self.marked: set[int] = set()

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._columns

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns; call `show` with a matching `line` right after."""
        if tuple(columns) == self._columns:
            return
        self._columns = tuple(columns)
        self.forget_painted()
        self.refresh()

    def sorted_by(self, column: str | None, descending: bool = False) -> None:
        """Show the sort arrow on a column; None takes it away."""
        self._sorted = None if column is None else (column, descending)
        self.repaint_changed()

    def set_marked(self, keys: set[int]) -> None:
        self.marked = set(keys)
        self.repaint_changed()

    def action_mark(self) -> None:
        if self._cursor is None:
            return
        self.marked ^= {self._cursor}
        key = self._cursor
        self._go(self._at + 1)
        self.post_message(self.Marked(self, key))

    def action_column(self, by: int) -> None:
        keys = [column.key for _, column, _ in self._layout(self._width)]
        if not keys:
            return
        at = keys.index(self.column) + by if self.column in keys else (0 if by > 0 else len(keys) - 1)
        self.column = keys[at % len(keys)]
        self.repaint_changed()

    def header_clicked(self, x: int) -> None:
        left = _GUTTER
        for _, column, width in self._layout(self._width):
            if left <= x < left + width + 1:
                self.post_message(self.HeaderChosen(self, column.key))
                return
            left += width + 1

    # --- painting ---

    def _layout(self, width: int) -> list[tuple[int, Column, int]]:
        return fitting(self._columns, max(1, width - _GUTTER))

    def row_state(self, key: int) -> Hashable:
        return key in self.marked

    def header_state(self) -> Hashable:
        return (self._columns, self._sorted, self.column)

    def header_strip(self, width: int) -> Strip:
        plain, picked = self.brush("muted bold"), self.brush("strong bold underline")
        parts = [(" " * _GUTTER, plain)]
        for _, column, cells in self._layout(width):
            title, style = column.title, picked if column.key == self.column else plain
            if self._sorted is not None and self._sorted[0] == column.key:
                arrow = current().down if self._sorted[1] else current().up
                title = fit(title, min(len(title), cells - 1), cut=current().cut) + arrow
            parts += [(fit(title, cells, column.align, current().cut), style), (" ", plain)]
        return joined(parts, width, plain)

    def line_strip(self, key: int, cells: Line, width: int, here: bool) -> Strip:
        marked = key in self.marked
        # The cursor's line is in one style: tints would be unreadable on it, and it costs less to send.
        bright, ground = here and self.has_focus, self.ground if here else ""
        plain = self.brush("cursor-text bold" if bright else "", ground)
        parts: list[tuple[str, Style]] = [("* " if marked else "> " if here else "  ", plain)]
        for i, column, wide in self._layout(width):
            cell = cells[i] if i < len(cells) else ""
            text, name = (cell, "") if isinstance(cell, str) else cell
            style = plain if not name or bright else self.brush(name, ground)
            shown = fit(text, wide, column.align, current().cut)
            body = shown.rstrip(" ") if column.align == "left" else shown
            # Padding belongs to the plain style: fewer changes of style are fewer bytes.
            parts += [(body, style), (shown[len(body) :] + " ", plain)]
        return joined(parts, width, plain)


def joined(parts: Sequence[tuple[str, Style]], width: int, rest: Style) -> Strip:
    """Neighbours of one style as one segment, exactly `width` cells. Each costs some 40 bytes to send."""
    merged: list[tuple[str, Style]] = []
    used = 0
    for text, style in parts:
        if not text:
            continue
        used += cell_len(text)
        if merged and merged[-1][1] == style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    if used < width:
        pad = " " * (width - used)
        if merged and merged[-1][1] == rest:
            merged[-1] = (merged[-1][0] + pad, rest)
        else:
            merged.append((pad, rest))
    strip = Strip([Segment(text, style) for text, style in merged], max(used, width))
    return strip if used <= width else strip.crop(0, width)
