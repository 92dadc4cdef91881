"""Monotone changes of losses before a Gaussian process sees them, and the way back.

Losses have heavy upper tails (diverged trainings) and flat floors; a process fits what is closer to normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hptui.core.search.protocol import Array

TransformName = Literal["plain", "power", "log"]
_POWERS = np.linspace(-3.0, 3.0, 61)


@dataclass(frozen=True)
class Transform:
    """Losses to a scale with mean 0 and standard deviation 1, and back: shift, bend, shift again.

    name: "plain" bends nothing, "power" is Yeo-Johnson with `power`, "log" flattens what lies above 0.
    """

    name: TransformName
    power: float
    first: tuple[float, float]  # mean and scale before the bend
    second: tuple[float, float]  # and after it

    def forward(self, y: Array) -> Array:
        return (self._bend((y - self.first[0]) / self.first[1]) - self.second[0]) / self.second[1]

    def backward(self, z: Array) -> Array:
        """Losses for values of the scale; where no loss has such a value, the nearest that has one."""
        return self._unbend(z * self.second[1] + self.second[0]) * self.first[1] + self.first[0]

    def log_slope(self, y: Array) -> Array:
        """The log of the derivative of `forward` at losses `y`."""
        v = (y - self.first[0]) / self.first[1]
        size = np.log1p(np.abs(v))
        if self.name == "power":
            bend = (self.power - 1.0) * np.where(v >= 0, size, -size)
        else:
            bend = np.where(v > 0, -size, 0.0) if self.name == "log" else np.zeros_like(v)
        return np.asarray(bend - math.log(self.first[1]) - math.log(self.second[1]))

    def _bend(self, v: Array) -> Array:
        if self.name == "power":
            return yeo_johnson(v, self.power)
        if self.name == "log":
            return np.where(v > 0, np.log1p(np.maximum(v, 0.0)), v)
        return v

    def _unbend(self, w: Array) -> Array:
        if self.name == "power":
            return yeo_johnson_inverse(w, self.power)
        if self.name == "log":
            return np.where(w > 0, np.expm1(np.clip(w, 0.0, 500.0)), w)
        return w


def fit_transform(name: TransformName, y: Array) -> Transform:
    """The transform of a kind that suits the losses `y` (n,), all finite, n >= 1."""
    if name == "log":
        middle = float(np.median(y))
        first = (middle, _scale(middle - float(y.min())))
        power = 1.0
    else:
        first = (float(np.mean(y)), _scale(float(np.std(y))))
        power = _best_power((y - first[0]) / first[1]) if name == "power" else 1.0
    bent = Transform(name, power, first, (0.0, 1.0)).forward(y)
    return Transform(name, power, first, (float(np.mean(bent)), _scale(float(np.std(bent)))))


def yeo_johnson(v: Array, power: float) -> Array:
    """Source: Yeo & Johnson 2000, eq. 2.1."""
    up, down = np.log1p(np.maximum(v, 0.0)), np.log1p(np.maximum(-v, 0.0))
    above = up if power == 0 else np.expm1(power * up) / power
    below = -down if power == 2 else -np.expm1((2 - power) * down) / (2 - power)
    return np.where(v >= 0, above, below)


def yeo_johnson_inverse(w: Array, power: float) -> Array:
    tiny = 1e-12
    if power == 0:
        above = np.expm1(np.clip(w, 0.0, 500.0))
    else:
        above = np.expm1(np.log(np.maximum(1.0 + power * np.maximum(w, 0.0), tiny)) / power)
    if power == 2:
        below = -np.expm1(np.clip(-w, 0.0, 500.0))
    else:
        below = -np.expm1(np.log(np.maximum(1.0 + (2 - power) * np.maximum(-w, 0.0), tiny)) / (2 - power))
    return np.where(w >= 0, above, below)


def _best_power(v: Array) -> float:
    """The power of the grid with the highest likelihood (Yeo & Johnson 2000, eq. 3.1)."""
    sign_log = np.sign(v) * np.log1p(np.abs(v))
    up, down = np.maximum(sign_log, 0.0), np.maximum(-sign_log, 0.0)
    power = _POWERS[:, None]
    near_0, near_2 = np.abs(power) < 1e-9, np.abs(power - 2) < 1e-9
    above = np.where(near_0, up, np.expm1(power * up) / np.where(near_0, 1.0, power))
    below = np.where(near_2, down, np.expm1((2 - power) * down) / np.where(near_2, 1.0, 2 - power))
    spread = np.var(above - below, axis=1)
    likelihood = -0.5 * len(v) * np.log(np.maximum(spread, 1e-12)) + (_POWERS - 1) * float(sign_log.sum())
    return float(_POWERS[int(np.argmax(likelihood))])


def _scale(spread: float) -> float:
    """A divisor: 1 where the losses do not differ, or by no more than rounding."""
    return spread if spread > 1e-100 and np.isfinite(spread) else 1.0
