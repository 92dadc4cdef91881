"""PED-ANOVA: which parameters separate the best trials from all. Pure; cheap enough for every sample of a bootstrap.

Source: Watanabe, Bansal & Hutter 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
Subspaces", equation 16 with algorithm 1; for parameters that are not always used the factors of "Conditional
PED-ANOVA" (arXiv 2601.20800), theorem 4.2. Densities as there: Scott's rule on a grid, with a flat prior of weight 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hptui.core.review.columns import Dimension, Floats, Ints

STEPS = 50
_TINY = 1e-12


def ped_anova(dimensions: Sequence[Dimension], rows: Ints, loss: Floats, quantile: float = 0.1) -> Floats:
    """(d,) how much each parameter decides whether a trial is among the best `quantile` of `rows`.

    loss: (len(rows),). Units are arbitrary: compare them with each other.
    """
    grids = [grid(dimension, rows) for dimension in dimensions]
    return importance(grids, loss, quantile)


def spread(
    dimensions: Sequence[Dimension], rows: Ints, loss: Floats, quantile: float = 0.1, samples: int = 50, seed: int = 0
) -> Floats:
    """(samples, d) the same on bootstrap samples of the trials."""
    grids = [grid(dimension, rows) for dimension in dimensions]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(samples):
        drawn = rng.integers(0, len(rows), len(rows))
        found.append(importance([(codes[drawn], size, choice) for codes, size, choice in grids], loss[drawn], quantile))
    return np.array(found)


Grid = tuple[Ints, int, bool]
"""Each trial's place on the grid (-1: not used), how many places there are, whether they are choices."""


def grid(dimension: Dimension, rows: Ints) -> Grid:
    unit = dimension.unit[rows]
    if dimension.choices:
        size = len(dimension.choices)
    elif dimension.whole and dimension.log:
        size = min(math.ceil(math.log2(dimension.high - dimension.low + 1)) + 1, STEPS)
    else:
        size = min(dimension.count or STEPS, STEPS)
    with np.errstate(invalid="ignore"):
        codes = np.clip(np.ceil(unit * (size - 1) - 0.5), 0, size - 1)  # ties go to the lower place
    return np.where(np.isnan(unit), -1, codes).astype(np.int64), size, bool(dimension.choices)


def importance(grids: Sequence[Grid], loss: Floats, quantile: float) -> Floats:
    count = max(math.ceil(quantile * len(loss)), 1)
    best = loss <= np.partition(loss, count - 1)[count - 1]
    share = best.sum() / len(loss)
    out = np.zeros(len(grids))
    for j, (codes, size, choice) in enumerate(grids):
        used = codes >= 0
        if size < 2 or used.sum() < 2 or not (used & best).any():
            continue
        in_best, in_all = (used & best).sum() / best.sum(), used.mean()
        top = density(np.bincount(codes[used & best], minlength=size), choice) + _TINY
        every = density(np.bincount(codes[used], minlength=size), choice) + _TINY
        out[j] = share**2 * in_best**2 / in_all * float(every @ (top / every - 1) ** 2)
    return out


def density(counts: Ints, choice: bool) -> Floats:
    """(g,) a smooth density on the grid from how many trials lie at each place; it sums to 1."""
    total, size = int(counts.sum()), len(counts)
    if choice:
        kernels = np.full((size, size), 1.0 / (len(np.flatnonzero(counts)) + 1)) + np.eye(size)
        kernels /= kernels.sum(axis=1, keepdims=True)
        flat = np.full(size, 1.0 / size)
    else:
        kernels, flat = _kernel(size, _bandwidth(counts)), _wide(size)
    return np.asarray((counts @ kernels + flat) / (total + 1))


def _bandwidth(counts: Ints) -> float:
    """Scott's rule with the quartiles, in places of the grid; wide enough that nine tenths stay within a place."""
    places = np.flatnonzero(counts)
    weights = counts[places]
    upto, total = np.cumsum(weights), int(weights.sum())
    mean = places @ weights / total
    deviation = math.sqrt(float((places - mean) ** 2 @ weights) / max(1, total - 1))
    first = int(np.searchsorted(upto, total // 4, side="left"))
    third = int(np.searchsorted(upto, total * 3 // 4, side="right"))
    quartiles = places[min(len(places) - 1, third)] - places[first]
    return max(1.059 * min(float(quartiles) / 1.34, deviation) * math.pow(total, -0.2), 0.5 / 1.64)


def _kernel(size: int, sigma: float) -> Floats:
    """(g, g) row m: a normal around place m, cut off at the ends of the grid and summed over each place."""
    edges = np.array([0.5 * (1 + math.erf(at / sigma / math.sqrt(2))) for at in np.arange(-size, size) + 0.5])
    places = np.arange(size)
    upto = edges[(places[None, :] - places[:, None]) + size]  # up to the right end of each place
    before = edges[(places[None, :] - places[:, None]) + size - 1]
    found = upto - before
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _wide(size: int) -> Floats:
    """(g,) the prior: a normal at the middle, as wide as the grid."""
    ends = [0.5 * (1 + math.erf((at - 0.5 - (size - 1) / 2) / size / math.sqrt(2))) for at in range(size + 1)]
    found = np.diff(np.array(ends))
    return np.asarray(found / found.sum())
