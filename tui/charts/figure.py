"""A chart of curves as arrays of characters and style names: what to paint, without painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.tui.charts.axes import Axis, number, ticks
from hptui.tui.charts.band import Band
from hptui.tui.charts.canvas import Canvas
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import DOTS, Dots, Extents, extents
from hptui.tui.glyphs import Glyphs

GUTTER = 8  # cells left of the chart, for the labels of the y axis


@dataclass(frozen=True)
class Curve:
    """x, y: (n,) anything numpy reads. style: a style name. label: stands at the curve's end if there is room."""

    x: Any
    y: Any
    style: str
    label: str = ""


def draw(
    curves: Sequence[Curve], x_axis: Axis, y_axis: Axis, width: int, height: int, glyphs: Glyphs,
    band: Band | None = None, marks: Sequence[float] = (), labels: bool = False,
) -> list[tuple[Piece, ...]]:  # fmt: skip
    """The lines of a chart `width` x `height` cells, axes included; the last curve lies on top.

    The top curve replaces the dots of the others in its cells: joined dots would take one curve's colour.
    """
    w, h = width - GUTTER, height - 2
    if w < 8 or h < 2:
        return [(Piece(" " * width, ""),)] * height
    dots = DOTS[glyphs.level]
    canvas = Canvas(w, h)
    canvas.shade(_shade(band, x_axis, y_axis, w, h), "band")
    for mark in marks:
        at = int(np.floor(x_axis.share(mark) * (w - 1) + 0.5)) if x_axis.low <= mark <= x_axis.high else -1
        if 0 <= at < w:
            canvas.put(np.arange(h), np.full(h, at), glyphs.milestone, "milestone")
    ends: list[tuple[int, int, str, str]] = []
    for curve in curves:
        drawn = _visible(extents(curve.x, curve.y, x_axis, y_axis, w * dots.across, h * dots.down), dots)
        canvas.curve(drawn, dots, curve.style)
        if labels and curve.label and (end := _end(drawn, dots.across, dots.down, w, h)) is not None:
            ends.append((*end, curve.style, curve.label))
    for x, y, style, label in reversed(ends):
        _write(canvas, x, y, style, label)
    return framed(canvas, x_axis, y_axis, glyphs)


def framed(canvas: Canvas, x_axis: Axis, y_axis: Axis, glyphs: Glyphs) -> list[tuple[Piece, ...]]:
    """The canvas with its axes: GUTTER cells on the left, two lines below."""
    w, h = canvas.width, canvas.height
    labels = y_labels(y_axis, h)
    left = [
        Piece(labels.get(r, "").rjust(GUTTER - 2) + " " + (glyphs.tick if r in labels else glyphs.upright), "axis")
        for r in range(h)
    ]
    foot = Piece(" " * (GUTTER - 1) + glyphs.corner + glyphs.rule * w, "axis")
    return [*canvas.lines(left), (foot,), (Piece(_x_labels(x_axis, w, w + GUTTER), "axis"),)]


def _visible(drawn: Extents, dots: Dots) -> Extents:
    """A curve of a single dot made four, within its cell: a lone braille dot is easily overlooked."""
    columns = np.flatnonzero(drawn.drawn)
    if len(columns) != 1 or drawn.low[columns[0]] != drawn.high[columns[0]]:
        return drawn
    low, high, at = drawn.low.copy(), drawn.high.copy(), int(columns[0])
    row = int(low[at])
    for column in {at, at ^ 1} if dots.across == 2 else {at}:
        low[column], high[column] = (row & ~1, row | 1) if dots.down % 2 == 0 else (row, row)
    return Extents(low, high)


def _end(drawn: Extents, across: int, down: int, w: int, h: int) -> tuple[int, int] | None:
    """The cell of a curve's last dot, if it lies on the chart."""
    columns = np.flatnonzero(drawn.drawn)
    if not len(columns):
        return None
    last = int(columns[-1])
    row = int((drawn.low[last] + drawn.high[last]) // 2) // down
    return (last // across, row) if 0 <= row < h and last // across < w else None


def _write(canvas: Canvas, x: int, y: int, style: str, label: str) -> None:
    """A label right of a curve's end, or a line above or below that, where nothing is drawn yet."""
    start, stop = x + 2, x + 2 + len(label)
    marks = canvas.style("milestone")
    if stop > canvas.width:
        return
    for row in (y, y - 1, y + 1):
        if not 0 <= row < canvas.height:
            continue
        taken = canvas.paint[row, start - 1 : stop]
        if not np.any((taken > 0) & (taken != marks)):
            canvas.write(start, row, label, style)
            return


def _shade(band: Band | None, x_axis: Axis, y_axis: Axis, w: int, h: int) -> NDArray[np.bool_]:
    if band is None:
        return np.zeros((h, w), np.bool_)
    low = extents(band.x, band.low, x_axis, y_axis, w, h)
    high = extents(band.x, band.high, x_axis, y_axis, w, h)
    rows = np.arange(h)[:, None]
    both = low.drawn & high.drawn
    return (both & (rows >= high.low) & (rows <= low.high)).astype(np.bool_)


def y_labels(axis: Axis, h: int) -> dict[int, str]:
    out: dict[int, str] = {}
    for value in ticks(axis, max(2, min((h + 1) // 2, 3 + h // 5))):
        row = round((h - 1) * (1 - axis.share(value)))
        if 0 <= row < h:
            out[row] = number(value)[: GUTTER - 2]
    return out


def _x_labels(axis: Axis, w: int, width: int) -> str:
    row = [" "] * width
    free = 0
    for value in ticks(axis, max(2, w // 12)):
        text = number(value)
        at = GUTTER + round((w - 1) * axis.share(value)) - len(text) // 2
        at = max(GUTTER, min(at, width - len(text)))
        if at >= free:
            row[at : at + len(text)] = text
            free = at + len(text) + 1
    return "".join(row)
