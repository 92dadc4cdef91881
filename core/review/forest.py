"""A small regression forest on a grid of bins, made for taking apart rather than for predicting. Pure numpy.

Trees are grown a level at a time, all nodes of a level at once by counting, so that 32 trees of 1,000 points take
about a second without a library. Every split lies between two bins, so a leaf is a box of bins and integrals over
the space are exact sums (Hutter, Hoos & Leyton-Brown 2014, section 4.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.review.columns import Dimension, Floats, Ints

BINS = 48
TREES = 32
DEEPEST = 48


@dataclass(frozen=True, eq=False)
class Bins:
    """How one parameter is cut. measure: (b,) each bin's share of the space, in all 1. The last bin is `not used`
    where some trials lack the parameter: its share is that of these trials."""

    name: str
    measure: Floats
    unused: bool

    def __len__(self) -> int:
        return len(self.measure)

    @property
    def used(self) -> int:
        """Bins that stand for values."""
        return len(self.measure) - self.unused


@dataclass(frozen=True, eq=False)
class Tree:
    """Leaves. low, high: (leaves, d) the first bin and the one after the last; value: (leaves,)."""

    low: Ints
    high: Ints
    value: Floats


@dataclass(frozen=True, eq=False)
class Forest:
    bins: tuple[Bins, ...]
    trees: tuple[Tree, ...]


def cut(dimension: Dimension, rows: Ints) -> tuple[Bins, Ints]:
    """The bins of a parameter and the bin of each of `rows`."""
    unit = dimension.unit[rows]
    missing = np.isnan(unit)
    count = dimension.count or BINS
    share = float(missing.mean()) if len(rows) else 0.0
    measure = np.full(count, (1.0 - share) / count)
    filled = np.clip(np.where(missing, 0.0, unit), 0.0, 1.0)
    if dimension.count is not None:
        codes = np.floor(filled * (count - 1) + 0.5)
    else:
        codes = np.minimum(np.floor(filled * count), count - 1)
    if share:
        measure = np.r_[measure, share]
        codes = np.where(missing, count, codes)
    return Bins(dimension.name, measure, share > 0), codes.astype(np.int64)


def grow(dimensions: Sequence[Dimension], rows: Ints, loss: Floats, trees: int = TREES, seed: int = 0) -> Forest:
    """Trees on bootstrap samples, all parameters considered at every split, at least two points in a leaf.

    loss: (len(rows),) finite.
    """
    cuts = [cut(dimension, rows) for dimension in dimensions]
    codes = np.column_stack([code for _, code in cuts])
    bins = tuple(one for one, _ in cuts)
    rng = np.random.default_rng(seed)
    n = len(rows)
    grown = []
    for _ in range(trees):
        weight = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
        grown.append(_tree(codes, loss, weight, np.array([len(one) for one in bins])))
    return Forest(bins, tuple(grown))


def _tree(codes: Ints, y: Floats, weight: Floats, sizes: Ints) -> Tree:
    """codes: (n, d). weight: (n,) how often each point counts."""
    taken = weight > 0
    codes, y, weight = codes[taken], y[taken], weight[taken]
    d, wide = codes.shape[1], int(sizes.max())
    node = np.zeros(len(y), np.int64)
    low, high = np.zeros((1, d), np.int64), sizes[None].copy()
    leaves: list[tuple[Ints, Ints, Floats]] = []
    for depth in range(DEEPEST + 1):
        k = len(low)
        count, total = _sums(node, weight, k), _sums(node, weight * y, k)
        which, at = _splits(codes, y, weight, node, k, wide, count, total)
        if depth == DEEPEST:
            which[:] = -1
        ends = which < 0
        leaves.append((low[ends], high[ends], total[ends] / np.maximum(count[ends], 1e-300)))
        if ends.all():
            break
        low, high, node, kept = _children(low, high, node, codes, which, at)
        codes, y, weight = codes[kept], y[kept], weight[kept]
    lows, highs, values = zip(*leaves, strict=True)
    return Tree(np.concatenate(lows), np.concatenate(highs), np.concatenate(values))


def _sums(node: Ints, weight: Floats, k: int) -> Floats:
    return np.bincount(node, weight, k).astype(np.float64)


def _splits(
    codes: Ints, y: Floats, weight: Floats, node: Ints, k: int, wide: int, count: Floats, total: Floats
) -> tuple[Ints, Ints]:
    """For each node the parameter to split (-1: none helps) and the first bin of its right side."""
    best = np.full(k, 1e-12) + total**2 / np.maximum(count, 1e-300) * (1 + 1e-12)
    which, at = np.full(k, -1), np.zeros(k, np.int64)
    for j in range(codes.shape[1]):
        flat = node * wide + codes[:, j]
        left = np.cumsum(np.bincount(flat, weight, k * wide).reshape(k, wide), axis=1)[:, :-1]
        left_sum = np.cumsum(np.bincount(flat, weight * y, k * wide).reshape(k, wide), axis=1)[:, :-1]
        right, right_sum = count[:, None] - left, total[:, None] - left_sum
        allowed = (left >= 2) & (right >= 2)
        gain = np.where(allowed, left_sum**2 / np.maximum(left, 1) + right_sum**2 / np.maximum(right, 1), -np.inf)
        if not gain.shape[1]:
            continue
        place = gain.argmax(axis=1)
        found = gain[np.arange(k), place]
        better = found > best
        best[better], which[better], at[better] = found[better], j, place[better] + 1
    return which, at


def _children(
    low: Ints, high: Ints, node: Ints, codes: Ints, which: Ints, at: Ints
) -> tuple[Ints, Ints, Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """The boxes of the next level, the node of each point that goes on, and which points do."""
    inner = np.flatnonzero(which >= 0)
    number = np.full(len(which), -1)
    number[inner] = np.arange(len(inner)) * 2
    lows, highs = np.repeat(low[inner], 2, axis=0), np.repeat(high[inner], 2, axis=0)
    left, right = np.arange(len(inner)) * 2, np.arange(len(inner)) * 2 + 1
    highs[left, which[inner]], lows[right, which[inner]] = at[inner], at[inner]
    kept = which[node] >= 0
    of = node[kept]
    goes_right = codes[kept, which[of]] >= at[of]
    return lows, highs, number[of] + goes_right, kept


def volumes(forest: Forest, tree: Tree) -> Floats:
    """(leaves, d) the share of each parameter's range that a leaf covers."""
    return np.column_stack(
        [
            (edges := np.r_[0.0, np.cumsum(one.measure)])[tree.high[:, j]] - edges[tree.low[:, j]]
            for j, one in enumerate(forest.bins)
        ]
    )


def marginals(forest: Forest, j: int) -> Iterator[Floats]:
    """For each tree the loss over the bins of parameter j, all others averaged out: (b,). Eq. 2 of the paper."""
    size = len(forest.bins[j])
    for tree in forest.trees:
        volume = volumes(forest, tree)
        share = tree.value * volume.prod(axis=1) / volume[:, j]
        change = np.bincount(tree.low[:, j], share, size + 1) - np.bincount(tree.high[:, j], share, size + 1)
        yield np.cumsum(change)[:size]


def marginal_of_two(forest: Forest, j: int, k: int) -> Iterator[Floats]:
    """For each tree the loss over the bins of parameters j and k: (b_j, b_k)."""
    a, b = len(forest.bins[j]), len(forest.bins[k])
    for tree in forest.trees:
        volume = volumes(forest, tree)
        share = tree.value * volume.prod(axis=1) / (volume[:, j] * volume[:, k])
        change = np.zeros((a + 1) * (b + 1))
        for x, y, sign in (
            (tree.low[:, j], tree.low[:, k], 1.0), (tree.high[:, j], tree.low[:, k], -1.0),
            (tree.low[:, j], tree.high[:, k], -1.0), (tree.high[:, j], tree.high[:, k], 1.0),
        ):  # fmt: skip
            change += sign * np.bincount(x * (b + 1) + y, share, len(change))
        yield change.reshape(a + 1, b + 1).cumsum(axis=0).cumsum(axis=1)[:a, :b]
