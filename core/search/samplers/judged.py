"""What a history says of its points, as one finite loss each: what every model and population is built on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hptui.core.search.protocol import Array, History, Kind
from hptui.core.search.samplers.axes import Bools, Ints


@dataclass(frozen=True)
class Judged:
    """The trials that say something about their point, by ascending number.

    x: (m, d), NaN where inactive. loss: (m,) finite. ruled_out: (m,) those that have no loss of their own.
    """

    x: Array
    loss: Array
    numbers: Ints
    ruled_out: Bools

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def best(self) -> float:
        return float(self.loss.min())

    def first(self, count: int) -> Judged:
        return Judged(self.x[:count], self.loss[:count], self.numbers[:count], self.ruled_out[:count])


def judged(history: History) -> Judged:
    """Complete, pruned and infeasible trials; failed ones say nothing, pending ones not yet.

    A pruned trial might have become better, but was stopped since others were: its loss is its last one, and
    at best the median of the complete ones. An infeasible point, and one whose loss is not a number or
    infinite, is as bad as the worst.
    """
    kind, y = history.kind, history.y
    complete, pruned = kind == Kind.COMPLETE, (kind == Kind.PRUNED) & np.isfinite(y)
    told = complete & np.isfinite(y)
    ruled_out = (complete & (np.isnan(y) | (y == np.inf))) | (kind == Kind.INFEASIBLE)
    loss = np.where(told | pruned, y, 0.0)
    if told.any():
        loss[pruned] = np.maximum(loss[pruned], np.median(loss[told]))
    known = loss[told | pruned]
    loss[ruled_out] = known.max() if len(known) else 0.0
    endless = complete & (y == -np.inf)
    loss[endless] = known.min() if len(known) else 0.0
    rows = np.flatnonzero(told | pruned | ruled_out | endless)
    rows = rows[np.argsort(history.numbers[rows], kind="stable")]
    return Judged(history.x[rows], loss[rows], history.numbers[rows], ruled_out[rows])


def pending(history: History) -> Array:
    """(p, d) the points of trials that run, wait or are held."""
    points: Array = history.x[history.kind == Kind.PENDING]
    return points


def ranks(loss: Array) -> Ints:
    """(m,) 0 for the lowest loss; of equal ones the earlier comes first."""
    places = np.empty(len(loss), np.int64)
    places[np.argsort(loss, kind="stable")] = np.arange(len(loss))
    return places
