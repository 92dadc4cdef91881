"""Matérn-5/2 with one length scale per parameter, and its derivatives.

Source: Rasmussen & Williams 2006, eq. 4.17.
"""

from __future__ import annotations

import numpy as np

from hptui.core.search.protocol import Array


def matern(r2: Array) -> Array:
    """The correlation at squared scaled distance `r2`: 1 at 0."""
    t = np.sqrt(5.0 * r2)
    return np.asarray((1.0 + t + t * t / 3.0) * np.exp(-t))


def matern_and_slope(r2: Array) -> tuple[Array, Array]:
    """The correlation, and its derivative by `r2`: -5/6 (1 + t) exp(-t), t = sqrt(5 r2)."""
    t = np.sqrt(5.0 * r2)
    decay = np.exp(-t)
    slope = (1.0 + t) * decay
    return slope + (t * t / 3.0) * decay, (-5.0 / 6.0) * slope


def pair_distances(features: Array, groups: tuple[int, ...]) -> Array:
    """(g, n (n - 1) / 2) squared distances by group, for the pairs below the diagonal, row by row."""
    rows, columns = np.tril_indices(len(features), -1)
    squares = np.zeros((max(groups, default=-1) + 1, len(rows)))
    for k, group in enumerate(groups):
        squares[group] += (features[rows, k] - features[columns, k]) ** 2
    return squares


def cross_distances(a: Array, b: Array) -> Array:
    """(m, n) squared distances between rows of (m, p) `a` and (n, p) `b`, both divided by their lengths."""
    r2 = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b)[None, :]
    r2 -= 2.0 * (a @ b.T)
    return np.maximum(r2, 0.0)
