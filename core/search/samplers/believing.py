"""Priors under any sampler: what the user believes of parameters is tried first, and counts less with every trial."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from msgspec import UNSET

from hptui.core.search.protocol import Array, Exhausted, History, Proposal, Sampler
from hptui.core.search.samplers.agreement import known, trust
from hptui.core.search.samplers.fresh import Fresh
from hptui.core.space.parameter import Categorical, Float, Int, Parameter
from hptui.core.space.space import Space

_POWER = 10.0  # of the prior in what is promised, divided by the number of trials
_DRAWN, _DRAWN_AFTER = 0.5, 5.0  # every second point is a draw from the prior; from so many trials on, fewer
_SPREAD = 0.15  # of a range, where a prior does not say


@dataclass(frozen=True)
class Believing:
    """Asks another sampler, in turns with draws from the prior.

    Samplers with a model multiply what they expect by a power of the prior that falls with the number of trials.
    Both fall faster where the trials do not bear the prior out (`agreement.trust`), so a wrong one is soon forgotten.

    Sources: the power, piBO, Hvarfner et al. 2022, eq. 6; the draws, PriorBand, Mallik et al. 2023, section 5.
    """

    inner: Sampler
    space: Space
    seed: int
    grows: bool = False

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        rows = known(history)
        n = len(rows)
        counts = trust(-self.log_density(history.x[rows]), history.y[rows])
        rng = np.random.default_rng([self.seed, number, 1])
        if rng.random() < counts * _DRAWN * min(1.0, _DRAWN_AFTER / (n + 1)):
            why = f"a draw from your prior, which counts {counts:.0%} by {n} trials"
            return self._fresh.choose(history, number, self._drawn(rng), why)
        power = counts * _POWER / max(n, 1)
        before = history.tilt

        def tilt(x: Array) -> Array:
            believed = power * self.log_density(x)
            return believed if before is None else believed + before(x)

        return self.inner.ask(replace(history, tilt=tilt), number)

    def log_density(self, x: Array) -> Array:
        """(m,) of points (m, d), up to a constant; what has no prior or is inactive says nothing."""
        total = np.zeros(len(x))
        for i, parameter in self._believed:
            u = x[:, i]
            if isinstance(parameter, Categorical):
                there = np.minimum(u * parameter.count, parameter.count - 1)
                said = np.where(np.floor(there) == _index(parameter), 0.0, -math.log(max(parameter.count - 1, 1)))
            else:
                said = -0.5 * ((u - _center(parameter)) / width(parameter)) ** 2
            total += np.where(np.isnan(u), 0.0, said)
        return total

    def _drawn(self, rng: np.random.Generator, count: int = 8) -> Array:
        """(count, d) points: as believed where something is, uniform elsewhere."""
        x = rng.random((count, self.space.dim))
        for i, parameter in self._believed:
            if isinstance(parameter, Categorical):
                own = rng.random(count) < 0.5
                x[:, i] = np.where(own, _center(parameter), x[:, i])
                continue
            draws = _center(parameter) + width(parameter) * rng.standard_normal((count, 32))
            inside = (draws >= 0.0) & (draws <= 1.0)  # a truncated normal, by rejection
            first = draws[np.arange(count), inside.argmax(axis=1)]
            x[:, i] = np.clip(first, 0.0, 1.0)
        return x

    @cached_property
    def _believed(self) -> list[tuple[int, Parameter]]:
        return [(i, p) for i, p in enumerate(self.space.parameters.values()) if p.prior is not None]

    @cached_property
    def _fresh(self) -> Fresh:
        return Fresh(self.space, self.seed, self.grows)


def width(parameter: Float | Int) -> float:
    """One standard deviation of the prior, as a share of the coordinate."""
    spread = None if parameter.prior is None else parameter.prior.spread
    if spread is None or parameter.low == parameter.high:
        return _SPREAD
    if parameter.log:
        half = 0.5 if isinstance(parameter, Int) else 0.0
        return math.log(spread) / math.log((parameter.high + half) / (parameter.low - half))
    step = 0.0 if isinstance(parameter, Float) else float(parameter.step or 1)
    return spread / (parameter.high - parameter.low + step)


def _center(parameter: Parameter) -> float:
    prior = parameter.prior
    own = parameter.default if prior is None or prior.center is UNSET else prior.center
    return float(parameter.unit(own))


def _index(parameter: Categorical) -> int:
    return int(_center(parameter) * parameter.count)
