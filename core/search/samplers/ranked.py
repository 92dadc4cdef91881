"""Several objectives as one loss by rank: for samplers that ask only which of two trials is better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from hptui.core.search.models.hypervolume import fronts
from hptui.core.search.protocol import Array, Exhausted, History, Proposal, Sampler

_WITHIN = 0.9  # of the step from one front to the next
_BEYOND = 1.1  # the corner that volumes are measured from, where 1 is the worst of a front
_DRAWS = 1000  # points that volumes are counted by
_CHOSEN = 30  # of a front, picked one by one


@dataclass(frozen=True)
class Ranked:
    """Asks another sampler, with the place of each trial as its loss: its front first, then what it adds there.

    The first front is what nobody beats, the second what nobody beats but the first, and so on. Within a front comes
    first whoever adds the largest volume to those before it, so that the best few stand for the whole front.
    Sources: fronts, NSGA-II, Deb et al. 2002, section III; volumes, Ozaki et al. 2020, section 3.3.
    """

    inner: Sampler
    objectives: int

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        n, k = len(history), self.objectives
        losses = history.objectives if history.objectives.shape[1] == k else np.full((n, k), np.nan)
        return self.inner.ask(replace(history, y=places(losses), objectives=losses), number)


def places(losses: Array) -> Array:
    """(n,) the number of the front from 0, and within it a share by who adds more to it; NaN where not known."""
    found = np.full(len(losses), np.nan)
    rows = np.flatnonzero(np.all(np.isfinite(losses), axis=1))
    levels, placed = fronts(losses[rows]), 0
    for level in range(int(levels.max(initial=-1)) + 1):
        here = rows[levels == level]
        # what is not among the best few anyway need not be told apart
        order = _by_volume(losses[here]) if placed < _CHOSEN else np.arange(len(here))
        found[here[order]] = level + _WITHIN * np.arange(len(here)) / len(here)
        placed += len(here)
    return found


def _by_volume(losses: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """(m,) the rows of a front (m, k), each the one that adds most to those before it.

    The volume is counted by points, drawn evenly between the best of each objective and a little beyond the worst.
    Beyond the first few rows, in the order of what they would have added to these.
    """
    low = losses.min(axis=0)
    scaled = (losses - low) / np.where(np.ptp(losses, axis=0) > 0, np.ptp(losses, axis=0), 1.0)
    reached = np.all(scaled[:, None, :] <= _points(losses.shape[1])[None], axis=2)  # (m, draws)
    open_points = np.ones(reached.shape[1], bool)
    left, chosen = list(range(len(losses))), list[int]()
    while left:
        adds = reached[left][:, open_points].sum(axis=1)
        if len(chosen) >= _CHOSEN or not adds.any():
            return np.array(chosen + [left[i] for i in np.argsort(-adds, kind="stable")])
        chosen.append(left.pop(int(adds.argmax())))
        open_points &= ~reached[chosen[-1]]
    return np.array(chosen)


@lru_cache(maxsize=8)
def _points(objectives: int) -> Array:
    """(draws, k), the same ones always."""
    return _BEYOND * np.random.default_rng(0).random((_DRAWS, objectives))
