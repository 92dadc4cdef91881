"""How far a belief from outside is borne out by the trials: by the ranks it gave them, and the ranks they have."""

from __future__ import annotations

import numpy as np

from hptui.core.search.protocol import Array, History, Kind
from hptui.core.search.samplers.axes import Ints

DOUBTED_FROM = 5  # a belief counts as so many trials that bear it out


def known(history: History) -> Ints:
    """Rows of complete trials with a finite loss."""
    return np.flatnonzero((history.kind == Kind.COMPLETE) & np.isfinite(history.y))


def trust(predicted: Array, losses: Array) -> float:
    """How much a belief counts, 0 to 1: the correlation of ranks (Spearman), shrunk towards 1 while trials are few.

    predicted, losses: (n,) what was believed of each trial, lower being better, and what came of it.
    """
    n = len(losses)
    if n < 2 or np.ptp(predicted) == 0 or np.ptp(losses) == 0:
        return DOUBTED_FROM / (n + DOUBTED_FROM)
    ranks = float(np.corrcoef(_ranks(predicted), _ranks(losses))[0, 1])
    return min(max((n * ranks + DOUBTED_FROM) / (n + DOUBTED_FROM), 0.0), 1.0)


def _ranks(values: Array) -> Array:
    """(n,) from 1; equal values share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - 0.5 * (counts - 1))[which])
