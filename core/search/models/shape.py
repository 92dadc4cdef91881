"""The kernel that a user may ask for by name: where it measures, and which parts it has."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.gp import Prior, Settings
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.maps import Cylinder, Embedding, FeatureMap, Warp

KernelName = Literal["matern", "additive", "warped", "cylindrical", "embedded"]
KERNELS: tuple[KernelName, ...] = get_args(KernelName)

ALONE_DIM = 20  # with more parameters, what each does by itself costs too much to look at unasked
EMBEDDED = 6  # columns of a random embedding
_WARPS = ((0.5, 1.0), (2.0, 1.0), (1.0, 0.5), (1.0, 2.0))
_WARP_SD = 0.5  # of the logs of exponents


@dataclass(frozen=True)
class Shape:
    """matern: all parameters together, and in up to 20 dimensions each by itself. additive: each by itself alone.
    warped, cylindrical, embedded: all together, after a map (`models.maps`); warps are learned from 20 trials on.
    seed: of the embedding.
    """

    kernel: KernelName = "matern"
    seed: int = 0

    def prior(self, prior: Prior, parameters: int) -> Prior:
        if self.kernel == "additive":
            return replace(prior, alone=True, joint=False)
        in_place = self.kernel in ("matern", "warped")
        return replace(prior, alone=prior.alone and in_place and parameters <= ALONE_DIM)

    def map(self, layout: Layout) -> FeatureMap | None:
        """What the map is before anything is learned."""
        p = len(layout.columns)
        if self.kernel == "warped":
            return Warp(layout.groups, np.ones(p), np.ones(p))
        if self.kernel == "cylindrical":
            return Cylinder(np.full(p, 0.5))
        if self.kernel == "embedded" and p > EMBEDDED:
            return Embedding.drawn(p, EMBEDDED, self.seed)
        return None


PLAIN = Shape()


def best_warp(
    warp: Warp, settings: Settings, columns: NDArray[np.bool_], refit: Callable[[Warp, Settings], Settings]
) -> tuple[Warp, Settings]:
    """One sweep over the `columns` (p,) that are numbers: each takes the exponents that make the losses likeliest.

    Exponents have a log-normal prior around 1. refit: settings for another warp, begun at known ones.
    """
    for k in np.flatnonzero(columns).tolist():
        for a, b in _WARPS:
            tried = Warp(warp.groups, _with(warp.a, k, a), _with(warp.b, k, b))
            fitted = refit(tried, settings)
            if fitted.loss + _penalty(tried) < settings.loss + _penalty(warp):
                warp, settings = tried, fitted
    return warp, settings


def _with(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], k: int, value: float) -> NDArray[np.float64]:
    changed = values.copy()
    changed[k] = value
    return changed


def _penalty(warp: Warp) -> float:
    return 0.5 * math.fsum(math.log(e) ** 2 for e in (*warp.a.tolist(), *warp.b.tolist())) / _WARP_SD**2
