"""What is expected of every trial and of new points at the end of a full training, from all curves so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.curve_coverage import widening_of
from hptui.core.search.models.curve_fit import Observations, levels, settings
from hptui.core.search.models.curve_kernel import Rows
from hptui.core.search.models.curve_posterior import CurvePosterior
from hptui.core.search.models.curve_scale import LossScale
from hptui.core.search.protocol import Array

LARGEST = 500  # observations that a process is made of; of more, a selection
_REMEMBERED = 3


@dataclass(frozen=True)
class Expected:
    """At the end, as z of `scale`: mean and standard deviation of the points (c,) and of the trials (t,).

    heard: (t,) trials that the model has listened to; nothing is known of the others. widening: by so much more
    than their deviations have predictions of curves' ends missed, at least 1.
    """

    scale: LossScale
    points: tuple[Array, Array]
    trials: tuple[Array, Array]
    heard: NDArray[np.bool_]
    widening: float


def expect(seen: Observations, points: Array) -> Expected:
    """points: (c, p) features of what might be tried. `seen` holds at least one observation.

    A pure function: what it remembers is the same work done before.
    """
    made = _made_of(seen, points)
    posterior, scale = made.posterior, LossScale.of(seen.trial, seen.loss)
    mean, sd = posterior.ends(scale.forward(seen.loss[posterior.rows]))
    heard = np.zeros(len(seen.features), bool)
    heard[posterior.trial[: posterior.n]] = True
    c = len(points)
    return Expected(scale, (mean[:c], sd[:c]), (mean[c:], sd[c:]), heard, made.widening)


def expect_elsewhere(seen: Observations, points: Array, features: Array) -> tuple[Array, Array, Array]:
    """(m,) z's mean and standard deviation of further points (m, p), by the process of `expect(seen, points)`, and
    what is left of the deviation when the trials end as predicted."""
    posterior = _made_of(seen, points).posterior
    z = LossScale.of(seen.trial, seen.loss).forward(seen.loss[posterior.rows])
    return posterior.elsewhere(features, z)


@dataclass(frozen=True)
class _Made:
    """A process, made when the observations were `begun`, and grown since."""

    begun: Observations
    points: Array
    posterior: CurvePosterior
    widening: float

    @staticmethod
    def of(begun: Observations, points: Array) -> _Made:
        posterior = CurvePosterior(settings(begun), points, begun, selected(begun, LARGEST))
        return _Made(begun, points, posterior, widening_of(begun))

    def serves(self, level: int, seen: Observations, points: Array) -> bool:
        """Whether `seen` is what it was made of, and more, and its points are these."""
        known, begun = self.posterior, self.begun
        if level != len(begun) or known.told > len(seen) or known.t > len(seen.features):
            return False
        return (
            (self.points is points or np.array_equal(self.points, points))
            and np.array_equal(seen.loss[:level], begun.loss, equal_nan=True)
            and np.array_equal(seen.trial[known.rows], known.trial[: known.n])
            and np.array_equal(seen.s[known.rows], known.s[: known.n])
            and np.array_equal(seen.features[: known.t], known.features[known.c : known.c + known.t])
        )


_latest: deque[_Made] = deque(maxlen=_REMEMBERED)


def _made_of(seen: Observations, points: Array) -> _Made:
    level = max(levels(len(seen)), default=0)
    made = next((one for one in _latest if one.serves(level, seen, points)), None)
    if made is None:
        made = _Made.of(seen.first(level), points)
        _latest.appendleft(made)
    made.posterior.extend(seen)
    return made


def selected(seen: Observations, most: int) -> Rows:
    """At most `most` observations, ascending: of the better trials the whole curves, of the others first and last."""
    n, t = len(seen), len(seen.features)
    if n <= most:
        return np.arange(n)
    loss = np.where(np.isnan(seen.loss), np.inf, seen.loss)
    best = np.full(t, np.inf)
    np.minimum.at(best, seen.trial, loss)
    rank = np.empty(t)
    rank[np.argsort(best, kind="stable")] = np.arange(t) / t
    weight = -rank[seen.trial]
    weight[np.unique(seen.trial, return_index=True)[1]] += 0.5
    weight[n - 1 - np.unique(seen.trial[::-1], return_index=True)[1]] += 0.5
    return np.sort(np.argsort(-weight, kind="stable")[:most])
