"""From losses at rising learning rates to a range worth searching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RateRange:
    """What a range test found. Rates are in the optimizer's own unit."""

    rates: Array  # (k,) ascending
    smoothed: Array  # (k,) the losses without their noise
    steepest: float  # where the loss falls fastest per decade
    best: float  # where it is lowest
    diverges: float | None  # from here on it blows up; None: it never did
    low: float  # the range to search
    high: float

    def __str__(self) -> str:
        end = f", diverges from {self.diverges:.2g}" if self.diverges else ", never diverges"
        found = f"falls fastest at {self.steepest:.2g}, lowest at {self.best:.2g}{end}"
        return f"{found}: search {self.low:.1g} to {self.high:.1g}"


def rate_range(rates: ArrayLike, losses: ArrayLike, smooth: float = 0.0) -> RateRange:
    """The range around the steepest descent, up to the edge of divergence (Smith 2015, arXiv 1506.01186, section 3.3).

    rates: ascending, positive. losses: one per rate; what is not finite counts as diverged. smooth: of an exponential
    average over a sweep within one training, 0.9 or so; 0 where each rate was trained by itself.
    Raises ValueError: fewer than five rates, none with a finite loss, or no loss below that of the first.
    """
    x, y = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
    if len(x) != len(y) or len(x) < 5 or not (np.diff(x) > 0).all() or x[0] <= 0:
        raise ValueError("a range test needs at least five ascending positive rates, and a loss for each")
    if not np.isfinite(y).any():
        raise ValueError("no rate has a finite loss: start lower")
    edge = _edge(y)
    curve = _smoothed(y, smooth)
    fine = slice(0, edge if edge is not None else len(x))
    decades, level = np.log10(x[fine]), curve[fine]
    if len(level) < 3:
        best = steepest = float(x[0])
    else:
        best = float(x[fine][int(np.nanargmin(level))])
        slope = np.gradient(level, decades)[: max(2, int(np.nanargmin(level)) + 1)]
        # beside rates without a finite loss no slope is known
        steepest = best if np.isnan(slope).all() else float(x[fine][int(np.nanargmin(slope))])
    diverges = None if edge is None else float(x[edge])
    high = min(x[-1], best * 3 if diverges is None else x[edge - 1] if edge else diverges)
    low = max(min(steepest / 10, high / 100), x[0])  # nothing is known of lower ones
    if f"{high:.1g}" == f"{low:.1g}":
        raise ValueError(f"the loss is lowest at the first rate, {low:.2g}, and only grows from there: start lower")
    return RateRange(x, curve, steepest, best, diverges, float(low), float(high))


def _edge(y: Array) -> int | None:
    """The first index after the lowest loss from which on most of what was gained is lost again, or it is no number."""
    finite = np.where(np.isfinite(y), y, np.inf)
    known = finite[np.isfinite(finite)]
    start, least = float(np.median(known[: max(1, len(known) // 5)])), float(known.min())
    lost = finite > least + 0.7 * max(start - least, 1e-12 * abs(start))
    after = np.flatnonzero(lost & (np.arange(len(y)) > int(np.argmin(finite))))
    return int(after[0]) if len(after) else None


def _smoothed(y: Array, keep: float) -> Array:
    """An exponential average without the bias of its start; holes carry the last value on."""
    out = np.full(len(y), np.nan)
    average, weight = 0.0, 0.0
    for k, value in enumerate(y):
        if np.isfinite(value):
            average, weight = keep * average + (1 - keep) * value, keep * weight + (1 - keep)
        out[k] = average / weight if weight else np.nan
    return out
