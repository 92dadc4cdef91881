"""PASHA: ASHA whose ladder begins short and grows only while the top two rungs disagree on who is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from hptui.core.search.protocol import Curve, Resume
from hptui.core.search.pruners.asha import Asha
from hptui.core.search.pruners.rungs import Ranking, last_resort


@dataclass(frozen=True)
class Pasha(Asha):
    """At first nobody goes beyond the second rung; the best one goes to the end when all others are through.

    Two losses count as equal when they differ by no more than `noise`: what trials differ by whose curves cross
    and cross back.

    Source: Bohdal et al. 2023, "PASHA", algorithm 1 and section 4.2.
    """

    def promote(self, curves: Sequence[Curve], closing: bool = False) -> Resume | None:
        top = self.top(curves)
        answer = self.promotable(curves, top)  # the top rung is not left
        return last_resort(self.rungs, curves, self.sign) if answer is None and closing else answer

    def top(self, curves: Sequence[Curve]) -> int:
        """The place in `rungs` of the highest one in use; `len(rungs)`, the full length, when all of them disagree."""
        top = 1
        while top < len(self.rungs):
            ranked = Ranking.of(self.rungs[top], curves).entrants
            below = {one.number: one.loss for one in Ranking.of(self.rungs[top - 1], curves).entrants}
            by_number = {curve.number: curve for curve in curves}
            there = [by_number[one.number] for one in ranked]
            grown = bool(there) and max(curve.last_step for curve in there) > self.rungs[top]
            if not grown and agree([below[one.number] for one in ranked], noise(there, self.rungs[top])):
                break
            top += 1
        return top


def agree(below: Sequence[float], equal: float) -> bool:
    """Whether the rung below ranks the trials as the top rung does, but for differences up to `equal`.

    below: their losses at the rung below, in the order of the top rung.
    """
    return all(one == other or abs(one - other) <= equal for one, other in zip(below, sorted(below), strict=True))


def noise(curves: Sequence[Curve], top: int) -> float:
    """The 90th percentile of how far apart trials are at step `top` whose curves up to there cross and cross back.

    0 when no two do. Only steps that all have reported count.
    """
    if len(curves) < 2:
        return 0.0
    steps = reduce(np.intersect1d, [curve.steps[curve.steps <= top] for curve in curves])
    losses = np.array([curve.losses[curve.steps.searchsorted(steps)] for curve in curves])  # (n, steps)
    losses = losses[np.isfinite(losses).all(axis=1)]
    if len(losses) < 2 or len(steps) < 3:
        return 0.0
    one, other = np.triu_indices(len(losses), 1)
    ahead = losses[one] < losses[other]  # (pairs, steps)
    crossing = (ahead[:, 1:] != ahead[:, :-1]).sum(axis=1) >= 2
    apart = np.abs(losses[one, -1] - losses[other, -1])[crossing]
    return float(np.percentile(apart, 90)) if len(apart) else 0.0
