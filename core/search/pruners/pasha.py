"""PASHA: ASHA whose ladder begins short and grows only while the top two rungs disagree on who is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.search.protocol import Array, Curve, Resume
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
        top, by_number = 1, {curve.number: curve for curve in curves}
        while top < len(self.rungs):
            ranked = Ranking.of(self.rungs[top], curves).entrants
            there = [by_number[one.number] for one in ranked]
            if not any(curve.last_step > self.rungs[top] for curve in there):  # it has not grown beyond this rung
                below = [_loss(curve, self.rungs[top - 1]) for curve in there]
                if agree(below, 0.0) or agree(below, noise(there, self.rungs[top])):
                    break
            top += 1
        return top


def agree(below: Sequence[float], equal: float) -> bool:
    """Whether the rung below ranks the trials as the top rung does, but for differences up to `equal`.

    below: their losses at the rung below, in the order of the top rung.
    """
    return all(one == other or abs(one - other) <= equal for one, other in zip(below, sorted(below), strict=True))


def _loss(curve: Curve, rung: int) -> float:
    loss = curve.from_step(rung)
    return math.inf if math.isnan(loss) else loss


def noise(curves: Sequence[Curve], top: int) -> float:
    """The 90th percentile of how far apart trials are at step `top` whose curves up to there cross and cross back.

    0 when no two do. Only steps that all have reported count.
    """
    if len(curves) < 2:
        return 0.0
    losses = common(curves, top)
    losses = losses[:, np.isfinite(losses).all(axis=0)]
    if losses.shape[1] < 2 or len(losses) < 3:
        return 0.0
    changes = np.zeros((losses.shape[1],) * 2, np.int32)  # of who is ahead, for each two
    before = losses[0][:, None] < losses[0]
    for row in losses[1:]:
        ahead = row[:, None] < row
        changes += ahead != before
        before = ahead
    one, other = np.nonzero(np.triu(changes >= 2, 1))
    apart = np.abs(losses[-1, one] - losses[-1, other])
    return float(np.percentile(apart, 90)) if len(apart) else 0.0


def common(curves: Sequence[Curve], top: int) -> Array:
    """(steps, n) the losses at the steps up to `top` that every curve has."""
    ends = [int(curve.steps.searchsorted(top, side="right")) for curve in curves]
    steps = np.concatenate([curve.steps[:end] for curve, end in zip(curves, ends, strict=True)])
    losses = np.concatenate([curve.losses[:end] for curve, end in zip(curves, ends, strict=True)])
    _, place, counts = np.unique(steps, return_inverse=True, return_counts=True)
    everywhere = counts == len(curves)
    return np.ascontiguousarray(losses[everywhere[place]].reshape(len(curves), int(everywhere.sum())).T)
