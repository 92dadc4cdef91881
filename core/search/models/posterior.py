"""What a Gaussian process says of new points once its settings are known, and of its own trials left out."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs

from hptui.core.search.models.maps import FeatureMap
from hptui.core.search.protocol import Array

if TYPE_CHECKING:
    from hptui.core.search.models.gp import Settings


def left_out(covariance: Array, noise: Array, y: Array) -> tuple[Array, Array]:
    """(n,) log density of each observation given all others, and how far it is from their mean.

    Source: Rasmussen & Williams 2006, eq. 5.10-5.12.
    """
    inverse, _ = dpotri(_factor(covariance, noise), lower=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    ones = inverse.sum(axis=0)
    alpha = inverse @ (y - float(ones @ y) / float(ones.sum()))
    precision = np.diagonal(inverse)
    density = 0.5 * np.log(precision) - 0.5 * alpha * alpha / precision - 0.5 * math.log(2 * math.pi)
    return density, alpha / precision


class Posterior:
    """A process that has seen `y` (n,) at `features` (n, p).

    map: where the kernel measures, see `models.maps`. pending: (q, p) points whose loss is still unknown: taken to be
    as expected, `believed` (q,), so that they take the doubt away from their neighbourhood and nothing else
    (Kriging believer, Ginsbourger et al. 2010, section 4). Raises ValueError when the covariance can't be factored.
    """

    def __init__(
        self,
        features: Array,
        y: Array,
        doubt: Array,
        settings: Settings,
        pending: Array | None = None,
        map: FeatureMap | None = None,
    ) -> None:
        self.map = map
        features = self._mapped(features)
        self.kernel, self.noise = settings.kernel, settings.noise + doubt
        self.features = features
        self.factor = _factor(self.kernel.between(features, features), self.noise)
        ones = _solve(self.factor, np.ones(len(y)))
        self.mean = float(ones @ y) / float(ones.sum())
        self.alpha = _solve(self.factor, y - self.mean)
        self.fitted = y - self.noise * self.alpha  # (n,) the mean where it was observed, free of noise
        self.believed = np.empty(0)
        if pending is not None and len(pending):
            self._believe(pending, y, settings.noise)

    def _mapped(self, features: Array) -> Array:
        return features if self.map is None else self.map.forward(features)

    def _believe(self, pending: Array, y: Array, noise: float) -> None:
        pending = self._mapped(pending)
        self.believed = self.mean + self.kernel.between(pending, self.features) @ self.alpha
        self.features = np.vstack([self.features, pending])
        self.noise = np.concatenate([self.noise, np.full(len(pending), noise)])
        self.factor = _factor(self.kernel.between(self.features, self.features), self.noise)
        self.alpha = _solve(self.factor, np.concatenate([y, self.believed]) - self.mean)

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Mean (m,) and sd (m,), without noise."""
        k = self.kernel.between(self._mapped(features), self.features)
        half, _ = dtrtrs(self.factor, k.T, lower=1)
        return self.mean + k @ self.alpha, self._sd(np.einsum("ij,ij->j", half, half))

    def predict_with_slopes(self, features: Array) -> tuple[Array, Array, Array, Array]:
        """Mean (m,), sd (m,), and their derivatives by the features, (m, p) each."""
        k, by_feature = self.kernel.with_slopes(self._mapped(features), self.features)
        weight = k @ self.inverse
        sd = self._sd(np.einsum("ij,ij->i", weight, k))
        mean_slope = np.einsum("ijk,j->ik", by_feature, self.alpha)
        sd_slope = -np.einsum("ijk,ij->ik", by_feature, weight) / sd[:, None]
        if self.map is not None:
            by_map = self.map.slopes(features)
            mean_slope = np.einsum("iq,iqp->ip", mean_slope, by_map)
            sd_slope = np.einsum("iq,iqp->ip", sd_slope, by_map)
        return self.mean + k @ self.alpha, sd, mean_slope, sd_slope

    @cached_property
    def inverse(self) -> Array:
        """(n, n) of the covariance; only worth its cost for many predictions of few points."""
        inverse, _ = dpotri(self.factor, lower=1)
        return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)

    def _sd(self, explained: Array) -> Array:
        variance = self.kernel.variance
        return np.asarray(np.sqrt(np.maximum(variance - explained, 1e-12 * variance)))


def _factor(k: Array, noise: Array) -> Array:
    """The lower Cholesky factor of `k` + diag(noise), with a little more noise where rounding asks for it."""
    for jitter in (0.0, 1e-8, 1e-6, 1e-4):
        covariance = k.copy()
        covariance.ravel()[:: len(k) + 1] += noise + jitter * k[0, 0]
        factor, failed = dpotrf(covariance, lower=1, clean=1)
        if not failed:
            return np.asarray(factor)
    raise ValueError("the covariance can't be factored")


def _solve(factor: Array, b: Array) -> Array:
    half, _ = dtrtrs(factor, b, lower=1)
    whole, _ = dtrtrs(factor, half, lower=1, trans=1)
    return np.asarray(whole)
