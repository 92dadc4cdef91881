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


def scaled(values: Floats, axis: Axis, dots: int) -> Floats:
    """Finite data (positive on a log axis) to dot positions: 0 at the axis' low end, dots - 1 at its high."""
    low, high = axis.scaled(axis.low), axis.scaled(axis.high)
    with np.errstate(over="ignore"):
        place = np.log10(values) if axis.log else values
        # halves keep the difference of two huge numbers finite
        share = (place / 2 - low / 2) / (high / 2 - low / 2)
    return np.clip(share, -_FAR / dots, _FAR / dots) * (dots - 1)


def nearest(places: Floats) -> Ints:
    return np.floor(places + 0.5).astype(np.int64)


def extents(x: Any, y: Any, x_axis: Axis, y_axis: Axis, columns: int, rows: int) -> Extents:
    """The dots of the polyline through (x, y), each point at its nearest dot.

    x, y: (n,) of one length. A point that is not finite, or not positive on a log axis, interrupts the line.
    Points are taken in the order of x. In a column passed between two points the row is the nearest to the
    straight line (halves downwards); a jump between neighbouring columns is closed half in each.
    """
    low, high = np.full(columns, _FAR * 2, np.int64), np.full(columns, -_FAR * 2, np.int64)
    xs, ys, run = _cleaned(np.asarray(x, np.float64), np.asarray(y, np.float64), x_axis, y_axis)
    if not len(xs):
        return Extents(low, high)
    col = nearest(scaled(xs, x_axis, columns))

    # One group per stretch of points in one column and one run; only its four values go on from here.
    new = col[1:] != col[:-1]
    if run is not None:
        new |= run[1:] != run[:-1]
    start = np.r_[0, np.flatnonzero(new) + 1]
    stop = np.r_[start[1:], len(col)]
    four = np.r_[np.minimum.reduceat(ys, start), np.maximum.reduceat(ys, start), ys[start], ys[stop - 1]]
    # rows count from the top, so the greatest value is the first row
    bottom, top, first, last = np.split(nearest((rows - 1) - scaled(four, y_axis, rows)), 4)
    at = col[start]
    inside = (at >= 0) & (at < columns)
    np.minimum.at(low, at[inside], top[inside])
    np.maximum.at(high, at[inside], bottom[inside])

    linked = at[1:] > at[:-1]
    if run is not None:
        linked &= run[start[1:]] == run[start[:-1]]
    if linked.any():
        _link(low, high, at[:-1][linked], last[:-1][linked], at[1:][linked], first[1:][linked])
    return Extents(low, high)


def _cleaned(x: Floats, y: Floats, x_axis: Axis, y_axis: Axis) -> tuple[Floats, Floats, Ints | None]:
    """The points that can be drawn, in the order of x, and the number of each one's run (None: all are one)."""
    there = np.isfinite(x)
    known = x if there.all() else x[there]
    if np.any(known[1:] < known[:-1]):  # a worker that restarted has written an earlier step again
        order = np.argsort(known, kind="stable")
        x, y = known[order], y[there][order]
        there = np.ones(len(x), np.bool_)
    there &= np.isfinite(y)
    if x_axis.log:
        there &= x > 0
    if y_axis.log:
        there &= y > 0
    if there.all():
        return x, y, None
    return x[there], y[there], np.cumsum(~there)[there]


def _link(low: Ints, high: Ints, c0: Ints, r0: Ints, c1: Ints, r1: Ints) -> None:
    """Widen the extents by the straight lines from (c0, r0) to (c1, r1); c0 < c1, lines do not overlap."""
    columns = len(low)
    first, last = np.maximum(c0, -1), np.minimum(c1, columns)  # steps that touch the chart
    steps = np.maximum(last - first, 0)
    count = int(steps.sum())
    if not count:
        return
    if count == len(c0) and np.array_equal(first, c0) and np.array_equal(last, c1):  # all between neighbours
        column, here, there = c0, r0, r1
    else:
        line = np.repeat(np.arange(len(c0)), steps)
        column = np.arange(count) - np.repeat(np.cumsum(steps) - steps, steps) + first[line]
        width, rise, start = (c1 - c0)[line], 2 * (r1 - r0)[line], r0[line]
        along = (column - c0[line]) * rise + width
        here, there = start + along // (2 * width), start + (along + rise) // (2 * width)
    middle = (here + there) // 2
    down, up = there > here, there < here
    left = np.where(down, middle, np.where(up, np.minimum(middle + 1, here), here))
    right = np.where(down, np.minimum(middle + 1, there), np.where(up, middle, there))
    # Each column is the left end of one step at most, and the right end of one, so plain indexing does.
    a, z = (1 if column[0] < 0 else 0), (count - 1 if column[-1] >= columns - 1 else count)
    for place, p, q in ((column[a:], here[a:], left[a:]), (column[:z] + 1, right[:z], there[:z])):
        low[place] = np.minimum(low[place], np.minimum(p, q))
        high[place] = np.maximum(high[place], np.maximum(p, q))


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
