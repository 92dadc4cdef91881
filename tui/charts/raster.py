"""Polylines to dots, and dots to characters. The work grows with the columns, not with the points.

A curve is one interval of dot rows per dot column (rows count from the top). A cell's character is looked up
from the intervals of its columns clipped to the cell, so no bitmap is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.tui.charts.axes import Axis
from hptui.tui.glyphs import Level

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FAR = 1_000_000  # dots off the chart are this far at most: products below must stay within 64 bits


@dataclass(frozen=True)
class Dots:
    """How a level divides a cell.

    across, down: dots per cell. chars: code point of each pattern, bit (column * down + row) set where a dot
    is. part: (across, (down + 1) ** 2) pattern of the interval [a, z) in one column, at index a * (down + 1)
    + z.
    """

    across: int
    down: int
    chars: NDArray[np.uint32]
    part: NDArray[np.uint8]


def _dots(across: int, down: int, chars: list[str]) -> Dots:
    side = down + 1
    part = np.zeros((across, side * side), np.uint8)
    for column in range(across):
        for a in range(side):
            for z in range(a, side):
                part[column, a * side + z] = sum(1 << (column * down + row) for row in range(a, z))
    return Dots(across, down, np.array([ord(c) for c in chars], np.uint32), part)


def _braille() -> list[str]:
    bits = (0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80)  # ours, column by column, to Unicode's order
    return [" "] + [chr(0x2800 + sum(b for i, b in enumerate(bits) if n >> i & 1)) for n in range(1, 256)]


DOTS: dict[Level, Dots] = {
    "braille": _dots(2, 4, _braille()),
    "block": _dots(1, 2, [" ", "▀", "▄", "█"]),
    "ascii": _dots(1, 3, [" ", "'", "-", "|", ".", ":", "|", "|"]),
}


@dataclass(frozen=True)
class Extents:
    """low, high: (columns,) first and last dot row of a curve in each dot column; low > high where none."""

    low: Ints
    high: Ints

    @property
    def drawn(self) -> NDArray[np.bool_]:
        return self.low <= self.high


def scaled(values: Any, axis: Axis, dots: int) -> Floats:
    """Data to dot positions, 0 at the axis' low end and dots - 1 at its high; NaN where it has no place."""
    array = np.asarray(values, np.float64)
    with np.errstate(all="ignore"):
        place = np.log10(array) if axis.log else array
        low, high = axis.scaled(axis.low), axis.scaled(axis.high)
        # halves keep the difference of two huge numbers finite
        share = np.clip((place / 2 - low / 2) / (high / 2 - low / 2), -_FAR / dots, _FAR / dots)
    there = np.isfinite(array) & (array > 0) if axis.log else np.isfinite(array)
    return np.where(there, share * (dots - 1), np.nan)


def extents(x: Any, y: Any, x_axis: Axis, y_axis: Axis, columns: int, rows: int) -> Extents:
    """The dots of the polyline through (x, y), each point at its nearest dot.

    x, y: (n,) of one length. A point that is not finite, or not positive on a log axis, interrupts the line.
    Points are taken in the order of x. In a column passed between two points the row is the nearest to the
    straight line (halves downwards); a jump between neighbouring columns is closed half in each.
    """
    low, high = np.full(columns, _FAR * 2, np.int64), np.full(columns, -_FAR * 2, np.int64)
    px, py = scaled(x, x_axis, columns), (rows - 1) - scaled(y, y_axis, rows)
    if len(px) > 1:
        place = np.nan_to_num(np.maximum.accumulate(np.nan_to_num(px, nan=-np.inf)), neginf=-_FAR)
        if np.any(px < place):  # written back out of order, by a worker that restarted
            order = np.argsort(np.where(np.isnan(px), place, px), kind="stable")
            px, py = px[order], py[order]
    there = np.isfinite(px) & np.isfinite(py)
    if not there.any():
        return Extents(low, high)
    run = np.cumsum(~there)[there]
    col = np.floor(px[there] + 0.5).astype(np.int64)
    row = np.floor(py[there] + 0.5).astype(np.int64)

    # One group per stretch of points in one column and one run.
    start = np.flatnonzero(np.r_[True, (col[1:] != col[:-1]) | (run[1:] != run[:-1])])
    stop = np.r_[start[1:], len(col)]
    at = col[start]
    inside = (at >= 0) & (at < columns)
    np.minimum.at(low, at[inside], np.minimum.reduceat(row, start)[inside])
    np.maximum.at(high, at[inside], np.maximum.reduceat(row, start)[inside])

    linked = np.flatnonzero((at[1:] > at[:-1]) & (run[start[1:]] == run[start[:-1]]))
    if len(linked):
        _link(low, high, at[linked], row[stop[linked] - 1], at[linked + 1], row[start[linked + 1]])
    return Extents(low, high)


def _link(low: Ints, high: Ints, c0: Ints, r0: Ints, c1: Ints, r1: Ints) -> None:
    """Widen the extents by the straight lines from (c0, r0) to (c1, r1); c0 < c1, lines do not overlap."""
    columns = len(low)
    first, last = np.maximum(c0, -1), np.minimum(c1, columns)  # steps that touch the chart
    steps = np.maximum(last - first, 0)
    if not steps.any():
        return
    line = np.repeat(np.arange(len(c0)), steps)
    column = np.arange(len(line)) - np.repeat(np.cumsum(steps) - steps, steps) + first[line]
    width, rise = (c1 - c0)[line], (r1 - r0)[line]
    along = column - c0[line]
    here = r0[line] + (2 * rise * along + width) // (2 * width)
    there = r0[line] + (2 * rise * (along + 1) + width) // (2 * width)
    middle = (here + there) // 2
    left = np.where(there > here, middle, np.where(there < here, np.minimum(middle + 1, here), here))
    right = np.where(there > here, np.minimum(middle + 1, there), np.where(there < here, middle, there))
    for place, a, b in ((column, here, left), (column + 1, right, there)):
        inside = (place >= 0) & (place < columns)
        np.minimum.at(low, place[inside], np.minimum(a, b)[inside])
        np.maximum.at(high, place[inside], np.maximum(a, b)[inside])


def patterns(curve: Extents, dots: Dots, width: int, height: int) -> tuple[int, NDArray[np.uint8]]:
    """The cells a curve fills: (first row, (rows, width) patterns), only the rows it reaches."""
    on = curve.drawn & (curve.high >= 0) & (curve.low < height * dots.down)
    if not on.any():
        return 0, np.zeros((0, width), np.uint8)
    down, side = dots.down, dots.down + 1
    top = max(0, int(curve.low[on].min()) // down)
    bottom = min(height - 1, int(curve.high[on].max()) // down)
    base = (np.arange(top, bottom + 1) * down)[:, None]
    a = np.clip(np.where(on, curve.low, _FAR * 2)[None] - base, 0, down)
    z = np.clip(np.where(on, curve.high, -_FAR * 2)[None] + 1 - base, 0, down)
    index = a * side + np.maximum(a, z)
    out = np.zeros((bottom - top + 1, width), np.uint8)
    for column in range(dots.across):
        out |= dots.part[column][index[:, column :: dots.across]]
    return top, out
