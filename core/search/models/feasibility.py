"""Where trials can run at all, learned from those that could not."""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from hptui.core.search.models.gp import Prior, fit
from hptui.core.search.models.posterior import Posterior
from hptui.core.search.protocol import Array

_PRIOR = Prior(length=-0.5, length_sd=0.7, noise=-3.0, noise_sd=1.0)
_ITERATIONS = 15
_UNLIKELY = 0.5
_FORBIDDING = 1e5


class Feasibility:
    """The probability that a point can be evaluated: a process over +1 (it could) and -1 (it could not).

    feasible: (n, p), infeasible: (m, p) features, m >= 1.
    """

    def __init__(self, feasible: Array, infeasible: Array, groups: tuple[int, ...]) -> None:
        features = np.vstack([feasible, infeasible])
        labels = np.concatenate([np.ones(len(feasible)), -np.ones(len(infeasible))])
        doubt = np.zeros(len(labels))
        settings = fit(features, groups, labels, doubt, _PRIOR, _ITERATIONS)
        self._posterior = Posterior(features, labels, doubt, settings)
        self._noise = settings.noise

    def log_probability(self, features: Array) -> Array:
        """(m,) logarithms, never above 0."""
        mean, sd = self._posterior.predict(features)
        return np.asarray(log_ndtr(mean / np.sqrt(sd * sd + self._noise)))

    def penalty(self, features: Array) -> Array:
        """(m,) to add to a log expected improvement: the log of the chance, and far more below `_UNLIKELY`.

        The logarithm alone is no match for an improvement that seems certain beyond the border.
        """
        log_p = self.log_probability(features)
        return np.asarray(log_p - _FORBIDDING * np.maximum(_UNLIKELY - np.exp(log_p), 0.0))
