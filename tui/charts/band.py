"""Where most of many curves run: two percentiles at each step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Band:
    """x, low, high: (n,) ascending x; NaN where fewer than three curves reach."""

    x: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def percentile_band(
    curves: Iterable[tuple[Any, Any]], x_max: float, points: int = 100, low: float = 10, high: float = 90
) -> Band | None:
    """The band between two percentiles of all curves at `points` places from 0 to x_max; None if there is
    none.

    curves: (x, y) pairs, x ascending. A curve counts from its first to its last x, between its points by
    straight lines; points that are not finite are left out.
    """
    grid = np.linspace(0.0, float(x_max), points)
    rows = []
    for xs, ys in curves:
        x, y = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
        keep = np.isfinite(x) & np.isfinite(y)
        if keep.any():
            rows.append(np.interp(grid, x[keep], y[keep], left=np.nan, right=np.nan))
    if len(rows) < 3:
        return None
    table = np.sort(np.array(rows), axis=0)  # NaN sorts last
    count = np.isfinite(table).sum(axis=0)
    enough = count >= 3
    if not enough.any():
        return None

    def at(percent: float) -> NDArray[np.float64]:
        # np.nanpercentile goes column by column in Python; this is the same rule, nearest rank, in one step
        rank = np.clip(np.round((count - 1) * percent / 100), 0, len(table) - 1).astype(np.int64)
        return np.where(enough, table[rank, np.arange(points)], np.nan)

    return Band(grid, at(low), at(high))
