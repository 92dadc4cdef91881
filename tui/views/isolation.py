"""The values of a parameter beside each other, each at the best that all others allow, with its interval. Pure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, fit, harmless
from hptui.tui.views.numbers import number

if TYPE_CHECKING:
    from hptui.core.review.isolation import Isolated

Lines = list[tuple[Piece, ...]]
_MOST_NAME, _FIGURES = 24, 35


def heading(name: str, found: Sequence[Isolated], metric: str, asked: bool) -> str:
    tried = found[0].tried if found else 0
    whose = " (scientific)" if asked else ""
    return f"{name}{whose}, all others optimised away ─ {metric}, best of {tried}"


def beside(names: Sequence[str]) -> str:
    """What stands above the combinations of several parameters."""
    from hptui.core.review.isolation import BESIDE

    return f"{harmless(BESIDE.join(names))}, all others optimised away"


def draw(found: Sequence[Isolated], said: str, width: int, height: int, glyphs: Glyphs) -> Lines:
    """A line for each value: `│──█──│` on one axis, the best seen as `o`, then the figures; said: the conclusion."""
    ends = [end for one in found for end in (one.low, one.high, one.best) if math.isfinite(end)]
    if not ends:
        return [(Piece(fit("  no trial is complete yet", width), "muted"),)]
    low, high = min(ends), max(ends)
    wide = min(max(cell_len(harmless(one.label)) for one in found), _MOST_NAME)
    room = max(width - wide - _FIGURES - 6, 10)

    def cell(value: float) -> int:
        return round((value - low) / (high - low) * (room - 1)) if high > low else room // 2

    lines: Lines = []
    for one in found[: max(height - 6, 1)]:
        bar = [" "] * room
        if math.isfinite(one.low):
            first, last = sorted((cell(one.low), cell(one.high)))
            bar[first : last + 1] = glyphs.rule * (last - first + 1)
            bar[first] = bar[last] = glyphs.upright
        bar[cell(one.best)] = "o"
        if math.isfinite(one.expected):
            bar[cell(one.expected)] = glyphs.bar
        figures = f"{number(one.expected)} ({number(one.low)} .. {number(one.high)})"
        if not math.isfinite(one.expected):
            figures = f"{number(one.best)} best, too few"
        tail = f"  {one.trials:>4}  {figures}"
        lines.append((
            Piece(f"  {fit(harmless(one.label), wide)}  ", "strong"), Piece("".join(bar), "info"),
            Piece(fit(tail, max(width - wide - room - 4, 0)), ""),
        ))  # fmt: skip
    left, right = number(low), number(high)
    scale = f"{left}{' ' * max(room - cell_len(left) - cell_len(right), 1)}{right}"
    lines.append((Piece(f"  {' ' * wide}  {scale}  trials", "muted"),))
    lines.append(())
    legend = f"{glyphs.bar} best of {found[0].tried} trials on average, with its 95 % interval; o best seen"
    lines.append((Piece(fit(f"  {legend}", width, cut=glyphs.cut), "muted"),))
    text = said or "too few trials of its values to compare them"
    lines += [(Piece(fit(f"  {part}", width), ""),) for part in textwrap.wrap(text, max(width - 4, 10))]
    return lines[:height]

