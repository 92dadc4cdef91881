"""A history as models read it: losses that can be trusted, and how far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.layout import Layout
from hptui.core.search.protocol import Array, History, Kind

PRUNED_DOUBT = 0.05  # variance of standardised losses added where a trial was stopped before its end
_HUGE = 1e150  # squares of larger losses can't be added up


@dataclass(frozen=True)
class Observed:
    """Points are snapped, (., d), by trial number.

    x, y: where a loss is known: complete trials, and pruned ones at their last value. numbers: (n,) of these
    trials. stopped: (n,) which are pruned. pending, infeasible: points of such trials. Failed trials are nowhere:
    they say nothing.
    """

    x: Array
    y: Array
    numbers: NDArray[np.int64]
    stopped: NDArray[np.bool_]
    pending: Array
    infeasible: Array

    def __len__(self) -> int:
        return len(self.y)

    @property
    def doubt(self) -> Array:
        return np.where(self.stopped, PRUNED_DOUBT, 0.0)

    def first(self, n: int) -> Observed:
        return self.chosen(np.arange(n))

    def chosen(self, rows: NDArray[np.int64]) -> Observed:
        return replace(
            self, x=self.x[rows], y=self.y[rows], numbers=self.numbers[rows], stopped=self.stopped[rows]
        )


def observe(history: History, layout: Layout) -> Observed:
    """What `history` says. A loss of +inf is as bad as the worst known one, one of -inf or NaN is unknown.

    Finite ones beyond 1e150 are taken as that.
    """
    x = layout.snap(history.x)
    known = np.isin(history.kind, (Kind.COMPLETE, Kind.PRUNED)) & (history.y > -np.inf)
    y = history.y[known]
    finite = y[np.isfinite(y)]
    if not len(finite):
        known = np.zeros(len(history), bool)
        y = np.empty(0)
    else:
        y = np.clip(np.minimum(y, finite.max()), -_HUGE, _HUGE)
    return Observed(
        x[known],
        y,
        history.numbers[known],
        history.kind[known] == Kind.PRUNED,
        x[history.kind == Kind.PENDING],
        x[history.kind == Kind.INFEASIBLE],
    )


def thinned(y: Array, most: int) -> NDArray[np.int64]:
    """At most `most` rows, ascending: the better half of them by loss, the rest evenly from all others."""
    if len(y) <= most:
        return np.arange(len(y))
    order = np.argsort(y, kind="stable")
    good, others = order[: most // 2], np.sort(order[most // 2 :])
    spaced = np.linspace(0, len(others) - 1, most - most // 2).round().astype(np.int64)
    return np.sort(np.concatenate([good, others[spaced]]))
