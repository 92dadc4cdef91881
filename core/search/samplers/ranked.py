"""Several objectives as one loss by rank: for samplers that ask only which of two trials is better."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hptui.core.search.models.hypervolume import front
from hptui.core.search.protocol import Array, Exhausted, History, Proposal, Sampler

_WITHIN = 0.9  # of the step from one front to the next


@dataclass(frozen=True)
class Ranked:
    """Asks another sampler, with the place of each trial as its loss: its front first, then how alone it is there.

    The first front is what nobody beats, the second what nobody beats but the first, and so on.
    Source: NSGA-II, Deb et al. 2002, section III.
    """

    inner: Sampler
    objectives: int

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        n, k = len(history), self.objectives
        losses = history.objectives if history.objectives.shape[1] == k else np.full((n, k), np.nan)
        return self.inner.ask(replace(history, y=places(losses), objectives=losses), number)


def places(losses: Array) -> Array:
    """(n,) the number of the front from 0, and within it a share by how crowded it is there; NaN where not known."""
    found = np.full(len(losses), np.nan)
    rows, level = np.flatnonzero(np.all(np.isfinite(losses), axis=1)), 0
    while len(rows):
        best = front(losses[rows])
        here = rows[best]
        alone = np.argsort(np.argsort(-_distance(losses[here]), kind="stable"))
        found[here] = level + _WITHIN * alone / len(here)
        rows, level = rows[~best], level + 1
    return found


def _distance(losses: Array) -> Array:
    """(m,) crowding distance: the sum over objectives of the gap between a row's neighbours; most at the ends."""
    total = np.zeros(len(losses))
    for column in losses.T:
        order = np.argsort(column, kind="stable")
        gaps = np.full(len(order), 2.0)  # more than any inside
        gaps[1:-1] = (column[order[2:]] - column[order[:-2]]) / (float(np.ptp(column)) or 1.0)
        total[order] += gaps
    return total
