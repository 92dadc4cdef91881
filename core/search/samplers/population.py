"""Seats of a population, read off the history: trial `number` belongs to seat `number` modulo the population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hptui.core.search.protocol import Array
from hptui.core.search.samplers.axes import Axes, Ints
from hptui.core.search.samplers.judged import Judged

_FILLS = 4096  # trials before coordinates that nobody used come again


@dataclass(frozen=True)
class Seats:
    """The best trial that each seat has had, best seat first.

    x: (s, d) snapped; inactive coordinates as `filled` gave them. loss: (s,). seat: (s,) their numbers.
    """

    x: Array
    loss: Array
    seat: Ints

    def __len__(self) -> int:
        return len(self.loss)


def seats(seen: Judged, x: Array, population: int) -> Seats:
    """x: (m, d) the points of `seen`, filled. Of equal losses the later trial holds the seat: it may have moved."""
    number = seen.numbers % population
    order = np.lexsort((-seen.numbers, seen.loss, number))
    first = order[np.unique(number[order], return_index=True)[1]]
    first = first[np.argsort(seen.loss[first], kind="stable")]
    return Seats(x[first], seen.loss[first], number[first])


def filled(axes: Axes, seen: Judged, seed: int) -> Array:
    """(m, d) snapped; where a parameter was inactive, a coordinate that depends on seed and trial alone."""
    x = axes.snap(seen.x)
    if np.isnan(x).any():
        row = seen.numbers % _FILLS
        fills = np.random.default_rng(seed).random((int(row.max()) + 1, x.shape[1]))  # the first rows stay the same
        x = np.where(np.isnan(x), fills[row], x)
    return x


def folded(x: Array) -> Array:
    """Back into the cube by reflection at its ends, so that none collects points."""
    turned = np.abs(x) % 2.0
    return np.asarray(np.where(turned > 1.0, 2.0 - turned, turned))
