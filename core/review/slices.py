"""One parameter, or two, against the loss: whether the best lie at an edge, and the loss over a plane. Pure."""

from __future__ import annotations

import math

import numpy as np

from hptui.core.advice.regions import Edge, has_ends
from hptui.core.advice.regions import edge as rule
from hptui.core.review.columns import Bools, Columns, Dimension, Floats, Ints

FEWEST = 20
"""Complete trials below which nothing is said of a parameter's effect."""


def edge(columns: Columns, dimension: Dimension) -> Edge:
    """Where the best trials lie along it: the same words as in the session's advice."""
    bounded = [each for each in columns.dimensions if _can_grow(each)]
    if not _can_grow(dimension):
        return Edge("")
    return rule([float(u) for u in dimension.unit[columns.ranked]], len(bounded))


def _can_grow(dimension: Dimension) -> bool:
    return not dimension.choices and dimension.low < dimension.high and has_ends(dimension.count)


def flat(columns: Columns, dimension: Dimension) -> bool | None:
    """Whether the parameter's order says nothing of the loss's order; None with fewer than FEWEST trials.

    By Spearman's rank correlation of the loss with the value and with its distance from the best one, at 1 % each.
    """
    rows = np.flatnonzero(columns.complete & np.isfinite(dimension.values))
    if len(rows) < FEWEST or dimension.choices:
        return None
    loss, unit = columns.loss[rows], dimension.unit[rows]
    apart = np.abs(unit - unit[loss.argmin()])
    limit = 2.58 / math.sqrt(len(rows) - 1)
    return bool(abs(spearman(loss, unit)) < limit and abs(spearman(loss, apart)) < limit)


def spearman(a: Floats, b: Floats) -> float:
    """The correlation of the ranks; ties share theirs. 0 when one of them is constant."""
    first, second = ranks(a), ranks(b)
    first, second = first - first.mean(), second - second.mean()
    size = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / size if size > 0 else 0.0


def ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def field(columns: Columns, x: Dimension, y: Dimension, shown: Bools, width: int, height: int) -> Floats:
    """(height, width) the mean loss of the complete trials around each cell, the first row at y's high end.

    By a normal kernel of a fourteenth of each range; choices are not mixed. NaN where no trial is near.
    """
    rows = np.flatnonzero(columns.complete & shown & np.isfinite(x.values) & np.isfinite(y.values))
    column, row = cell(x, rows, width), (height - 1) - cell(y, rows, height)
    loss = columns.loss[rows]
    loss = np.minimum(loss, np.percentile(loss, 90)) if len(loss) else loss  # diverged ones would colour all around
    flat_cells = row * width + column
    count = np.bincount(flat_cells, minlength=width * height).reshape(height, width)
    total = np.bincount(flat_cells, loss, minlength=width * height).reshape(height, width)
    down, across = _blur(y, height), _blur(x, width)
    weight = down @ count @ across.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (down @ total @ across.T) / weight
    return np.where(weight > 0.3, mean, np.nan)


def cell(dimension: Dimension, rows: Ints, size: int) -> Ints:
    """(len(rows),) the cell of each trial along an axis of `size` cells; choices in the middle of their stretch."""
    unit = np.clip(dimension.unit[rows], 0.0, 1.0)
    if dimension.choices:
        unit = (dimension.values[rows] + 0.5) / len(dimension.choices)
    return np.minimum(np.floor(unit * size), size - 1).astype(np.int64)


def _blur(dimension: Dimension, size: int) -> Floats:
    """(size, size) the weight of a trial in one cell for another cell; 1 in its own."""
    place = np.arange(size) / size
    if dimension.choices:
        stretch = np.floor(place * len(dimension.choices) + 1e-9)
        return np.asarray((stretch[:, None] == stretch[None]).astype(np.float64))
    return np.asarray(np.exp(-0.5 * ((place[:, None] - place[None]) * 14) ** 2))
