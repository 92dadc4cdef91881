"""How much GPU memory a trial will need, learned from the peaks of earlier ones. Pure.

Bayesian linear regression of the logarithm of the peak on the point in the unit cube, with a normal-inverse-gamma
prior: products such as batch size times width are sums there. Early on the prior is wide, so that little is packed
until several peaks are known.

Source: Murphy 2012, Machine Learning, section 7.6.3 (posterior 7.69 to 7.73, predictive 7.76).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

QUANTILE = 0.95
_Z = 1.6448536269514722  # the normal distribution's
_SLOPE = math.log(4.0)  # prior: from one end of a parameter to the other the peak changes about this much
_NOISE = 0.1  # prior: what is left unexplained, of the logarithm
_SHAPE = 2.0  # how many observations the prior of the noise counts for, halved
_KEPT = 256  # latest lessons
AFTER_OOM = 1.5  # who ran out of memory would have needed this much more than it had


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one trial needed."""

    x: tuple[float | None, ...]
    peak_bytes: int


@dataclass(frozen=True)
class Posterior:
    """n lessons; mean and spread of the weights, shape and scale of the noise."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    shape: float
    scale: float
    centre: float  # of the logarithms


@dataclass(frozen=True)
class MemoryModel:
    lessons: Mapping[int, Lesson] = field(default_factory=dict)  # of the trials, oldest first
    posterior: Posterior | None = field(default=None, compare=False)

    def learned(self, lesson: Lesson, number: int) -> MemoryModel:
        """What trial `number` needed, instead of what was known of it before."""
        if lesson.peak_bytes <= 0:
            return self
        lessons = {**self.lessons, number: lesson}
        while len(lessons) > _KEPT:
            del lessons[next(iter(lessons))]
        return replace(self, lessons=lessons, posterior=_fit(tuple(lessons.values())))

    def upper_bytes(self, x: tuple[float | None, ...]) -> int | None:
        """What a trial at `x` needs at most, nineteen times out of twenty; None before the first lesson."""
        known = self.posterior
        if known is None:
            return None
        z = _row(x, len(known.mean) - 1)
        mean = known.centre + float(z @ known.mean)
        sd = math.sqrt(known.scale / known.shape * (1.0 + float(z @ known.spread @ z)))
        return math.ceil(math.exp(min(mean + student(2.0 * known.shape) * sd, 60.0)))


def _fit(lessons: tuple[Lesson, ...]) -> Posterior:
    dim = max(len(lesson.x) for lesson in lessons)
    z = np.array([_row(lesson.x, dim) for lesson in lessons])  # (n, 1 + dim)
    y = np.log([float(lesson.peak_bytes) for lesson in lessons])  # (n,)
    centre = float(y.mean())
    y = y - centre
    prior = np.diag([1e-2, *[(_NOISE / _SLOPE) ** 2] * dim])  # precision, in units of the noise
    precision = prior + z.T @ z
    spread = np.linalg.inv(precision)
    mean = spread @ (z.T @ y)
    shape = _SHAPE + len(lessons) / 2
    scale = _SHAPE * _NOISE**2 + 0.5 * max(0.0, float(y @ y - mean @ precision @ mean))
    return Posterior(mean, spread, shape, scale, centre)


def _row(x: tuple[float | None, ...], dim: int) -> NDArray[np.float64]:
    """1 and the point, seen from the middle of the cube; what is inactive or not known yet lies in the middle."""
    known = [0.0 if u is None else u - 0.5 for u in x[:dim]]
    return np.array([1.0, *known, *[0.0] * (dim - len(known))])


def student(freedom: float) -> float:
    """The QUANTILE of Student's t distribution; for 4 or more degrees of freedom right to a thousandth.

    Source: Abramowitz & Stegun 1964, 26.7.5.
    """
    g1 = (_Z**3 + _Z) / 4
    g2 = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    g3 = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384
    return _Z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3
