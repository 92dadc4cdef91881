"""A Gaussian process over configuration and curve: its covariance, and how probable its settings are.

An observation is a trial at a time `s`, the log of its step as a share of the log of the last one: 0 at the first
report, 1 at the end. Levels and slopes over `s` are shared by all, alike for like points, and a trial's own:

    k = m0 + m1 s s' + matern(x, x') (c0 + c1 s s') + [same trial] (a0 + a1 s s' + w min(s, s')) + noise

Sources: freeze-thaw, Swersky, Snoek & Adams 2014; one process over configurations and epochs, Tiao et al. 2020
(MOBSTER); marginal likelihood and its gradient, Rasmussen & Williams 2006, eq. 5.8 and 5.9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from hptui.core.search.models.kernels import cross_distances, matern, matern_and_slope
from hptui.core.search.protocol import Array

Rows = NDArray[np.int64]

NAMES = ("m0", "m1", "c0", "c1", "a0", "a1", "w", "noise")
# modes of the priors of the variances, of standardised losses
TYPICAL = np.log([0.5, 1.0, 0.5, 0.2, 0.1, 0.1, 0.05, 0.02])
SPREAD = 1.0  # standard deviation of the log of each
LENGTH, LENGTH_SPREAD = math.log(0.7), 0.8  # of the log of the lengths
LOWEST, HIGHEST = -9.0, 5.0  # of any logarithm: beyond, nothing changes but overflows


@dataclass(frozen=True)
class CurveKernel:
    """theta: logarithms, (g + 8,): a length for each parameter, then `NAMES`."""

    groups: tuple[int, ...]
    theta: Array

    @cached_property
    def lengths(self) -> Array:
        """(p,) of the columns of features."""
        return np.asarray(np.exp(self.theta[: -len(NAMES)])[list(self.groups)])

    @cached_property
    def variances(self) -> dict[str, float]:
        return dict(zip(NAMES, np.exp(self.theta[-len(NAMES) :]).tolist(), strict=True))

    def likeness(self, a: Array, b: Array) -> Array:
        """(m, n) of features (m, p) and (n, p): how alike two points are."""
        return matern(cross_distances(a / self.lengths, b / self.lengths))

    def between(self, likeness: Array, same: Array, s: Array, t: Array) -> Array:
        """(m, n) covariance, without noise.

        likeness, same: (m, n) of the trials. s, t: times, (m, 1) and (n,) or anything else that fits.
        """
        v = self.variances
        st = s * t
        own = v["a0"] + v["a1"] * st + v["w"] * np.minimum(s, t)
        return np.asarray(v["m0"] + v["m1"] * st + likeness * (v["c0"] + v["c1"] * st) + same * own)

    def variance(self, s: Array) -> Array:
        """What is not known of anything at times `s`, without noise."""
        v, ss = self.variances, s * s
        return np.asarray(v["m0"] + v["c0"] + v["a0"] + (v["m1"] + v["c1"] + v["a1"]) * ss + v["w"] * s)


class CurveEvidence:
    """The negative log posterior of settings, up to a constant, with its gradient.

    squares: (g, t, t) squared distances of the trials by parameter. trial: (n,) row of each observation, ascending.
    """

    def __init__(self, squares: Array, trial: Rows, s: Array, z: Array) -> None:
        self.squares, self.s, self.z = squares.reshape(len(squares), squares.shape[1] ** 2), s, z
        self.shape = squares.shape[1:]
        self.places = np.ix_(trial, trial)
        self.ends = np.flatnonzero(np.r_[True, np.diff(trial) > 0])  # first observation of each trial
        self.ss = np.outer(s, s)
        one, other = np.nonzero(np.equal.outer(trial, trial))
        self.same = one * len(s) + other  # flat places of the pairs of one trial
        self.own, self.low = s[one] * s[other], np.minimum(s[one], s[other])
        self.mode = self.modes(len(squares))
        self.spread = np.r_[np.full(len(squares), LENGTH_SPREAD), np.full(len(NAMES), SPREAD)]

    @staticmethod
    def modes(g: int) -> Array:
        """The most probable settings before anything is known."""
        return np.asarray(np.r_[np.full(g, LENGTH), TYPICAL])

    def __call__(self, theta: Array) -> tuple[float, Array]:
        g, s = len(self.squares), self.s
        m0, m1, c0, c1, a0, a1, w, noise = np.exp(theta[g:])
        inverse_squares = np.exp(-2.0 * theta[:g])  # (g,)
        likeness, slope = matern_and_slope((inverse_squares @ self.squares).reshape(self.shape))
        by_trial = likeness[self.places]
        share = c1 * self.ss
        share += c0
        covariance = m1 * self.ss
        covariance += m0
        covariance += by_trial * share
        covariance.ravel()[self.same] += a0 + a1 * self.own + w * self.low
        covariance.ravel()[:: len(s) + 1] += noise + 1e-9
        # symmetric, so its transpose, which LAPACK need not copy, will do
        factor, failed = dpotrf(covariance.T, lower=1, overwrite_a=1)
        if failed:
            return 1e10, np.zeros_like(theta)
        log_det = float(np.log(np.diagonal(factor)).sum())
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
        inverse = np.tril(inverse)
        inverse += np.tril(inverse, -1).T
        alpha = inverse @ self.z
        weights = 0.5 * (inverse - np.outer(alpha, alpha))
        alike, near = weights * by_trial, weights.ravel()[self.same]
        parts = (
            m0 * weights.sum(), m1 * float(s @ weights @ s), c0 * alike.sum(), c1 * float(s @ alike @ s),
            a0 * near.sum(), a1 * float(near @ self.own), w * float(near @ self.low), noise * np.trace(weights),
        )  # fmt: skip
        weights *= share
        summed = np.add.reduceat(np.add.reduceat(weights, self.ends, axis=0), self.ends, axis=1)
        by_square = self.squares @ (summed * slope).ravel()
        away = (theta - self.mode) / self.spread
        value = 0.5 * float(self.z @ alpha) + log_det + 0.5 * float(away @ away)
        return value, np.r_[-2.0 * inverse_squares * by_square, parts] + away / self.spread
