"""When no new trial comes: every trial goes a little way, the better ones further, so that none is missed. Pure.

The counts were chosen on recorded learning curves (bench/multifidelity.md): with a quarter of the steps of full
trainings the best of a hundred trials is found more reliably than by following predictions alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hptui.core.search.models.curve_heard import Heard
from hptui.core.search.protocol import Compared, Curve, Kind
from hptui.core.search.pruners.wording import two_numbers

# all trials come to the first of these parts of a full training; from each, the best of so many go on to the next
RUNGS = ((1 / 15, 0.5), (0.15, 0.25), (0.4, 0.1))
MADE_FOR = 0.25  # the share of steps that this ladder takes


@dataclass(frozen=True)
class Climber:
    """A held trial that is to go on to the next rung.

    rung: the step where it was ranked, 0 before the first. loss, last: its lowest loss up to there, and that of
    the last one of the `kept` that go on.
    """

    number: int
    rung: int
    rank: int
    kept: int
    cohort: int
    loss: float
    last: float

    def said(self, sign: float) -> str:
        if not self.rung:
            return f"no new trial comes: all {self.cohort} go on to the first rung"
        value, last = two_numbers(self.loss, self.last, sign)
        kept = f"kept {'is' if self.kept == 1 else 'are'} {self.kept} (the last with {last})"
        return f"no new trial comes; rung {self.rung}: rank {self.rank} of {self.cohort} with {value}, {kept}"

    @property
    def compared(self) -> Compared:
        return Compared(self.loss, self.last, self.cohort, self.rung, self.rank, self.kept)


def next_up(heard: Heard, max_steps: int, share: float) -> Climber | None:
    """From the lowest rung up: the best held trial that has not gone as far as its rank says. None when all have."""
    n, from_0 = len(heard.curves), max_steps - heard.last
    went = {curve.number: int(steps) for curve, steps in zip(heard.curves, heard.steps.tolist(), strict=True)}
    here, at, kept = sorted(heard.curves, key=lambda curve: curve.number), 0, n
    ends = [(max(1, math.ceil(part * max_steps - 1e-9)), quota) for part, quota in RUNGS]
    for end, quota in (*ends, (max_steps, 0.0)):
        step = at - from_0
        ranked = sorted(here, key=lambda curve: (_loss(curve, step), curve.number))[:kept]
        for rank, curve in enumerate(ranked, 1):
            if curve.held and went[curve.number] < end:
                loss, last = _loss(curve, step), _loss(ranked[-1], step)
                return Climber(curve.number, at, rank, len(ranked), len(here), loss, last)
        here = [curve for curve in ranked if went[curve.number] >= end or curve.kind != Kind.PENDING]
        at, kept = end, max(1, math.ceil(min(1.0, quota * share / MADE_FOR) * n - 1e-9))
    return None


def _loss(curve: Curve, step: int) -> float:
    loss = curve.best_up_to(step)
    return math.inf if math.isnan(loss) else loss
