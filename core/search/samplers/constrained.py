"""Constraints under any sampler: what breaks them is worse than all that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hptui.core.search.models.layout import Layout
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Proposal, Sampler
from hptui.core.space.space import Space

if TYPE_CHECKING:
    from hptui.core.search.models.process import Process

_ENOUGH = 3  # values of a constraint before there is a model of it
_HUGE = 1e150  # by so much is a constraint broken that is NaN or infinite


@dataclass(frozen=True)
class Constrained:
    """Asks another sampler, with losses that a broken constraint makes bad, and the chance that a point keeps all.

    Samplers with a model multiply what they expect by that chance (`History.tilt`); the others, and all before the
    first trial that keeps all constraints, learn from the losses: a trial that breaks one is worse than the worst that
    keeps all, the more so the further it is off.

    Sources: the order, Deb 2000, section 3; the chance, Gardner et al. 2014, eq. 4.
    """

    inner: Sampler
    space: Space
    models: bool = False  # `inner` heeds the tilt: it gets the losses as they are, only none that broke as the best

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        if not history.constraints:
            return self.inner.ask(history, number)
        found = [self._limit(history, values) for values in history.constraints.values()]
        limits = [limit for limit in found if limit is not None]
        before = history.tilt

        def tilt(x: Array) -> Array:
            total = np.zeros(len(x)) if before is None else before(x)
            for limit in limits:
                total = total + limit.log_chance(x)
            return total

        fair = np.isfinite(history.y) & ~history.violated & (history.kind == Kind.COMPLETE)
        told = set_aside(history) if self.models and fair.any() else replace(history, y=penalised(history))
        answer = self.inner.ask(replace(told, tilt=tilt if limits else before), number)
        if isinstance(answer, Exhausted) or not limits or not answer.outlooks:
            return answer
        chance = float(np.exp(sum(limit.log_chance(self._layout.snap(answer.x[None, :])) for limit in limits))[0])
        return replace(answer, why=f"{answer.why}, {chance:.0%} likely to keep the constraints")

    def _limit(self, history: History, values: Array) -> Limit | None:
        from hptui.core.search.models.process import Process  # SciPy: only where there are constraints

        layout, known = self._layout, np.isfinite(values)
        if known.sum() < _ENOUGH or not layout.columns:
            return None
        waiting = (history.kind == Kind.PENDING) & ~known
        return Limit(Process.of(layout.snap(history.x[known]), values[known], history.x[waiting], layout))

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.space)


@dataclass(frozen=True)
class Limit:
    """A constraint as a model of its value."""

    process: Process

    def log_chance(self, x: Array) -> Array:
        """(m,) log probability that the value is at most 0 at snapped points (m, d)."""
        from scipy.special import log_ndtr

        mean, sd = self.process.predict(x)
        zero = float(self.process.scaled(np.zeros(1))[0])
        return np.asarray(log_ndtr((zero - mean) / sd))


def set_aside(history: History) -> History:
    """Trials that broke a constraint as if they had been stopped: their loss is known, and none of them is the best."""
    aside = history.violated & (history.kind == Kind.COMPLETE)
    return replace(history, kind=np.where(aside, int(Kind.PRUNED), history.kind)) if aside.any() else history


def penalised(history: History) -> Array:
    """(n,) the losses; those of trials that broke a constraint above all others, by how much they broke it.

    Each constraint counts by its usual size, the median of what breaks it.
    """
    y, broken = history.y, history.violated
    if not broken.any():
        return y
    excess = np.zeros(len(y))
    for values in history.constraints.values():
        over = np.where(values > 0, np.minimum(values, _HUGE), 0.0)
        if (over > 0).any():
            usual = over[(over > 0) & (over < _HUGE)]
            excess += np.minimum(over / (float(np.median(usual)) if len(usual) else _HUGE), 1e3)
    fair = y[~broken & np.isfinite(y)]
    known = fair if len(fair) else y[np.isfinite(y)]
    if not len(known):
        return y
    spread = float(np.ptp(known)) or 1.0
    worst = float(known.max()) if len(fair) else 0.0
    scaled = worst + 0.5 * spread * np.log1p(excess)
    return np.where(broken & np.isfinite(y), scaled, y)
