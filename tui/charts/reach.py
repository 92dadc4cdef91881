"""How far the curves of a chart reach, and how far its axis should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.tui.charts.band import Band

_SAMPLE = 512  # values of a curve that vote on the limits
_ROOM = 4.0  # spreads between p10 and p90 that the axis reaches beyond them, at most


@dataclass(frozen=True)
class Reach:
    """low, high: what the axis should show, None if there is nothing to draw. right: the greatest x.

    hidden: values that have no place on a log axis. off_scale: curves that go beyond low or high.
    """

    low: float | None
    high: float | None
    right: float = 0.0
    hidden: int = 0
    off_scale: int = 0


def reach(curves: Sequence[tuple[Any, Any]], band: Band | None, log: bool) -> Reach:
    """The limits follow most values: one diverged trial must not flatten all others."""
    values: list[NDArray[np.float64]] = []
    right, hidden = 0.0, 0
    for xs, ys in curves:
        x, y = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
        keep = np.isfinite(x) & np.isfinite(y)
        if log:
            hidden += int((keep & (y <= 0)).sum())
            keep &= y > 0
        if keep.any():
            values.append(y[keep])
            right = max(right, float(x[keep].max()))
    if not values:
        return Reach(None, None, right, hidden)
    ends = [(float(v.min()), float(v.max())) for v in values]
    low, high = _most(values, min(a for a, _ in ends), max(z for _, z in ends), log)
    off = sum(a < low or z > high for a, z in ends)
    if band is not None:
        for edge in (band.low, band.high):
            inside = edge[np.isfinite(edge) & ((edge > 0) if log else True)]
            if len(inside):
                low, high = min(low, float(inside.min())), max(high, float(inside.max()))
    return Reach(low, high, right, hidden, off)


def _most(values: Sequence[NDArray[np.float64]], low: float, high: float, log: bool) -> tuple[float, float]:
    sample = np.concatenate([v[:: max(1, len(v) // _SAMPLE)] for v in values])
    with np.errstate(over="ignore", invalid="ignore"):  # the largest floats are an infinite way apart
        p10, p90 = np.percentile(np.log10(sample) if log else sample, (10, 90))
        room = _ROOM * (p90 - p10)
    if not np.isfinite(room) or room <= 0:
        return low, high
    bottom, top = float(p10 - room), float(p90 + room)
    return max(low, _unlog(bottom) if log else bottom), min(high, _unlog(top) if log else top)


def _unlog(value: float) -> float:
    return float(10.0 ** np.clip(value, -300, 300))
