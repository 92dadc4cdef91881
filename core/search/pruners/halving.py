"""Successive halving that stops: a trial goes past a rung when it is among the best that have come so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hptui.core.search.crowd import Crowd
from hptui.core.search.protocol import Curve, Go, Rungs, Stop
from hptui.core.search.pruners.rungs import Ranking, geometric, newly_reached


@dataclass(frozen=True)
class SuccessiveHalving:
    """Keep the best of every `reduction_factor` at rungs min_resource * reduction_factor ** k.

    Decides as Optuna's SuccessiveHalvingPruner does (optuna/pruners/_successive_halving.py, 5.0) with the same
    min_resource, as long as no report steps over two rungs; but never at a trial's last step, where that is known.

    Source: Li et al. 2020 (ASHA), section 3; the stopping form is Optuna's.
    """

    min_resource: int = 1
    reduction_factor: int = 3
    max_steps: int | None = None
    sign: float = 1.0
    instead: str = ""  # said with every stop: what this rule stands in for

    @property
    def rungs(self) -> tuple[int, ...]:
        return geometric(self.min_resource, self.reduction_factor, self.max_steps)

    def milestones(self) -> Rungs:
        return Rungs(self.rungs)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Stop | None:
        rung = newly_reached(self.rungs, curve)
        return None if rung is None else stop_or_go(rung, curve, others, self.reduction_factor, self.sign, self.instead)


def stop_or_go(
    rung: int, curve: Curve, others: Sequence[Curve], factor: int, sign: float, instead: str = ""
) -> Go | Stop:
    """Ties are kept; a NaN is stopped, and counts for nobody."""
    if math.isnan(curve.from_step(rung)):
        return Stop(f"rung {rung}: the value is not a number{instead}")
    crowd = Crowd.of(others).beside(curve)
    ranking = Ranking.of(rung, crowd)
    if unknown := crowd.unknown(rung):
        ranking = Ranking(rung, tuple(entrant for entrant in ranking.entrants if entrant.number not in unknown))
    kept = max(1, len(ranking) // factor)
    said, compared = ranking.said(curve.number, kept, sign), ranking.compared(curve.number, kept)
    if curve.from_step(rung) <= ranking.entrants[kept - 1].loss:
        return Go(said, compared)
    return Stop(said + instead, compared)
