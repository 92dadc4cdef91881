"""Losses along a curve on the scale that the curve process sees: the logarithm of how far above the best they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hptui.core.search.models.curve_kernel import Rows
from hptui.core.search.protocol import Array

FRACTION = 0.25  # of the way from the best loss to the median first one: there the logarithm begins to flatten
CAP = 0.75  # losses above this quantile of the first ones are as bad as it
_HUGE = 1e150


def floor_of(loss: Array) -> float:
    """What no loss (n,) goes below as far as its values tell: 0 where none is negative, -1 for a share that is to be
    large, such as an accuracy; else -inf."""
    known = loss[np.isfinite(loss)]
    if not len(known):
        return -np.inf
    return 0.0 if known.min() >= 0.0 else -1.0 if known.min() >= -1.0 and known.max() <= 0.0 else -np.inf


@dataclass(frozen=True)
class LossScale:
    """z = (log(1 + (loss - best) / unit) - mean) / sd, with losses above `cap`, infinite and NaN ones as bad as it."""

    best: float
    unit: float
    cap: float
    mean: float
    sd: float

    @staticmethod
    def of(trial: Rows, loss: Array) -> LossScale:
        """The scale for losses (n,) of trials (n,), in the order they came; n >= 1."""
        y = np.where(np.isnan(loss), np.inf, np.clip(loss, -_HUGE, np.inf))
        finite = y[y < _HUGE]
        if not len(finite):
            return LossScale(0.0, 1.0, 0.0, 0.0, 1.0)
        first = np.sort(np.minimum(y[np.unique(trial, return_index=True)[1]], float(finite.max())))
        best, cap = float(finite.min()), _quantile(first, CAP)
        unit = FRACTION * (min(_quantile(first, 0.5), cap) - best)
        if not unit > 1e-9 * (cap - best):  # more than half of the first losses are the best one
            unit = cap - best
        bare = LossScale(best, unit if unit > 1 / _HUGE else 1.0, max(cap, best), 0.0, 1.0)
        z = bare.forward(loss)
        spread = float(z.std())
        return LossScale(bare.best, bare.unit, bare.cap, float(z.mean()), spread if spread > 1e-9 else 1.0)

    def forward(self, loss: Array) -> Array:
        y = np.clip(np.where(np.isnan(loss), np.inf, loss), self.best, self.cap)
        return np.asarray((np.log1p((y - self.best) / self.unit) - self.mean) / self.sd)

    def backward(self, z: float) -> float:
        """The loss that has this z; below the best one the scale goes on as a straight line."""
        w = self.mean + self.sd * z
        return self.best + self.unit * (float(np.expm1(min(w, 50.0))) if w > 0 else w)


def _quantile(ascending: Array, share: float) -> float:
    """As `np.quantile` has it, which takes longer to find out what it is asked than to answer."""
    at = share * (len(ascending) - 1)
    low = int(at)
    a, b = float(ascending[low]), float(ascending[min(low + 1, len(ascending) - 1)])
    part = at - low
    return a + (b - a) * part if part < 0.5 else b - (b - a) * (1.0 - part)
