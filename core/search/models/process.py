"""One Gaussian process over any value of a trial: a further objective, a constraint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.committee import RECIPES, Recipe, learn
from hptui.core.search.models.gp import Posterior
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import observe, thinned
from hptui.core.search.models.transforms import Transform, fit_transform
from hptui.core.search.protocol import Array, History, Kind

RECIPE = Recipe("power", RECIPES[1].prior)
LARGEST = 400  # trials it sees; of more, a selection
_TURN = 3  # trials between two times that settings are learned


@dataclass(frozen=True)
class Process:
    """What is known of a value at any point, on a scale where it looks normal. `Transform` turns values to it."""

    posterior: Posterior
    transform: Transform
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
        transform = fit_transform(RECIPE.transform, kept.y)
        posterior = Posterior(
            layout.features(kept.x),
            transform.forward(kept.y),
            kept.doubt,
            learned.settings,
            layout.features(kept.pending),
            np.zeros((len(kept.pending), 1)),
        )
        return Process(posterior, transform, layout)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Mean (m,) and standard deviation (m,) at snapped points (m, d), on the scale."""
        mean, sd = self.posterior.predict(self.layout.features(x))
        return mean[:, 0], sd

    def told(self, x: Array) -> tuple[float, float]:
        """The value expected at one snapped point (d,), and its doubt, in its own units."""
        mean, sd = self.predict(x[None, :])
        middle, low, high = self.transform.backward(mean[0] + np.array([0.0, -1.0, 1.0]) * sd[0]).tolist()
        return middle, 0.5 * (high - low)
