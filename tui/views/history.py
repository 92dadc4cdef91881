"""The search as it came along: every ended trial by a glyph, and the best so far as a line. Pure."""

from __future__ import annotations

import numpy as np

from hptui.core.review.columns import STATES
from hptui.core.review.history import By, History, steps
from hptui.tui.charts.axes import Axis, limits
from hptui.tui.charts.canvas import Canvas, binned
from hptui.tui.charts.figure import GUTTER, framed
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import DOTS, extents, nearest, scaled
from hptui.tui.charts.reach import reach
from hptui.tui.glyphs import Glyphs
from hptui.tui.material import Material
from hptui.tui.views.numbers import count, number

Lines = list[tuple[Piece, ...]]

CROWDED = 400
"""From so many points on, how many lie in a cell is told by its ground."""
_UNITS = ((86400.0 * 3, "days", 86400.0), (7200.0, "h", 3600.0), (180.0, "min", 60.0), (0.0, "s", 1.0))


def unit_of(history: History, by: By) -> tuple[str, float]:
    """What the x axis counts in, and how many of its own units that is."""
    if by is By.TRIALS or not len(history.x):
        return "", 1.0
    longest = float(history.x[-1])
    return next((name, size) for least, name, size in _UNITS if longest >= least)


def heading(material: Material, history: History, by: By, log: bool) -> str:
    """`val_loss · log over wall clock (min) ─ best 0.061 #57, 12 complete trials ago`"""
    name, _ = unit_of(history, by)
    over = f"{by.value} ({name})" if name else by.value
    title = f"{material.facts.metric}{' · log' if log else ''} over {over}"
    if not len(history.records):
        return f"{title} ─ no complete trial yet"
    last = history.records[-1]
    since = history.since_record or 0
    best = number(material.facts.sign * float(history.best[last]))
    ago = "the latest one" if since == 0 else f"{count(since, 'complete trial')} ago"
    off = _hidden(material, history, log)
    return f"{title} ─ best {best} #{history.number[last]}, {ago}" + (f" ─ {off}" if off else "")


def _hidden(material: Material, history: History, log: bool) -> str:
    y = material.facts.sign * history.loss
    hidden = int((y[np.isfinite(y)] <= 0).sum()) if log else 0
    return f"{hidden} ≤ 0 hidden" if hidden else ""


def draw(
    material: Material, history: History, by: By, width: int, height: int, glyphs: Glyphs, log: bool = False
) -> Lines:
    """The chart with a line that says which glyph is which."""
    w, h = width - GUTTER, height - 3
    y = material.facts.sign * history.loss
    seen = reach([(history.x, np.where(history.state == STATES.index("COMPLETE"), y, np.nan))], None, log)
    if seen.low is None:
        seen = reach([(history.x, y)], None, log)
    if w < 8 or h < 2 or seen.low is None or seen.high is None:
        return []
    _, size = unit_of(history, by)
    y_axis = limits(seen.low, seen.high, log)
    x_axis = Axis(0.0, max(float(history.x[-1]) / size, 1e-9))
    canvas = Canvas(w, h)
    column = nearest(scaled(history.x / size, x_axis, w))
    with np.errstate(invalid="ignore"):
        there = np.isfinite(y) & ((y > 0) if log else True)
    row = np.full(len(y), h - 1)
    place = (h - 1) - nearest(scaled(y[there], y_axis, h))
    row[there] = np.clip(place, 0, h - 1)
    above, below = np.zeros(len(y), np.bool_), np.zeros(len(y), np.bool_)
    above[there], below[there] = place < 0, place > h - 1
    shown = np.isin(history.number, material.columns.number[material.shown])
    if shown.sum() > CROWDED:
        canvas.density(binned(row[shown & there], column[shown & there], h, w))
    dot = "•" if glyphs.level == "braille" else "o"
    for state, char, style in (
        ("FAIL", glyphs.fail, "fail"), ("PRUNED", glyphs.pruned, "pruned"), ("COMPLETE", dot, "complete"),
    ):  # fmt: skip
        mine = shown & (history.state == STATES.index(state)) & (there if state != "FAIL" else True)
        at = np.where(state == "FAIL", h - 1, row)
        canvas.put(at[mine], column[mine], char, style)
        for beyond, arrow in ((above, glyphs.up), (below, glyphs.down)):
            there_too = mine & beyond & (state != "FAIL")
            canvas.put(at[there_too], column[there_too], arrow, style)
    best = material.facts.sign * history.best
    known = np.isfinite(best) & ((best > 0) if log else True)
    xs, ys = steps(np.r_[history.x[known], history.x[-1:]] / size, np.r_[best[known], best[-1:]])
    dots = DOTS[glyphs.level]
    canvas.curve(extents(xs, ys, x_axis, y_axis, w * dots.across, h * dots.down), dots, "best")
    stars = history.records[known[history.records]]
    canvas.put(row[stars], column[stars], glyphs.best, "best bold")
    if material.cursor is not None:
        here = history.number == material.cursor
        canvas.put(row[here], column[here], "●" if glyphs.level == "braille" else "@", "strong bold")
    off = int((shown & (above | below) & (history.state != STATES.index("FAIL"))).sum())
    return [legend(glyphs, dot, off), *framed(canvas, x_axis, y_axis, glyphs)]


def legend(glyphs: Glyphs, dot: str, off: int) -> tuple[Piece, ...]:
    parts = [
        (glyphs.best, "best bold", "new best"), (dot, "complete", "done"), (glyphs.pruned, "pruned", "pruned"),
        (glyphs.fail, "fail", "failed"),
    ]  # fmt: skip
    if off:
        parts.append((glyphs.up + glyphs.down, "muted", f"{off} beyond the scale"))
    pieces = [Piece(" " * GUTTER, "")]
    for char, style, words in parts:
        pieces += [Piece(char, style), Piece(f" {words}   ", "muted")]
    return tuple(pieces)
