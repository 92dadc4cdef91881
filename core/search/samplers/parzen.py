"""A mixture of one product kernel per point: the density that TPE compares, over all kinds of parameters at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from hptui.core.search.protocol import Array
from hptui.core.search.samplers.axes import Axes, Bools

_TINY = 1e-300


@dataclass(frozen=True)
class Parzen:
    """Kernel i is a product over the axes; the last kernel is the prior, and nearly flat.

    A number's kernel is a normal distribution cut off at the ends of its range; its mass on a whole cell where
    there are steps. A choice has its own weight and a share of the prior's. Where a point has no coordinate
    (its parameter was inactive), its kernel is the prior's: it says nothing there.

    centres: (k, d) with the prior's last; widths: (k, d), units of the cube. weights: (k,), summing to 1.

    Source: Bergstra et al. 2011, section 4; the product kernels of Falkner et al. 2018, section 3.2; neighbour
    widths and the share of choices as in Optuna.
    """

    axes: Axes
    centres: Array
    widths: Array
    weights: Array
    known: Bools  # (k, d) False where the kernel is the prior's

    @staticmethod
    def of(axes: Axes, x: Array, weights: Array, narrowest: float) -> Parzen:
        """x: (n, d) snapped points, NaN where inactive. weights: (n,), where the prior's is 1."""
        d = x.shape[1]
        known = np.vstack([~np.isnan(x), np.zeros((1, d), bool)])
        widths = np.vstack([neighbour_widths(x, narrowest), np.ones((1, d))])
        weights = np.append(weights, 1.0)
        centres = np.vstack([x, np.full((1, d), np.nan)])
        return Parzen(axes, np.where(known, centres, 0.5), np.where(known, widths, 1.0), weights / weights.sum(), known)

    @cached_property
    def _smoothing(self) -> float:
        return 1.0 / len(self.weights)

    @cached_property
    def _inside(self) -> Array:
        """(k, d) log of the share of each normal distribution that lies within [0, 1]."""
        return np.asarray(np.log(ndtr((1 - self.centres) / self.widths) - ndtr(-self.centres / self.widths)))

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """(count, d) points, snapped; all coordinates drawn, also those that will be inactive."""
        kernel = np.minimum(np.cumsum(self.weights).searchsorted(rng.random(count)), len(self.weights) - 1)
        centre, width, known = self.centres[kernel], self.widths[kernel], self.known[kernel]
        u, keep = rng.random((2, *centre.shape))
        low, high = ndtr(-centre / width), ndtr((1 - centre) / width)
        x = np.clip(centre + width * ndtri(low + u * (high - low)), 0.0, 1.0)
        own = known & (keep < 1 / (1 + self.axes.counts * self._smoothing))
        x = np.where(self.axes.choice, np.where(own, centre, u), x)
        return self.axes.snap(x)

    def log_density(self, x: Array, active: Bools) -> Array:
        """(c,) of the points (c, d), over their active coordinates only; cells have their mass, not a density."""
        axes = self.axes
        at = np.where(active, x, 0.5)
        log = np.log(self.weights)[None, :] + np.zeros((len(x), 1))
        plain = ~axes.choice & ~axes.stepped
        if plain.any():
            log += self._continua(at[:, plain], active[:, plain].astype(float), plain)
        cells = axes.cells(at)
        for j in np.flatnonzero(~plain).tolist():
            on = active[:, j]
            if axes.choice[j]:
                log[on] += self._choices(j)[:, cells[on, j]].T
            elif axes.counts[j] > 1:
                log[on] += self._steps(j, cells[on, j])
        top = log.max(axis=1, keepdims=True)
        return np.asarray(top[:, 0] + np.log(np.exp(log - top).sum(axis=1)))

    def _continua(self, at: Array, on: Array, plain: Bools) -> Array:
        """(c, k) sum of log densities; -(x - m)^2 / 2 w^2 multiplied out, so that it is three matrix products."""
        precision = 0.5 / self.widths[:, plain] ** 2
        m = self.centres[:, plain]
        fixed = m * m * precision + np.log(self.widths[:, plain]) + 0.5 * np.log(2 * np.pi) + self._inside[:, plain]
        return np.asarray(-(on * at * at) @ precision.T + 2 * (on * at) @ (m * precision).T - on @ fixed.T)

    def _choices(self, j: int) -> Array:
        """(k, choices) log of each choice's share in each kernel."""
        count = int(self.axes.counts[j])
        own = self.axes.cells(self.centres)[:, j]
        share = np.full((len(self.weights), count), self._smoothing)
        share[np.arange(len(own)), own] += 1.0
        share[~self.known[:, j]] = 1.0
        return np.asarray(np.log(share / share.sum(axis=1, keepdims=True)))

    def _steps(self, j: int, cells: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Array:
        """(c, k) log of the mass of each cell."""
        which, back = np.unique(cells, return_inverse=True)
        low, high = self.axes.bounds(which, j)
        m, w = self.centres[:, j], self.widths[:, j]
        mass = ndtr((high[:, None] - m) / w) - ndtr((low[:, None] - m) / w)
        return np.asarray((np.log(np.maximum(mass, _TINY)) - self._inside[:, j])[back])


def neighbour_widths(x: Array, narrowest: float) -> Array:
    """(n, d) the larger of the distances to the neighbours on either side, per axis; NaN where x is.

    The outermost points have one neighbour, as long as there is one. Never below `narrowest` or above 1.
    """
    n, d = x.shape
    widths = np.full((n, d), np.nan)
    for j in range(d):
        rows = np.flatnonzero(~np.isnan(x[:, j]))
        if len(rows):
            rows = rows[np.argsort(x[rows, j], kind="stable")]
            gaps = np.diff(x[rows, j], prepend=0.0, append=1.0)
            wide = np.maximum(gaps[:-1], gaps[1:])
            if len(rows) > 1:
                wide[0], wide[-1] = gaps[1], gaps[-2]
            widths[rows, j] = np.clip(wide, narrowest, 1.0)
    return widths
