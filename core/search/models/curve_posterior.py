"""What a curve process expects of trials at their end; grows by one observation at a time."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri, dtrtrs

from hptui.core.search.models.curve_fit import Observations
from hptui.core.search.models.curve_kernel import CurveKernel, Rows
from hptui.core.search.protocol import Array

_JITTER = 1e-9
BELIEVED = 300  # trials whose ends are taken to be known at once
PARTS, SMALL = 4, 200  # of a triangle; of one with fewer rows nothing is left out


class CurvePosterior:
    """Predictions for the end (s = 1) of every subject: first `points` (c, p), then the trials of `seen`.

    rows: the observations of `seen` that it is made of; later ones come by `extend`.
    Costs O(n^3 + n^2 (c + t)) to make, O(n (n + c + t)) per observation and O(n^2) per trial.
    """

    def __init__(self, kernel: CurveKernel, points: Array, seen: Observations, rows: Rows) -> None:
        self.kernel = kernel
        self.noise = kernel.variances["noise"] + _JITTER
        self.end_variance = float(kernel.variance(np.ones(1))[0])
        c, t, n = len(points), len(seen.features), len(rows)
        self.c, self.t, self.n = c, t, n
        self.told = len(seen)  # observations of `seen` that are in or were left out
        self.rows = rows
        self.features = np.vstack([points, seen.features])  # (c + t, p) and room for more
        self.likeness = np.zeros((t, c + t))  # of trials to subjects
        self.likeness[:] = kernel.likeness(seen.features, self.features)
        self.trial, self.s = seen.trial[rows], seen.s[rows]
        self.inverse = np.zeros((n, n))  # of the lower Cholesky factor: products with it copy nothing, solving would
        self.half = np.zeros((n, c + t))  # inverse k(observations, ends)
        if n:
            k = self._between(self.trial, self.s, self.trial + c, self.s)
            k.ravel()[:: n + 1] += self.noise
            lower, failed = dpotrf(k.T, lower=1, clean=1)
            if failed:
                raise ValueError("the covariance of the curves can't be factored")
            self.inverse[:] = dtrtri(lower, lower=1)[0]
            ends = self._between(self.trial, self.s, np.arange(c + t), np.ones(c + t))
            self.half[:] = self.inverse @ ends
        self.explained = np.einsum("ij,ij->j", self.half, self.half)

    def extend(self, seen: Observations) -> None:
        """What came since. Its beginning must be what this was made of."""
        for i in range(self.told, len(seen)):
            trial = int(seen.trial[i])
            while trial >= self.t:
                self._add(seen.features[self.t])
            self._append(trial, float(seen.s[i]))
            self.rows = np.append(self.rows, i)
        self.told = len(seen)

    def ends(self, z: Array) -> tuple[Array, Array]:
        """(c + t,) mean and standard deviation of subjects at their end, without noise.

        z: (n,) what was observed at `rows`.
        """
        told = lower_times(self.inverse[: self.n, : self.n], z)
        subjects = self.c + self.t
        variance = np.maximum(self.end_variance - self.explained[:subjects], 1e-9)
        return told @ self.half[: self.n, :subjects], np.sqrt(variance)

    def at(self, trial: Rows, s: Array, z: Array) -> tuple[Array, Array]:
        """(m,) mean and standard deviation of trials at times `s` (m,), without noise."""
        n = self.n
        k = self._between(self.trial[:n], self.s[:n], trial + self.c, s)
        half = self.inverse[:n, :n] @ k
        variance = self.kernel.variance(s) - np.einsum("ij,ij->j", half, half)
        return (self.inverse[:n, :n] @ z) @ half, np.sqrt(np.maximum(variance, 1e-9))

    def elsewhere(self, features: Array, z: Array) -> tuple[Array, Array, Array]:
        """(m,) mean and standard deviation at their ends of new points with features (m, p), without noise, and the
        standard deviation that is left of it when the trials end as predicted.

        The latter moves no mean (Kriging believer, Ginsbourger et al. 2010, section 4). Of many trials, the latest.
        """
        n, c, here = self.n, self.c, slice(max(self.t - BELIEVED, 0), self.t)
        likeness = self.kernel.likeness(self.features[c : c + self.t], features)
        k = self.kernel.between(likeness[self.trial[:n]], np.zeros((n, 1)), self.s[:n, None], np.ones(1))
        half = self.inverse[:n, :n] @ k
        variance = self.end_variance - np.einsum("ij,ij->j", half, half)
        known = self.half[:n, c + here.start : c + here.stop]
        t, end = known.shape[1], np.ones(1)
        among = self.kernel.between(self.likeness[here, c + here.start : c + here.stop], np.eye(t), end[:, None], end)
        among -= known.T @ known
        among.ravel()[:: t + 1] += self.noise
        cross = self.kernel.between(likeness[here], np.zeros((t, 1)), end[:, None], end) - known.T @ half
        factor, failed = dpotrf(among, lower=1, clean=1)
        told, _ = dtrtrs(factor, cross, lower=1)
        left = variance if failed else variance - np.einsum("ij,ij->j", told, told)
        mean = (self.inverse[:n, :n] @ z) @ half
        return mean, np.sqrt(np.maximum(variance, 1e-9)), np.sqrt(np.maximum(left, 1e-9))

    def _between(self, trial: Rows, s: Array, subject: Rows, t: Array) -> Array:
        likeness = self.likeness[np.ix_(trial, subject)]
        return self.kernel.between(likeness, np.equal.outer(trial + self.c, subject), s[:, None], t[None, :])

    def _add(self, features: Array) -> None:
        """A trial more."""
        subjects, n = self.c + self.t, self.n
        if subjects == len(self.features):
            self.features = _wider(self.features, (2 * subjects, self.features.shape[1]))
            self.likeness = _wider(self.likeness, (2 * self.t + 8, 2 * subjects))
            self.half = _wider(self.half, (len(self.half), 2 * subjects))
            self.explained = np.r_[self.explained, np.zeros(subjects)]
        elif self.t == len(self.likeness):
            self.likeness = _wider(self.likeness, (2 * self.t + 8, self.likeness.shape[1]))
        self.features[subjects] = features
        alike = self.kernel.likeness(features[None, :], self.features[: subjects + 1])[0]
        self.likeness[self.t, : subjects + 1] = alike
        self.likeness[: self.t, subjects] = alike[self.c : subjects]
        self.t += 1
        if n:
            k = self._between(self.trial[:n], self.s[:n], np.array([subjects]), np.ones(1))
            self.half[:n, subjects] = self.inverse[:n, :n] @ k[:, 0]
        self.explained[subjects] = float(self.half[:n, subjects] @ self.half[:n, subjects])

    def _append(self, trial: int, s: float) -> None:
        n, subjects = self.n, self.c + self.t
        if n == len(self.trial):
            size = 2 * n + 8
            self.inverse = _wider(self.inverse, (size, size))
            self.half = _wider(self.half, (size, self.half.shape[1]))
            self.trial, self.s = np.resize(self.trial, size), np.resize(self.s, size)
        at, time = np.array([trial]), np.array([s])
        ends = self._between(at, time, np.arange(subjects), np.ones(subjects))[0]
        row = np.zeros(0)
        if n:
            k = self._between(at, time, self.trial[:n] + self.c, self.s[:n])[0]
            row = lower_times(self.inverse[:n, :n], k)
        rest = float(self.kernel.variance(time)[0]) + self.noise - float(row @ row)
        pivot = math.sqrt(max(rest, _JITTER))
        self.inverse[n, :n], self.inverse[n, n] = -times_lower(row, self.inverse[:n, :n]) / pivot, 1.0 / pivot
        self.half[n, :subjects] = (ends - row @ self.half[:n, :subjects]) / pivot
        self.explained[:subjects] += self.half[n, :subjects] ** 2
        self.trial[n], self.s[n] = trial, s
        self.n = n + 1


def lower_times(lower: Array, x: Array) -> Array:
    """(n,) of a lower triangle (n, n) and x (n,): most of what is zero is not read."""
    return np.concatenate([lower[start:end, :end] @ x[:end] for start, end in _parts(len(x))])


def times_lower(x: Array, lower: Array) -> Array:
    """(n,) of x (n,) and a lower triangle (n, n)."""
    return np.concatenate([x[start:] @ lower[start:, start:end] for start, end in _parts(len(x))])


def _parts(n: int) -> list[tuple[int, int]]:
    k = PARTS if n > SMALL else 1
    return [(n * i // k, n * (i + 1) // k) for i in range(k)]


def _wider(array: Array, shape: tuple[int, int]) -> Array:
    out = np.zeros(shape)
    out[: array.shape[0], : array.shape[1]] = array
    return out
