"""fANOVA: how much of the loss's variance over the space each parameter, and each pair, accounts for. Pure.

Source: Hutter, Hoos & Leyton-Brown 2014, "An Efficient Approach for Assessing Hyperparameter Importance", equations
2 to 8, on the trees of `forest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hptui.core.review.columns import Floats
from hptui.core.review.forest import Forest, marginal_of_two, marginals, volumes


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of variance by tree, each tree grown on another sample of the trials: their spread is the uncertainty.

    main: (trees, d). pairs: (trees, p) beyond what the two do by themselves; `of`: the two parameters of each.
    """

    main: Floats
    pairs: Floats
    of: tuple[tuple[int, int], ...]


def variances(forest: Forest) -> tuple[Floats, Floats]:
    """(trees,) the mean and the variance of each tree over the space. Equations 3 and 4."""
    means, found = [], []
    for tree in forest.trees:
        volume = volumes(forest, tree).prod(axis=1)
        mean = float(volume @ tree.value)
        means.append(mean)
        found.append(float(volume @ (tree.value - mean) ** 2))
    return np.array(means), np.array(found)


def fanova(forest: Forest, most_pairs: int = 28) -> Shares:
    """Main effects of all parameters, and interactions among the strongest of them (`most_pairs` pairs at most).

    Trees that found nothing to split by say nothing; when all are such, every share is 0.
    """
    mean, total = variances(forest)
    known = (total > 0) & [len(tree.value) > 1 for tree in forest.trees]  # of one leaf the variance is a rounding error
    if not known.any():
        return Shares(np.zeros((1, len(forest.bins))), np.zeros((1, 0)), ())
    main = np.zeros((len(forest.trees), len(forest.bins)))
    for j, one in enumerate(forest.bins):
        for t, curve in enumerate(marginals(forest, j)):
            main[t, j] = one.measure @ (curve - mean[t]) ** 2  # equation 6
    strongest = _strongest(main[known], most_pairs)
    pairs = np.zeros((len(forest.trees), len(strongest)))
    for p, (j, k) in enumerate(strongest):
        weight = np.outer(forest.bins[j].measure, forest.bins[k].measure)
        for t, field in enumerate(marginal_of_two(forest, j, k)):
            pairs[t, p] = (weight * (field - mean[t]) ** 2).sum() - main[t, j] - main[t, k]  # equation 7
    scale = total[known, None]
    return Shares(main[known] / scale, np.maximum(pairs[known], 0.0) / scale, tuple(strongest))


def _strongest(main: Floats, most: int) -> Sequence[tuple[int, int]]:
    order = [int(j) for j in np.argsort(-main.mean(axis=0))] if len(main) else []
    kept = order[: next((k for k in range(len(order), 1, -1) if k * (k - 1) // 2 <= most), len(order))]
    return [(min(pair), max(pair)) for pair in combinations(kept, 2)]
