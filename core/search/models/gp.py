"""Gaussian processes: their settings by maximum a posteriori, and what they say of new points.

Prior over losses (transformed to mean 0, standard deviation 1): a constant mean, a Matérn-5/2 kernel with one
length per parameter, and noise. Sources: Rasmussen & Williams 2006, algorithm 2.1, eq. 2.45 (mean), 5.9
(gradient); the prior of lengths that grows with the square root of the dimension is Hvarfner et al. 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import OptimizeResult, minimize

from hptui.core.search.models.kernels import Kernel, matern_and_slope, pair_distances
from hptui.core.search.models.posterior import left_out
from hptui.core.search.protocol import Array

NOISE_FLOOR = 1e-8  # variance, of standardised losses
NOISY_START, NOISY_FROM = -1.5, 20  # log of a noise variance to begin at too; trials from which that pays
_FIRST_ITERATIONS = 8  # of each of two searches, before the worse one is given up
ALONE_LENGTH, ALONE_LENGTH_SD = math.log(0.5), 1.0  # log length of a parameter by itself


@dataclass(frozen=True)
class Prior:
    """Normal priors of the logarithms of lengths, variances and noise variance.

    alone: whether single parameters also have a part of their own. joint: whether there is more than these parts;
    without, the kernel is purely additive.
    """

    length: float  # mean of the log length in one dimension
    length_sd: float
    noise: float
    noise_sd: float
    signal_sd: float = 1.0
    alone: bool = False
    joint: bool = True

    def log_length(self, dim: int) -> float:
        return self.length + 0.5 * math.log(max(dim, 1))

    def unpack(self, theta: Array, groups: tuple[int, ...]) -> tuple[Kernel, float]:
        """The kernel and the noise variance that `theta` stands for."""
        dim = max(groups) + 1
        lengths = np.exp(theta[:dim])
        if self.alone:
            kernel = Kernel(groups, lengths, math.exp(theta[-3]), np.exp(theta[dim : 2 * dim]), math.exp(theta[-2]))
        else:
            kernel = Kernel(groups, lengths, math.exp(theta[-2]), lengths)
        return kernel, math.exp(theta[-1])


@dataclass(frozen=True)
class Settings:
    """What is learned."""

    kernel: Kernel
    noise: float
    theta: Array  # the same, as `Evidence` has it
    surprise: Array  # (n,) log density of each observation, as the others predict it
    missed: Array  # (n,) by how much the others' prediction misses it
    loss: float  # the negative log posterior, up to a constant


def fit(
    features: Array,
    groups: tuple[int, ...],
    y: Array,
    doubt: Array,
    prior: Prior,
    iterations: int,
    start: Array | None = None,
) -> Settings:
    """The most probable settings of a process that saw `y` (n,), standardised, at `features` (n, p).

    doubt: (n,) variance added to the noise of single observations. start: a theta to begin at. Without one, the
    better of two searches: from the modes of the prior, and, with some trials, from where most of the losses'
    spread is noise (what looks like a steep valley may be two lucky trials). Remembered by value: a pure function.
    """
    packed = (features.tobytes(), y.tobytes(), doubt.tobytes(), b"" if start is None else start.tobytes())
    return _fit(packed, features.shape, groups, prior, iterations)


@lru_cache(maxsize=64)
def _fit(
    packed: tuple[bytes, bytes, bytes, bytes],
    shape: tuple[int, ...],
    groups: tuple[int, ...],
    prior: Prior,
    iterations: int,
) -> Settings:
    features, y, doubt, told = (np.frombuffer(part) for part in packed)
    features = features.reshape(shape)
    evidence = Evidence(pair_distances(features, groups), y, doubt, prior)
    low, high, quiet = evidence.frame()
    noisy = np.r_[quiet[:-1], NOISY_START]
    starts = [told] if len(told) else [quiet, noisy] if len(y) >= NOISY_FROM else [quiet]
    bounds = list(zip(low, high, strict=True))

    def better(at: Array, most: int) -> OptimizeResult:
        return minimize(evidence, at, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": most})

    if len(starts) > 1:  # both a little way, then on from the better end
        ends = [better(at, _FIRST_ITERATIONS) for at in starts]
        starts, iterations = [min(ends, key=lambda end: float(end.fun)).x], iterations - _FIRST_ITERATIONS
    found = better(starts[0], iterations)
    kernel, noise = prior.unpack(found.x, groups)
    surprise, missed = left_out(kernel.between(features, features), noise + doubt, y)
    for array in (kernel.lengths, kernel.alone_lengths, found.x, surprise, missed):
        array.flags.writeable = False
    return Settings(kernel, noise, found.x, surprise, missed, float(found.fun))


class Evidence:
    """The negative log posterior of settings, up to a constant, with its gradient.

    distances: (g, n (n - 1) / 2) of `pair_distances`. Called with the logs of: lengths (g), lengths alone (g),
    signal variance, variance alone, noise variance; (2 g + 3,), or (g + 2,) for a prior without `alone`. The
    mean is the best one for these settings, so it needs no derivative.
    """

    def __init__(self, distances: Array, y: Array, doubt: Array, prior: Prior) -> None:
        self.distances, self.y, self.doubt, self.prior = distances, y, doubt, prior
        n = len(y)
        self.rows, self.columns = np.tril_indices(n, -1)
        self.below = self.rows * n + self.columns  # flat places of the pairs in an (n, n) matrix

    def frame(self) -> tuple[Array, Array, Array]:
        """Lowest and highest theta, and where to start: at the modes of the prior."""
        dim, prior = len(self.distances), self.prior
        blocks, variances = (2, 2) if prior.alone else (1, 1)
        mode = np.full(blocks * dim, prior.log_length(dim) - 0.5 * prior.length_sd**2)
        if prior.alone:
            mode[dim:] = ALONE_LENGTH
        low = np.r_[np.full(blocks * dim, -5.0), np.full(variances, -7.0), math.log(NOISE_FLOOR)]
        high = np.r_[np.full(blocks * dim, 6.0), np.full(variances, 7.0), 1.5]
        start = np.r_[mode, np.full(variances, 0.0 if variances == 1 else -0.7), -7.0]
        if not prior.joint:
            high[-3] = start[-3] = low[-3]
        return low, high, start

    def __call__(self, theta: Array) -> tuple[float, Array]:
        n, dim, alone = len(self.y), len(self.distances), self.prior.alone
        inverse_squares = np.exp(-2.0 * theta[:dim])
        signal = math.exp(theta[-3] if alone else theta[-2])
        single, noise = math.exp(theta[-2]) / dim if alone else 0.0, math.exp(theta[-1])
        correlation, slope = matern_and_slope(inverse_squares @ self.distances)
        pairs = signal * correlation
        if alone:
            single_inverse_squares = np.exp(-2.0 * theta[dim : 2 * dim])
            singles, single_slopes = matern_and_slope(single_inverse_squares[:, None] * self.distances)
            all_singles = singles.sum(axis=0)
            pairs = pairs + single * all_singles
        covariance = np.zeros((n, n))
        covariance.ravel()[self.below] = pairs
        covariance.ravel()[:: n + 1] = signal + dim * single + noise + self.doubt
        # LAPACK reads columns first, so our lower triangle is its upper one
        factor, failed = dpotrf(covariance.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            return 1e10, np.zeros_like(theta)
        log_det = 2.0 * float(np.log(np.diagonal(factor)).sum())
        inverse, _ = dpotri(factor, lower=0, overwrite_c=1)
        inverse_pairs, diagonal = inverse.T.ravel()[self.below], np.diagonal(inverse).copy()
        full = np.zeros((n, n))
        full.ravel()[self.below] = inverse_pairs
        full += full.T
        full.ravel()[:: n + 1] = diagonal
        ones = full.sum(axis=0)
        centred = self.y - float(ones @ self.y) / float(ones.sum())
        alpha = full @ centred
        value = 0.5 * float(centred @ alpha) + 0.5 * log_det
        # d value = 1/2 trace((inverse - alpha alpha') d covariance); each pair is there twice
        weights = inverse_pairs - alpha[self.rows] * alpha[self.columns]
        on_diagonal = 0.5 * float((diagonal - alpha * alpha).sum())
        gradient = np.empty_like(theta)
        gradient[:dim] = -2.0 * signal * inverse_squares * (self.distances @ (weights * slope))
        gradient[-1] = noise * on_diagonal
        by_signal = signal * (float(weights @ correlation) + on_diagonal)
        if alone:
            single_slopes *= self.distances
            by_single = single_slopes @ weights
            gradient[dim : 2 * dim] = -2.0 * single * single_inverse_squares * by_single
            gradient[-3] = by_signal
            gradient[-2] = single * (float(weights @ all_singles) + dim * on_diagonal)
        else:
            gradient[-2] = by_signal
        return self._with_prior(value, gradient, theta)

    def _with_prior(self, value: float, gradient: Array, theta: Array) -> tuple[float, Array]:
        """Densities are those of the length and of the log of the variances."""
        dim, prior = len(self.distances), self.prior
        away = (theta[:dim] - prior.log_length(dim)) / prior.length_sd
        value += float(0.5 * away @ away + theta[:dim].sum())
        gradient[:dim] += away / prior.length_sd + 1.0
        if prior.alone:
            away = (theta[dim : 2 * dim] - ALONE_LENGTH) / ALONE_LENGTH_SD
            value += 0.5 * float(away @ away)
            gradient[dim : 2 * dim] += away / ALONE_LENGTH_SD
        variances = theta[-3:-1] if prior.alone else theta[-2:-1]
        value += 0.5 * float(variances @ variances) / prior.signal_sd**2
        gradient[-1 - len(variances) : -1] += variances / prior.signal_sd**2
        noisy = (theta[-1] - prior.noise) / prior.noise_sd
        gradient[-1] += noisy / prior.noise_sd
        return value + 0.5 * noisy**2, gradient
