"""Gaussian processes: their settings by maximum a posteriori, and what they say of new points.

Prior over losses (transformed to mean 0, standard deviation 1): a constant mean, a Matérn-5/2 kernel with one
length per parameter, and noise. Sources: Rasmussen & Williams 2006, algorithm 2.1, eq. 2.45 (mean), 5.9
(gradient); the prior of lengths that grows with the square root of the dimension is Hvarfner et al. 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs
from scipy.optimize import minimize

from hptui.core.search.models.kernels import cross_distances, matern, matern_and_slope, pair_distances
from hptui.core.search.protocol import Array

NOISE_FLOOR = 1e-8  # variance, of standardised losses


@dataclass(frozen=True)
class Prior:
    """Normal priors of the logarithms of lengths, signal variance (mean 0, sd 1) and noise variance."""

    length: float  # mean of the log length in one dimension
    length_sd: float
    noise: float
    noise_sd: float

    def log_length(self, dim: int) -> float:
        return self.length + 0.5 * math.log(max(dim, 1))


@dataclass(frozen=True)
class Settings:
    """What is learned: lengths (g,), signal variance, noise variance."""

    lengths: Array
    signal: float
    noise: float


def fit(features: Array, groups: tuple[int, ...], y: Array, doubt: Array, prior: Prior, iterations: int) -> Settings:
    """The most probable settings of a process that saw `y` (n,), standardised, at `features` (n, p).

    doubt: (n,) variance added to the noise of single observations. Remembered by value: a pure function.
    """
    packed = (features.tobytes(), y.tobytes(), doubt.tobytes())
    return _fit(packed, features.shape, groups, prior, iterations)


@lru_cache(maxsize=64)
def _fit(
    packed: tuple[bytes, bytes, bytes], shape: tuple[int, ...], groups: tuple[int, ...], prior: Prior, iterations: int
) -> Settings:
    features, y, doubt = (np.frombuffer(part) for part in packed)
    dim = max(groups) + 1
    evidence = Evidence(pair_distances(features.reshape(shape), groups), y, doubt, prior)
    start = np.concatenate([np.full(dim, prior.log_length(dim) - 0.5 * prior.length_sd**2), [0.0, -7.0]])
    bounds = [(-5.0, 6.0)] * dim + [(-6.0, 6.0), (math.log(NOISE_FLOOR), 1.5)]
    found = minimize(evidence, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations})
    lengths = np.exp(found.x[:dim])
    lengths.flags.writeable = False
    return Settings(lengths, math.exp(found.x[dim]), math.exp(found.x[dim + 1]))


class Evidence:
    """The negative log posterior of settings, up to a constant, with its gradient.

    distances: (g, n (n - 1) / 2) of `pair_distances`. Called with (g + 2,): log lengths, log signal
    variance, log noise variance. The mean is the best one for these settings, so it needs no derivative.
    """

    def __init__(self, distances: Array, y: Array, doubt: Array, prior: Prior) -> None:
        self.distances, self.y, self.doubt, self.prior = distances, y, doubt, prior
        n = len(y)
        rows, columns = np.tril_indices(n, -1)
        self.below = rows * n + columns  # flat places of the pairs in an (n, n) matrix
        self.rows, self.columns = rows, columns

    def __call__(self, theta: Array) -> tuple[float, Array]:
        n, dim = len(self.y), len(theta) - 2
        inverse_squares = np.exp(-2.0 * theta[:dim])
        signal, noise = math.exp(theta[dim]), math.exp(theta[dim + 1])
        correlation, slope = matern_and_slope(inverse_squares @ self.distances)
        covariance = np.zeros((n, n))
        covariance.ravel()[self.below] = signal * correlation
        covariance.ravel()[:: n + 1] = signal + noise + self.doubt
        # LAPACK reads columns first, so our lower triangle is its upper one
        factor, failed = dpotrf(covariance.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            return 1e10, np.zeros_like(theta)
        log_det = 2.0 * float(np.log(np.diagonal(factor)).sum())
        inverse, _ = dpotri(factor, lower=0, overwrite_c=1)
        inverse = inverse.T  # the pairs below the diagonal and the diagonal are filled
        pairs, diagonal = inverse.ravel()[self.below], inverse.ravel()[:: n + 1].copy()
        full = np.zeros((n, n))
        full.ravel()[self.below] = pairs
        full += full.T
        full.ravel()[:: n + 1] = diagonal
        ones = full.sum(axis=0)
        mean = float(ones @ self.y) / float(ones.sum())
        centred = self.y - mean
        alpha = full @ centred
        value = 0.5 * float(centred @ alpha) + 0.5 * log_det
        # d value = 1/2 trace((inverse - alpha alpha') d covariance)
        weights = pairs - alpha[self.rows] * alpha[self.columns]
        weights_diagonal = 0.5 * (diagonal - alpha * alpha)
        gradient = np.empty_like(theta)
        gradient[:dim] = -2.0 * signal * inverse_squares * (self.distances @ (weights * slope))
        gradient[dim] = signal * (float(weights @ correlation) + float(weights_diagonal.sum()))
        gradient[dim + 1] = noise * float(weights_diagonal.sum())
        return self._with_prior(value, gradient, theta)

    def _with_prior(self, value: float, gradient: Array, theta: Array) -> tuple[float, Array]:
        """Densities are those of the length and of the log of the variances."""
        dim, prior = len(theta) - 2, self.prior
        away = (theta[:dim] - prior.log_length(dim)) / prior.length_sd
        value += float(0.5 * away @ away + theta[:dim].sum())
        gradient[:dim] += away / prior.length_sd + 1.0
        value += 0.5 * theta[dim] ** 2
        gradient[dim] += theta[dim]
        noisy = (theta[dim + 1] - prior.noise) / prior.noise_sd
        value += 0.5 * noisy**2
        gradient[dim + 1] += noisy / prior.noise_sd
        return value, gradient


class Posterior:
    """A process that has seen `y` (n,) at `features` (n, p). Lengths are per column.

    pending: (q, p) points whose loss is still unknown. They take their uncertainty away from their
    neighbourhood; `fantasies` (q, s) are s joint guesses of their losses, each with a mean of its own.
    Raises ValueError when the covariance can't be factored.
    """

    def __init__(
        self,
        features: Array,
        groups: tuple[int, ...],
        y: Array,
        doubt: Array,
        settings: Settings,
        pending: Array | None = None,
        guesses: Array | None = None,
    ) -> None:
        self.settings = settings
        self.lengths = settings.lengths[list(groups)]
        self.scaled = features / self.lengths
        self.noise = settings.noise + doubt
        factor = _factor(settings.signal * matern(cross_distances(self.scaled, self.scaled)), self.noise)
        ones = _solve(factor, np.ones(len(y)))
        self.mean = float(ones @ y) / float(ones.sum())
        alpha = _solve(factor, y - self.mean)
        self.fitted = y - self.noise * alpha  # (n,) the mean where it was observed, free of noise
        self.factor, self.alpha = factor, alpha[:, None]
        self.fantasies = np.empty((0, 1))
        if pending is not None and len(pending) and guesses is not None:
            self._imagine(pending, guesses, y)

    def _imagine(self, pending: Array, guesses: Array, y: Array) -> None:
        """Add pending points with losses drawn from the posterior: guesses (q, s) are standard normal."""
        scaled = pending / self.lengths
        mean, covariance = self.joint(scaled)
        noise = np.full(len(scaled), self.settings.noise)
        spread = np.linalg.cholesky(covariance + np.diag(noise + 1e-10 * self.settings.signal))
        self.fantasies = mean[:, None] + spread @ guesses
        self.scaled = np.vstack([self.scaled, scaled])
        self.noise = np.concatenate([self.noise, noise])
        k = self.settings.signal * matern(cross_distances(self.scaled, self.scaled))
        self.factor = _factor(k, self.noise)
        told = np.vstack([np.repeat(y[:, None], guesses.shape[1], axis=1), self.fantasies])
        self.alpha = _solve(self.factor, told - self.mean)

    def joint(self, scaled: Array) -> tuple[Array, Array]:
        """Mean (m,) and covariance (m, m) of the losses, without noise, at points divided by the lengths."""
        k = self.settings.signal * matern(cross_distances(scaled, self.scaled))
        half, _ = dtrtrs(self.factor, k.T, lower=1)
        prior = self.settings.signal * matern(cross_distances(scaled, scaled))
        return self.mean + (k @ self.alpha)[:, 0], prior - half.T @ half

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Mean (m, s) for each fantasy (one when nothing is pending), and sd (m,), without noise."""
        k = self.settings.signal * matern(cross_distances(features / self.lengths, self.scaled))
        half, _ = dtrtrs(self.factor, k.T, lower=1)
        return self.mean + k @ self.alpha, self._sd(np.einsum("ij,ij->j", half, half))

    def predict_with_slopes(self, features: Array) -> tuple[Array, Array, Array, Array]:
        """Mean (m, s), sd (m,), and their derivatives by the features: (m, s, p) and (m, p)."""
        away = (features / self.lengths)[:, None, :] - self.scaled[None, :, :]
        correlation, slope = matern_and_slope(np.einsum("ijk,ijk->ij", away, away))
        k = self.settings.signal * correlation
        # dk / d feature = signal slope 2 away / length
        by_feature = (2.0 * self.settings.signal) * slope[:, :, None] * (away / self.lengths)
        weight = k @ self.inverse
        sd = self._sd(np.einsum("ij,ij->i", weight, k))
        mean_slope = np.einsum("ijk,js->isk", by_feature, self.alpha)
        sd_slope = -np.einsum("ijk,ij->ik", by_feature, weight) / sd[:, None]
        return self.mean + k @ self.alpha, sd, mean_slope, sd_slope

    @cached_property
    def inverse(self) -> Array:
        """(n, n) of the covariance; only worth its cost for many predictions of few points."""
        inverse, _ = dpotri(self.factor, lower=1)
        return np.tril(inverse) + np.tril(inverse, -1).T

    def _sd(self, explained: Array) -> Array:
        signal = self.settings.signal
        return np.asarray(np.sqrt(np.maximum(signal - explained, 1e-12 * signal)))


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
