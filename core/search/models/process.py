"""One Gaussian process over any value of a trial: a further objective, a constraint."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.committee import Committee, Member
from hptui.core.search.models.gp import Prior
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.learning import Recipe, learn
from hptui.core.search.models.observed import observe, thinned
from hptui.core.search.protocol import Array, History, Kind

# lengths that grow with the dimension: Hvarfner et al. 2024, section 5
RECIPE = Recipe("power", Prior(math.sqrt(2.0), math.sqrt(3.0), -4.0, 1.0))
LARGEST = 400  # trials it sees; of more, a selection
_TURN = 3  # trials between two times that settings are learned


@dataclass(frozen=True)
class Process:
    """What is known of a value at any point, on a scale where it looks normal."""

    member: Member
    layout: Layout

    @staticmethod
    def of(x: Array, values: Array, pending: Array, layout: Layout) -> Process:
        """After `values` (n,), n >= 1, finite, at the points x (n, d), with settings learned every few trials.

        pending: (q, d) points whose value is awaited: taken to be as expected (Kriging believer, Ginsbourger et al.
        2010).
        """
        steps: NDArray[np.int64] = np.zeros(len(x) + len(pending), np.int64)
        kind = np.r_[np.full(len(x), int(Kind.COMPLETE)), np.full(len(pending), int(Kind.PENDING))]
        y = np.r_[values, np.full(len(pending), np.nan)]
        seen = observe(History(np.vstack([x, pending]), y, kind, np.arange(len(y)), steps), layout)
        learned = learn(RECIPE, seen.first(len(seen) - len(seen) % _TURN or len(seen)), layout)
        kept = seen.chosen(thinned(seen.y, LARGEST))
        [member] = Committee.of([learned], kept, layout).members
        return Process(member, layout)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Mean (m,) and standard deviation (m,) at snapped points (m, d), on the scale."""
        return self.member.posterior.predict(self.layout.features(x))

    def scaled(self, values: Array) -> Array:
        return self.member.transform.forward(values)

    @property
    def believed(self) -> Array:
        """(q,) what pending trials are taken to be, on the scale."""
        return self.member.posterior.believed

    def told(self, x: Array) -> tuple[float, float]:
        """The value expected at one snapped point (d,), and its doubt, in its own units."""
        mean, sd = self.predict(x[None, :])
        return self.member.told(float(mean[0]), float(sd[0]))[:2]
