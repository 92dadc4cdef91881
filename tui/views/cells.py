"""What a view gives a pane: pieces of text, each with the name of a style as `theme.Brush` knows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from hptui.tui.glyphs import clip, current, harmless

SERIES = 8


class Cell(NamedTuple):
    text: str
    style: str = ""


Cells = tuple[Cell, ...]


def cells(*pieces: Cell | tuple[str, str] | str) -> Cells:
    """Pieces side by side; a plain text has no style."""
    return tuple(Cell(piece) if isinstance(piece, str) else Cell(*piece) for piece in pieces)


def text_of(line: Iterable[tuple[str, str]]) -> str:
    return "".join(text for text, _ in line)


def series(number: int) -> str:
    """The style a trial keeps in every table and chart: `theme.series_style` without importing Textual."""
    return f"series-{number % SERIES}"


def squeeze(parts: Sequence[tuple[int, Cells]], width: int, gap: str = "  ") -> Cells:
    """As many parts as `width` holds, in their order; the highest ranks give way first, rank 0 stays."""
    kept = [(rank, part) for rank, part in parts if part]

    def length() -> int:
        return sum(cell_len(text_of(part)) for _, part in kept) + cell_len(gap) * max(len(kept) - 1, 0)

    while length() > width and any(rank for rank, _ in kept):
        worst = max(range(len(kept)), key=lambda i: kept[i][0])
        del kept[worst]
    line: list[Cell] = []
    for i, (_, part) in enumerate(kept):
        line += [Cell(gap)] if i else []
        line += part
    return cut(line, width)


def cut(line: Sequence[Cell], width: int) -> Cells:
    """The line in at most `width` cells, `…` where it was cut."""
    out, left = [], width
    for text, style in line:
        text = harmless(text)
        room = cell_len(text)
        if room > left:
            out.append(Cell(clip(text, left - 1) + current().cut if left > 0 else "", style))
            return tuple(out)
        out.append(Cell(text, style))
        left -= room
    return tuple(out)
