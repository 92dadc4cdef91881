"""Parallel coordinates: the best trials as lines over the density of all. Pure.

The density is no drawing of lines: the trials between two axes are counted by their two rows, and the counts
interpolated, so its cost hardly depends on how many trials there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from rich.cells import cell_len

from hptui.core.review.columns import Bools, Dimension, Floats, Ints
from hptui.tui.charts.axes import Axis
from hptui.tui.charts.axes import number as tick
from hptui.tui.charts.canvas import SHADES, Canvas
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import DOTS, extents
from hptui.tui.glyphs import Glyphs, fit
from hptui.tui.material import Material
from hptui.tui.views.axes import Axes, heights, is_log
from hptui.tui.views.numbers import plain

Lines = list[tuple[Piece, ...]]
RAMP = 5
_ROOM = 7  # cells between two axes, at least


def heading(material: Material, axes: Axes, best: Ints) -> str:
    shown = int(material.shown.sum())
    of = "" if shown == len(material.shown) else f" of {len(material.shown):,}"
    return f"best {len(best)} as lines, all {shown:,}{of} trials as shade"


def best_rows(material: Material, top: int) -> Ints:
    """Rows of the best complete trials that are shown, the best first."""
    ranked = material.columns.ranked
    return np.asarray(ranked[material.shown[ranked]][:top])


def seen_axes(axes: Axes, width: int) -> tuple[str, ...]:
    """As many axes as there is room for, around the chosen one."""
    most = max(2, width // _ROOM)
    first = max(0, min(axes.at - most // 2, len(axes.order) - most))
    return axes.order[first : first + most]


def draw(
    material: Material, found: dict[str, Dimension], axes: Axes, width: int, height: int, glyphs: Glyphs
) -> Lines:
    """Names, tops, the chart, bottoms and a legend."""
    told = height >= 10  # below that the legend's line is the chart's
    w, h = width - 2, height - 3 - told
    names = seen_axes(axes, w)
    if w < 12 or h < 4 or len(names) < 2:
        return []
    seen = [found[name] for name in names]
    columns = [round(place * (w - 1) / (len(names) - 1)) for place in range(len(names))]
    gap = any(bool(np.isnan(one.values[material.shown]).any()) for one in seen if one.name != material.facts.metric)
    rows = _rows(seen, axes, h, gap, material.facts.metric)  # (k, n)
    canvas = Canvas(w, h)
    canvas.density(density(rows[:, material.shown], columns, w, h))
    for at, column in enumerate(columns):
        here = names[at] == axes.name
        all_rows = np.arange(h)
        canvas.put(all_rows, np.full(h, column), glyphs.upright, "strong bold" if here else "axis")
    best = best_rows(material, axes.top)
    x = np.array(columns, np.float64)
    for place, row in enumerate(best[::-1]):
        ramp = min(place * RAMP // max(len(best) - 1, 1), RAMP - 1)
        _line(canvas, x, rows[:, row], "strong bold" if row == best[0] else f"ramp-{ramp}", glyphs)
    if material.cursor is not None:
        for row in material.columns.rows_of([material.cursor]):
            _line(canvas, x, rows[:, row], "error bold", glyphs)
    bare = _is_parameter(seen, material.facts.metric) & np.array([bool(np.isnan(one.values).any()) for one in seen])
    unused = [column for column, is_bare in zip(columns, bare, strict=True) if gap and is_bare]
    canvas.put(np.full(len(unused), h - 1), np.array(unused, np.int64), glyphs.unknown, "muted")
    _show_brush(canvas, axes, names, columns, h - 2 * gap)
    ends = [(_end(one, axes, top=True), _end(one, axes, top=False)) for one in seen]
    return [
        _labels([_name(one, axes) for one in seen], columns, width, names.index(axes.name)),
        _labels([top for top, _ in ends], columns, width),
        *((Piece(" ", ""), *line) for line in canvas.lines()),
        _labels([bottom for _, bottom in ends], columns, width),
        *([legend(len(best), gap, glyphs)] if told else []),
    ]


def _rows(seen: Sequence[Dimension], axes: Axes, h: int, gap: bool, metric: str) -> Floats:
    """(k, n) the row of cells of each trial on each axis, counted from the top.

    Where a parameter is not used it is the last row; where there is no value, NaN.
    """
    room = h - 2 * gap - 1
    out = np.array([(1.0 - heights(one, axes)) * room for one in seen])
    return np.where(np.isnan(out) & _is_parameter(seen, metric)[:, None], float(h - 1), out) if gap else out


def _is_parameter(seen: Sequence[Dimension], metric: str) -> Bools:
    return np.array([one.name != metric for one in seen], np.bool_)


def density(rows: Floats, columns: Sequence[int], w: int, h: int) -> Floats:
    """(h, w) how many trials pass through each cell. rows: (k, n); a trial with NaN at an axis is left out there."""
    out = np.zeros((h, w))
    with np.errstate(invalid="ignore"):
        cells = np.where(np.isfinite(rows), np.floor(rows + 0.5), -1).astype(np.int64)
    for at, (a, z) in enumerate(pairwise(columns)):
        left, right = cells[at], cells[at + 1]
        both = (left >= 0) & (right >= 0)
        pairs = np.bincount(left[both] * h + right[both], minlength=h * h)
        filled = np.flatnonzero(pairs)
        if not len(filled):
            continue
        share = (np.arange(a, z + 1) - a) / max(z - a, 1)  # (c,)
        row = np.floor((filled // h)[None] * (1 - share)[:, None] + (filled % h)[None] * share[:, None] + 0.5)
        flat = (np.arange(a, z + 1)[:, None] + row.astype(np.int64) * w).ravel()
        weights = np.broadcast_to(pairs[filled], row.shape).ravel()
        out += np.bincount(flat, weights, minlength=h * w).reshape(h, w)
    out[:, list(columns[1:-1])] /= 2  # an inner axis was counted from both sides
    return out


def _line(canvas: Canvas, x: Floats, rows: Floats, style: str, glyphs: Glyphs) -> None:
    dots = DOTS[glyphs.level]
    x_axis, y_axis = Axis(-0.5, canvas.width - 0.5), Axis(-0.5, canvas.height - 0.5)
    y = canvas.height - 1 - rows
    drawn = extents(x, y, x_axis, y_axis, canvas.width * dots.across, canvas.height * dots.down)
    canvas.curve(drawn, dots, style)


def _show_brush(canvas: Canvas, axes: Axes, names: Sequence[str], columns: Sequence[int], room: int) -> None:
    if axes.brush is None or axes.name not in names:
        return
    ends = [axes.brush.low, axes.brush.high]
    low, high = [1 - end if axes.name in axes.turned else end for end in ends]
    rows = [round((1 - end) * (room - 1)) for end in (low, high)]
    column = columns[list(names).index(axes.name)]
    where = np.zeros((canvas.height, canvas.width), np.bool_)
    where[min(rows) : max(rows) + 1, max(column - 1, 0) : column + 2] = True
    canvas.shade(where, "find")
    moving = rows[1] if axes.brush.upper else rows[0]
    canvas.put(np.full(3, moving), np.array([column - 1, column, column + 1]), "█", "warn bold")


def _name(one: Dimension, axes: Axes) -> str:
    return f"{one.name}{'·log' if is_log(one, axes) else ''}"


def _end(one: Dimension, axes: Axes, top: bool) -> str:
    value = one.at(0.0 if top is (one.name in axes.turned) else 1.0, is_log(one, axes))
    return tick(value) if isinstance(value, float) else plain(value)


def _labels(texts: Sequence[str], columns: Sequence[int], width: int, chosen: int = -1) -> tuple[Piece, ...]:
    """A text over each axis, cut to the room between two of them; the chosen one stands out."""
    room = max(3, (columns[1] - columns[0]) - 1)
    pieces: list[Piece] = []
    used, last = 0, len(texts) - 1
    end = width - min(room, cell_len(texts[-1])) - 1  # the last one stands whole: those before end where it begins
    for at, (column, text) in enumerate(zip(columns, texts, strict=True)):
        shown = fit(text, min(room, cell_len(text)))
        most = (end if at < last else width) - cell_len(shown)
        start = max(used, min(max(0, 1 + column - cell_len(shown) // 2), most))
        if at < last and start + cell_len(shown) > end:
            shown = fit(text, max(end - start, 0))
        pieces += [Piece(" " * (start - used), ""), Piece(shown, "strong bold reverse" if at == chosen else "")]
        used = start + cell_len(shown)
        if used < width:
            pieces.append(Piece(" ", ""))
            used += 1
    return tuple(pieces)


def legend(best: int, gap: bool, glyphs: Glyphs) -> tuple[Piece, ...]:
    mark = glyphs.rule * 2
    pieces = [Piece(f" worst of the best {best} ", "muted")]
    pieces += [Piece(mark, f"ramp-{ramp}") for ramp in range(RAMP)]
    pieces += [Piece(mark, "strong bold"), Piece(" best   all: few ", "muted")]
    pieces += [Piece("  ", "", f"shade-{shade}") for shade in range(1, SHADES + 1)]
    pieces += [Piece(" many", "muted")]
    if gap:
        pieces.append(Piece(f"   {glyphs.unknown} not used", "muted"))
    return tuple(pieces)
