"""Several objectives as one loss, a different mixture for every trial: for samplers with a model of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hptui.core.search.models.hypervolume import front
from hptui.core.search.protocol import Array, Exhausted, History, Proposal, Sampler

_SLOPE = 0.05  # of the sum that is added to the largest


@dataclass(frozen=True)
class Scalarised:
    """Asks another sampler, with the augmented Chebyshev mixture of the objectives as the loss.

    Weights are drawn evenly from all that add up to 1. Objectives are counted from the ideal to the nadir of the front.
    names: of the objectives.
    Source: ParEGO, Knowles 2006, eq. 2.
    """

    inner: Sampler
    seed: int
    names: Sequence[str]

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        k = len(self.names)
        weights = np.random.default_rng([self.seed, number, k]).dirichlet(np.ones(k))
        losses = history.objectives if history.objectives.shape[1] == k else np.full((len(history), k), np.nan)
        answer = self.inner.ask(replace(history, y=chebyshev(losses, weights), objectives=losses), number)
        if isinstance(answer, Exhausted) or answer.why.startswith("start:"):
            return answer
        mixture = ", ".join(f"{w:.0%} {name}" for w, name in zip(weights, self.names, strict=True))
        return Proposal(answer.x, f"{answer.why}, towards {mixture}")


def chebyshev(losses: Array, weights: Array) -> Array:
    """(n,) the largest weighted objective plus a little of their sum, each from 0 (ideal) to 1 (nadir of the front).

    losses: (n, k); a row with a NaN stays unknown.
    """
    finite = losses[np.all(np.isfinite(losses), axis=1)]
    if not len(finite):
        return np.full(len(losses), np.nan)
    best = finite[front(finite)]
    low, high = best.min(axis=0), best.max(axis=0)
    narrow = high - low <= 1e-9 * (finite.max(axis=0) - low)
    high = np.where(narrow, finite.max(axis=0), high)
    scaled = weights * (losses - low) / np.where(high > low, high - low, 1.0)
    return np.asarray(scaled.max(axis=1) + _SLOPE * scaled.sum(axis=1))
