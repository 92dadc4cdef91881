"""Matérn-5/2 with one length per parameter, of all parameters together and of each by itself.

Sources: Rasmussen & Williams 2006, eq. 4.17; sums over single parameters, Duvenaud, Nickisch & Rasmussen 2011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Array


def matern(r2: Array) -> Array:
    """The correlation at squared scaled distance `r2`: 1 at 0."""
    return _matern_of(np.sqrt(5.0 * r2))


def _matern_of(t: Array) -> Array:
    """At sqrt(5) times a scaled distance. In place: this is most of what a model costs."""
    decay = np.exp(-t)
    value = t * (1.0 / 3.0)
    value += 1.0
    value *= t
    value += 1.0
    value *= decay
    return value


def matern_and_slope(r2: Array) -> tuple[Array, Array]:
    """The correlation, and its derivative by `r2`: -5/6 (1 + t) exp(-t), t = sqrt(5 r2)."""
    t = np.sqrt(5.0 * r2)
    slope = np.exp(-t)
    value = t * t
    value *= slope
    value *= 1.0 / 3.0
    t += 1.0
    slope *= t
    value += slope
    slope *= -5.0 / 6.0
    return value, slope


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
    return np.asarray(np.maximum(r2, 0.0))


@dataclass(frozen=True)
class Kernel:
    """signal * matern(all parameters) + alone * mean over parameters of matern(that parameter).

    lengths, alone_lengths: (g,) by group; columns of the features belong to `groups`.
    """

    groups: tuple[int, ...]
    lengths: Array
    signal: float
    alone_lengths: Array
    alone: float = 0.0

    @property
    def variance(self) -> float:
        return self.signal + self.alone

    @cached_property
    def by_column(self) -> Array:
        """(p,) the length of each column."""
        return self.lengths[list(self.groups)]

    @cached_property
    def _columns(self) -> list[list[int]]:
        return [[k for k, g in enumerate(self.groups) if g == group] for group in range(len(self.lengths))]

    @cached_property
    def _membership(self) -> Array:
        """(p, g): 1 where a column belongs to a group."""
        return np.asarray(np.equal.outer(self.groups, range(len(self.lengths))), float)

    def between(self, a: Array, b: Array) -> Array:
        """(m, n) covariances of features (m, p) and (n, p)."""
        k = self.signal * matern(cross_distances(a / self.by_column, b / self.by_column))
        if self.alone > 0:
            share = self.alone / len(self.lengths)
            for columns, length in zip(self._columns, self.alone_lengths, strict=True):
                if len(columns) == 1:
                    scale = math.sqrt(5.0) / length
                    t = np.abs(np.subtract.outer(a[:, columns[0]] * scale, b[:, columns[0]] * scale))
                    part = _matern_of(t)
                else:
                    part = matern(cross_distances(a[:, columns] / length, b[:, columns] / length))
                part *= share
                k += part
        return k

    def with_slopes(self, a: Array, b: Array) -> tuple[Array, Array]:
        """Covariances (m, n), and their derivatives (m, n, p) by the features `a`; for few rows."""
        away = a[:, None, :] - b[None, :, :]
        scaled = away / self.by_column
        correlation, slope = matern_and_slope(np.einsum("ijk,ijk->ij", scaled, scaled))
        k = self.signal * correlation
        # d matern / d feature = slope 2 away / length^2
        slopes = (2.0 * self.signal) * slope[:, :, None] * (scaled / self.by_column)
        if self.alone > 0:
            share, lengths = self.alone / len(self.lengths), self.alone_lengths[list(self.groups)]
            part = away / lengths
            correlation, slope = matern_and_slope((part * part) @ self._membership)
            k += share * correlation.sum(axis=-1)
            slopes += (2.0 * share) * slope[:, :, list(self.groups)] * (part / lengths)
        return k, slopes
