"""The settings of the curve process: learned anew each time the observations have grown by a quarter.

What is learned depends on the observations and their order alone: the settings of a level start from those of the
level before, so they can be found again from nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import minimize

from hptui.core.search.models.curve_kernel import HIGHEST, LOWEST, NAMES, CurveEvidence, CurveKernel, Rows
from hptui.core.search.models.curve_scale import LossScale
from hptui.core.search.protocol import Array

FIRST, GROWTH = 8, 1.25
MOST = 160  # observations that settings are learned from
ITERATIONS = (40, 15)  # of L-BFGS, at the first level and later: fewer cost more than any choice of priors
SEALED = -20.0  # log of a variance that is not in use
USED = ("m0", "m1", "c0", "c1", "a0", "w")  # without c1 and w, ends are thought to be known that are not


@dataclass(frozen=True)
class Observations:
    """What trials reported, in the order it came.

    features: (t, p) of the trials. trial: (n,) rows of them. s: (n,) times. loss: (n,), may be NaN or infinite.
    """

    features: Array
    groups: tuple[int, ...]
    trial: Rows
    s: Array
    loss: Array

    def __len__(self) -> int:
        return len(self.trial)

    def first(self, n: int) -> Observations:
        trial = self.trial[:n]
        known = int(trial.max()) + 1 if n else 0
        return Observations(self.features[:known], self.groups, trial, self.s[:n], self.loss[:n])


def levels(n: int) -> Iterator[int]:
    """The counts of observations at which settings are learned, up to n."""
    level = FIRST
    while level <= n:
        yield level
        level = max(level + 2, int(level * GROWTH))


def settings(seen: Observations) -> CurveKernel:
    """The settings that the last level up to now learned; those of the prior before the first."""
    theta: Array | None = None
    for level in levels(len(seen)):
        begun = seen.first(level)
        arrays = (begun.features, begun.trial, begun.s, begun.loss)
        start = b"" if theta is None else theta.tobytes()
        theta = _learn(tuple(array.tobytes() for array in arrays), begun.features.shape, seen.groups, start)
    if theta is None:
        theta = _start(seen.groups)
    return CurveKernel(seen.groups, theta)


@lru_cache(maxsize=256)
def _learn(packed: tuple[bytes, ...], shape: tuple[int, int], groups: tuple[int, ...], start: bytes) -> Array:
    features = np.frombuffer(packed[0]).reshape(shape)
    trial, s, loss = np.frombuffer(packed[1], np.int64), np.frombuffer(packed[2]), np.frombuffer(packed[3])
    z = LossScale.of(trial, loss).forward(loss)
    rows = telling(trial, MOST)
    rows = rows[np.argsort(trial[rows], kind="stable")]
    used, place = np.unique(trial[rows], return_inverse=True)
    evidence = CurveEvidence(squares(features[used], groups), place, s[rows], z[rows])
    theta = np.frombuffer(start) if start else _start(groups)
    free = theta > SEALED

    def of_free(some: Array) -> tuple[float, Array]:
        whole = theta.copy()
        whole[free] = some
        value, slope = evidence(whole)
        return value, slope[free]

    bounds = [(LOWEST, HIGHEST)] * int(free.sum())
    options = {"maxiter": ITERATIONS[bool(start)]}
    found = minimize(of_free, theta[free], jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    learned = theta.copy()
    learned[free] = found.x
    learned.flags.writeable = False
    return learned


def _start(groups: tuple[int, ...]) -> Array:
    mode = CurveEvidence.modes(max(groups, default=-1) + 1)
    sealed = [len(mode) - len(NAMES) + k for k, name in enumerate(NAMES) if name not in (*USED, "noise")]
    mode[sealed] = SEALED
    return mode


def telling(trial: Rows, most: int) -> Rows:
    """At most `most` observations, ascending: first and last of the long curves before all others, those at random."""
    n = len(trial)
    if n <= most:
        return np.arange(n)
    _, first = np.unique(trial, return_index=True)
    last = n - 1 - np.unique(trial[::-1], return_index=True)[1]
    long = first != last
    weight = np.random.default_rng(1).random(n)
    weight[last[long]] += 2.0
    weight[first[long]] += 1.0
    return np.sort(np.argsort(-weight, kind="stable")[:most])


def squares(features: Array, groups: tuple[int, ...]) -> Array:
    """(g, t, t) squared distances of trials by parameter."""
    t = len(features)
    out = np.zeros((max(groups, default=-1) + 1, t, t))
    for k, group in enumerate(groups):
        out[group] += (features[:, [k]] - features[:, [k]].T) ** 2
    return out
