"""A chart of curves as arrays of characters and style names: what to paint, without painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.tui.charts.axes import Axis, number, ticks
from hptui.tui.charts.band import Band
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import DOTS, Dots, Extents, extents, patterns
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
    codes, paint = np.full((h, w), 32, np.uint32), np.zeros((h, w), np.int16)
    styles = ["", "milestone"]
    for mark in marks:
        at = int(np.floor(x_axis.share(mark) * (w - 1) + 0.5)) if x_axis.low <= mark <= x_axis.high else -1
        if 0 <= at < w:
            codes[:, at], paint[:, at] = ord(glyphs.milestone), 1
    ends: list[tuple[int, int, int, str]] = []
    for curve in curves:
        drawn = _visible(extents(curve.x, curve.y, x_axis, y_axis, w * dots.across, h * dots.down), dots)
        top, cells = patterns(drawn, dots, w, h)
        if curve.style not in styles:
            styles.append(curve.style)
        on = cells > 0
        rows = slice(top, top + len(cells))
        codes[rows][on], paint[rows][on] = dots.chars[cells[on]], styles.index(curve.style)
        if labels and curve.label and (end := _end(drawn, dots.across, dots.down, w, h)) is not None:
            ends.append((*end, styles.index(curve.style), curve.label))
    for x, y, style, label in reversed(ends):
        _write(codes, paint, x, y, style, label)
    shade = _shade(band, x_axis, y_axis, w, h)
    y_ticks = _y_labels(y_axis, h)
    axis_lines = [_line(y_ticks.get(r, ""), codes[r], paint[r], shade[r], styles, glyphs) for r in range(h)]
    foot = Piece(" " * (GUTTER - 1) + glyphs.corner + glyphs.rule * w, "axis")
    return [*axis_lines, (foot,), (Piece(_x_labels(x_axis, w, width), "axis"),)]


def _line(
    label: str, codes: NDArray[np.uint32], paint: NDArray[np.int16], shade: NDArray[np.bool_],
    styles: Sequence[str], glyphs: Glyphs,
) -> tuple[Piece, ...]:  # fmt: skip
    text = codes.astype("<u4").tobytes().decode("utf-32-le")
    look = paint * 2 + shade
    # An empty cell shows no text colour: it joins the piece before it, and that is fewer bytes.
    blank = codes == 32
    if blank.any():
        known = np.where(blank & (np.r_[-1, shade[:-1]] == shade), -1, np.arange(len(look)))
        look = look[np.maximum(np.maximum.accumulate(known), 0)]
    cuts = [0, *(np.flatnonzero(look[1:] != look[:-1]) + 1).tolist(), len(text)]
    left = label.rjust(GUTTER - 2) + " " + (glyphs.tick if label else glyphs.upright)
    pieces = [Piece(left, "axis")]
    for a, z in pairwise(cuts):
        pieces.append(Piece(text[a:z], styles[int(look[a]) // 2], "band" if look[a] & 1 else ""))
    return tuple(pieces)


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


def _write(codes: NDArray[np.uint32], paint: NDArray[np.int16], x: int, y: int, style: int, label: str) -> None:
    """A label right of a curve's end, where nothing is drawn yet."""
    start, stop = x + 2, x + 2 + len(label)
    if stop > codes.shape[1] or np.any(paint[y, start - 1 : stop] > 1):
        return
    codes[y, start:stop], paint[y, start:stop] = [ord(c) for c in label], style


def _shade(band: Band | None, x_axis: Axis, y_axis: Axis, w: int, h: int) -> NDArray[np.bool_]:
    if band is None:
        return np.zeros((h, w), np.bool_)
    low = extents(band.x, band.low, x_axis, y_axis, w, h)
    high = extents(band.x, band.high, x_axis, y_axis, w, h)
    rows = np.arange(h)[:, None]
    both = low.drawn & high.drawn
    return (both & (rows >= high.low) & (rows <= low.high)).astype(np.bool_)


def _y_labels(axis: Axis, h: int) -> dict[int, str]:
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
