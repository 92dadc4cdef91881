"""ASHA: every trial is held at its rung; a free slot goes to the best one held that is among the best of its rung."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hptui.core.search.crowd import Crowd
from hptui.core.search.protocol import Curve, Go, Hold, Resume, Rungs, Stop
from hptui.core.search.pruners.halving import SuccessiveHalving
from hptui.core.search.pruners.rungs import Ranking, geometric, hopeless, last_resort, newly_reached, verdict


@dataclass(frozen=True)
class Asha:
    """Rungs at min_resource * reduction_factor ** k; the best 1 of every `reduction_factor` go up.

    min_resource: step of the lowest rung. max_steps: how far a trial can go, where that is known.

    Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2 (get_job).
    """

    min_resource: int = 1
    reduction_factor: int = 3
    max_steps: int | None = None
    sign: float = 1.0

    @property
    def rungs(self) -> tuple[int, ...]:
        return geometric(self.min_resource, self.reduction_factor, self.max_steps)

    def milestones(self) -> Rungs:
        return Rungs(self.rungs)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
        rung = newly_reached(self.rungs, curve)
        if rung is None:
            return None
        if stop := hopeless(rung, curve, self.sign):
            return stop
        crowd = Crowd.of(others).beside(replace(curve, held=True))
        ranking = Ranking.of(rung, crowd)
        kept = len(ranking) // self.reduction_factor
        waits = ranking.said(curve.number, kept, self.sign)
        return verdict(curve, self.promote(crowd), waits, ranking.compared(curve.number, kept))

    def promote(self, curves: Sequence[Curve], closing: bool = False) -> Resume | None:
        answer = self.promotable(curves, len(self.rungs))
        return last_resort(self.rungs, curves, self.sign) if answer is None and closing else answer

    def promotable(self, curves: Sequence[Curve], top: int) -> Resume | None:
        """The best held trial that is among the best of its rung, from the rung below `rungs[top]` down."""
        ends = (*self.rungs, math.inf)[1:]
        for rung, above in reversed(list(zip(self.rungs, ends, strict=True))[:top]):
            ranking = Ranking.of(rung, curves, above)
            kept = len(ranking) // self.reduction_factor
            if one := ranking.first_held(kept):
                return Resume(one.number, ranking.said(one.number, kept, self.sign), ranking.compared(one.number, kept))
        return None

    def without_holding(self, because: str = "") -> SuccessiveHalving:
        return SuccessiveHalving(self.min_resource, self.reduction_factor, self.max_steps, self.sign, because)
