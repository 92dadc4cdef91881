"""How far the curves of a chart reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hptui.tui.charts.band import Band


@dataclass(frozen=True)
class Reach:
    """low, high: of all values that can be drawn, None if there are none. right: the greatest x. hidden:
    values that have no place on a log axis."""

    low: float | None
    high: float | None
    right: float
    hidden: int


def reach(curves: Sequence[tuple[Any, Any]], band: Band | None, log: bool) -> Reach:
    lows, highs, right, hidden = [], [], 0.0, 0
    for xs, ys in curves:
        x, y = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
        keep = np.isfinite(x) & np.isfinite(y)
        if log:
            positive = y > 0
            hidden += int((keep & ~positive).sum())
            keep &= positive
        if keep.any():
            lows.append(float(y[keep].min()))
            highs.append(float(y[keep].max()))
            right = max(right, float(x[keep].max()))
    if not lows:
        return Reach(None, None, right, hidden)
    if band is not None:
        for edge in (band.low, band.high):
            keep = np.isfinite(edge) & ((edge > 0) if log else True)
            if keep.any():
                lows.append(float(edge[keep].min()))
                highs.append(float(edge[keep].max()))
    return Reach(min(lows), max(highs), right, hidden)
