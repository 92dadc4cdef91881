"""The metric over two parameters, smoothed; the denser the fill, the better. Pure."""

from __future__ import annotations

import numpy as np

from hptui.core.review.columns import Dimension, Floats
from hptui.core.review.slices import cell, field
from hptui.tui.charts.axes import number as tick
from hptui.tui.charts.canvas import Canvas
from hptui.tui.charts.figure import GUTTER
from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, fit
from hptui.tui.material import Material
from hptui.tui.views.numbers import count, plain
from hptui.tui.views.slices import ends

Lines = list[tuple[Piece, ...]]
_FILL = {"braille": "·░▒▓█", "block": "·░▒▓█", "ascii": ".:-+#"}
LEVELS = 5
MOST_BEST = 30


def heading(material: Material, x: Dimension, y: Dimension) -> str:
    shown = int((material.shown & material.columns.complete).sum())
    seen = count(shown, "complete trial")
    return f"{material.facts.metric} over {x.name} (across) and {y.name} (up) ─ {seen}, smoothed"


def draw(material: Material, x: Dimension, y: Dimension, width: int, height: int, glyphs: Glyphs) -> Lines:
    """The field with its trials on it, both ranges, and a legend; [] when there is nothing to draw."""
    w, h = width - GUTTER - 1, height - 4
    columns, sign = material.columns, material.facts.sign
    if w < 8 or h < 3:
        return []
    loss = field(columns, x, y, material.shown, w, h)
    seen = loss[np.isfinite(loss)]
    if not len(seen):
        return []
    cuts = np.quantile(seen, np.linspace(0, 1, LEVELS + 1)[1:-1])  # ascending loss
    canvas = Canvas(w, h)
    fill = _FILL[glyphs.level]
    for level in range(LEVELS):
        here = np.isfinite(loss) & (np.searchsorted(cuts, np.nan_to_num(loss)) == LEVELS - 1 - level)
        row, column = np.nonzero(here)
        canvas.put(row, column, fill[level], f"ramp-{level}")
    placed = material.shown & np.isfinite(x.values) & np.isfinite(y.values)
    dot, top = ("•", "●") if glyphs.level == "braille" else ("o", "@")
    best = columns.ranked[: min(max(len(columns.ranked) // 10, 1), MOST_BEST)]
    for rows, char, style in (
        (np.flatnonzero(placed & columns.complete) if placed.sum() <= 300 else [], dot, "muted"),
        (np.flatnonzero(placed & columns.is_("FAIL")), glyphs.fail, "fail"),
        (best[placed[best]], top, "strong bold"),
        (columns.ranked[:1][placed[columns.ranked[:1]]], glyphs.best, "error bold"),
    ):
        at = np.asarray(rows, np.int64)
        canvas.put((h - 1) - cell(y, at, h), cell(x, at, w), char, style)
    side = [fit(text, GUTTER - 1, "right", cut=glyphs.cut) for text in _side(y, h)]
    left = [Piece(text + glyphs.upright, "axis") for text in side]
    foot = Piece(" " * (GUTTER - 1) + glyphs.corner + glyphs.rule * w, "axis")
    name = f"{y.name}{' · log' if y.log else ''}  up,  {x.name}{' · log' if x.log else ''}  across"
    return [
        (Piece(fit(" " * GUTTER + name, width), "strong"),), *canvas.lines(left), (foot,),
        (Piece(ends(x, w, width), "axis"),), legend(sign, cuts, fill, glyphs, top),
    ]  # fmt: skip


def _side(one: Dimension, h: int) -> list[str]:
    rows = [""] * h
    if one.choices:
        for at, choice in enumerate(one.choices):
            rows[(h - 1) - min(int((at + 0.5) / len(one.choices) * h), h - 1)] = plain(choice)
        return rows
    for share in (0.0, 0.5, 1.0):
        value = one.at(share)
        rows[round((h - 1) * (1 - share))] = tick(value) if isinstance(value, float) else plain(value)
    return rows


def legend(sign: float, cuts: Floats, fill: str, glyphs: Glyphs, top: str) -> tuple[Piece, ...]:
    """`██ ≤0.09  ▓▓ ≤0.12 …`, the best first."""
    than, beyond = ("≤", "above") if sign > 0 else ("≥", "below")
    if glyphs.level == "ascii":
        than = "<=" if sign > 0 else ">="
    pieces = [Piece(" " * GUTTER, "")]
    for place, level in enumerate(reversed(range(LEVELS))):
        words = f"{than}{tick(sign * float(cuts[place]))}" if level else beyond
        pieces += [Piece(fill[level] * 2, f"ramp-{level}"), Piece(f" {words}  ", "muted")]
    pieces += [Piece(f"{top} among the best  ", "strong"), Piece(glyphs.best, "error bold"), Piece(" best", "muted")]
    return tuple(pieces)
