"""Two objectives against each other: every complete trial, those that nobody beats, and the edge they make. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hptui.core.review.front import corners, values_of
from hptui.core.study.study import Goal
from hptui.tui.charts.axes import Axis, limits
from hptui.tui.charts.canvas import Canvas, binned
from hptui.tui.charts.figure import GUTTER, framed
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import DOTS, extents, nearest, scaled
from hptui.tui.charts.reach import reach
from hptui.tui.glyphs import Glyphs, harmless
from hptui.tui.material import Material
from hptui.tui.views.numbers import count, number, plain

Lines = list[tuple[Piece, ...]]
CROWDED = 400
"""From so many points on, how many lie in a cell is told by its ground."""


@dataclass(frozen=True, eq=False)
class Scatter:
    """number: (n,) complete trials. values: (n, k) of all k objectives, the user's sign. front: (f,) rows of those that
    nobody beats in all of them, along the first objective. broke: (n,) which broke a constraint."""

    number: NDArray[np.int64]
    values: NDArray[np.float64]
    front: NDArray[np.int64]
    broke: NDArray[np.bool_]


def scatter(material: Material) -> Scatter:
    """Of the trials that the filter lets through; the front is that of all."""
    goals = material.facts.goals
    let_through = set(material.columns.number[material.shown].tolist())
    rows = [row for row in material.snapshot.trials.rows() if row.state == "COMPLETE" and row.number in let_through]
    table = [[np.nan if value is None else value for value in values_of(row, goals)] for row in rows]
    values = np.array(table, np.float64).reshape(len(rows), len(goals))
    at = {row.number: place for place, row in enumerate(rows)}
    front = [at[number] for number in material.snapshot.best if number in at]
    return Scatter(
        np.array([row.number for row in rows], np.int64), values, np.array(front, np.int64),
        np.array([bool(row.broken) for row in rows], np.bool_),
    )  # fmt: skip


def heading(material: Material, found: Scatter, across: int, up: int, logs: tuple[bool, bool]) -> str:
    """`latency over val_loss · log ─ 16 of 60 complete trials are on the front`"""
    goals = material.facts.goals
    names = [harmless(goals[at].metric) + " · log" * log for at, log in zip((across, up), logs, strict=True)]
    of = count(len(found.number), "complete trial")
    more = f" ─ objectives {across + 1} and {up + 1} of {len(goals)}" if len(goals) > 2 else ""
    return f"{names[1]} over {names[0]} ─ {len(found.front)} of {of} on the front{more}"


def draw(
    material: Material, found: Scatter, across: int, up: int, logs: tuple[bool, bool], chosen: int | None, width: int,
    height: int, glyphs: Glyphs,
) -> Lines:  # fmt: skip
    """The chart, a line that says which glyph is which, and one about the chosen trial."""
    w, h = width - GUTTER, height - 4
    x, y = found.values[:, across], found.values[:, up]
    axes = [_axis(found, values, log) for values, log in ((x, logs[0]), (y, logs[1]))]
    x_axis, y_axis = axes
    if w < 8 or h < 2 or x_axis is None or y_axis is None:
        return []
    canvas = Canvas(w, h)
    there = np.isfinite(x) & np.isfinite(y)
    for values, log in ((x, logs[0]), (y, logs[1])):
        there &= (values > 0) if log else True
    row, column = np.full(len(x), -1), np.full(len(x), -1)
    column[there] = nearest(scaled(x[there], x_axis, w))
    row[there] = (h - 1) - nearest(scaled(y[there], y_axis, h))
    if there.sum() > CROWDED:
        canvas.density(binned(row[there], column[there], h, w))
    goals = material.facts.goals
    front = found.front[there[found.front]]
    if len(goals) == 2 and len(front):
        points = [(float(x[at]), float(y[at])) for at in front]
        xs, ys = zip(*corners(points, (goals[across].sign, goals[up].sign)), strict=True)
        dots = DOTS[glyphs.level]
        line = extents(np.array(xs), np.array(ys), x_axis, y_axis, w * dots.across, h * dots.down)
        canvas.curve(line, dots, "axis")
    dot, full = ("•", "●") if glyphs.level == "braille" else ("o", "@")
    canvas.put(row[there], column[there], dot, "muted")
    canvas.put(row[there & found.broke], column[there & found.broke], glyphs.fail, "fail")
    canvas.put(row[front], column[front], full, "best bold")
    here = found.number == (-1 if chosen is None else chosen)
    canvas.put(row[here], column[here], full, "strong bold reverse")
    return [
        legend(goals[across], goals[up], bool(found.broke.any()), dot, full, glyphs),
        *framed(canvas, x_axis, y_axis, glyphs), about(material, chosen),
    ]  # fmt: skip


def _axis(found: Scatter, values: NDArray[np.float64], log: bool) -> Axis | None:
    """Around all of the front and most of the others."""
    seen = reach([(found.number, values)], None, log)
    if seen.low is None or seen.high is None:
        return None
    best = values[found.front]
    best = best[np.isfinite(best) & ((best > 0) if log else True)]
    ends = [seen.low, seen.high, *best.tolist()]
    return limits(min(ends), max(ends), log)


def legend(across: Goal, up: Goal, broke: bool, dot: str, full: str, glyphs: Glyphs) -> tuple[Piece, ...]:
    side = "left" if across.sign > 0 else "right"
    end = "bottom" if up.sign > 0 else "top"
    parts = [(full, "best bold", "nobody beats it"), (dot, "muted", "complete")]
    if broke:
        parts.append((glyphs.fail, "fail", "broke a constraint"))
    pieces = [Piece(" " * GUTTER, "")]
    for char, style, words in parts:
        pieces += [Piece(char, style), Piece(f" {words}   ", "muted")]
    return (*pieces, Piece(f"better: {end} {side}", "muted"))


def about(material: Material, chosen: int | None) -> tuple[Piece, ...]:
    """`#43  val_loss 0.1175  latency 8.9  ─ lr 3e-3  width 172`"""
    row = None if chosen is None else material.snapshot.trials.get(chosen)
    if row is None:
        return (Piece("", ""),)
    goals = material.facts.goals
    values: Sequence[float | None] = values_of(row, goals)
    said = "  ".join(f"{harmless(goal.metric)} {number(value)}" for goal, value in zip(goals, values, strict=True))
    params = "  ".join(f"{harmless(name)} {plain(value)}" for name, value in row.params.items())
    return (Piece(f"  #{row.number}  {said}", "strong bold"), Piece(f"  ─ {params}", "muted"))
