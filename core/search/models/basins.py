"""Where else a search may go down that gains nothing where it is: the basins it knows of, and has not tried yet.

A trial with no better one around it is the lowest known point of a basin. Around it: in a box of a fiftieth of the
cube. Source: local searches from such points, multi-level single linkage, Rinnooy Kan & Timmer 1987; their ball
shrinks with the number of trials, and they follow each search to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed
from hptui.core.search.protocol import Array

_SHARE = 0.02  # of the cube
_PROGRESS = 1.5  # from so many times the present gap to the best loss: a third of it was closed
_EDGE = 1e-9  # coordinates that were written out as values and read back are off by the last bits


@dataclass(frozen=True)
class Box:
    """low, high: (d,) coordinates; NaN where a parameter is inactive: any will do."""

    low: Array
    high: Array

    def holds(self, x: Array) -> NDArray[np.bool_]:
        """(n,) which of the points (n, d) are inside."""
        return np.asarray(~((x < self.low - _EDGE) | (x > self.high + _EDGE)).any(axis=1))

    @property
    def ends(self) -> tuple[Array, Array]:
        """`low` and `high` inside the cube, without NaN."""
        return np.nan_to_num(self.low, nan=0.0).clip(0.0, 1.0), np.nan_to_num(self.high, nan=1.0).clip(0.0, 1.0)


def untried(seen: Observed, layout: Layout) -> Iterator[tuple[int, Box]]:
    """The lowest trial of each other basin, as a row of `seen`, and the box around it; best first.

    Left out are the best of all, and basins that were given up: in which more trials in a row than there are
    parameters did not close a third of the gap to the best loss.
    """
    reach = _reach(seen, layout)
    order = np.argsort(seen.y, kind="stable").tolist()
    best = float(seen.y[order[0]])
    passed_over = np.zeros(len(seen), bool)  # near a better one: no need to look
    for row in order:
        if passed_over[row]:
            continue
        box = Box(seen.x[row] - reach[row], seen.x[row] + reach[row])
        inside = np.flatnonzero(box.holds(seen.x))
        passed_over[inside] = True
        losses, loss = seen.y[inside], float(seen.y[row])
        if row == order[0] or inside[np.argmin(losses)] != row:
            continue
        progress = int(np.argmax(losses <= best + _PROGRESS * (loss - best)))
        if len(inside) - 1 - progress <= len(layout.varying):
            yield row, box


def _reach(seen: Observed, layout: Layout) -> Array:
    """(n, d) how far the box around each trial goes: to the next value at least, and never to another choice."""
    half = 0.5 * _SHARE ** (1.0 / len(layout.varying))
    reach = np.full(seen.x.shape, half)
    for axis in layout.varying:
        u = seen.x[:, axis.place]
        if axis.kind == "choice":
            reach[:, axis.place] = 0.0
        elif axis.kind == "ordered":
            known = ~np.isnan(u)
            at = axis.index(u[known])
            up = axis.coordinate(np.minimum(at + 1, axis.count - 1)) - u[known]
            down = u[known] - axis.coordinate(np.maximum(at - 1, 0))
            reach[known, axis.place] = np.maximum(half, np.maximum(up, down))
    return reach
