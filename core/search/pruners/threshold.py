"""Stop a trial whose metric leaves the range that the user allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hptui.core.search.protocol import Curve, Every, Stop
from hptui.core.search.pruners.wording import two_numbers


@dataclass(frozen=True)
class Threshold:
    """Stop at a loss below `lower`, above `upper`, or at NaN. Decides as Optuna's ThresholdPruner does.

    lower, upper: losses; `catalog.make_pruner` turns the user's bounds.
    """

    lower: float = -math.inf
    upper: float = math.inf
    n_warmup_steps: int = 0
    interval_steps: int = 1
    sign: float = 1.0

    def milestones(self) -> Every:
        return Every(self.n_warmup_steps, self.interval_steps)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Stop | None:
        step, previous = curve.last_step, int(curve.steps[-2]) if len(curve.steps) > 1 else -1
        if not self.milestones().reached(step, previous):
            return None
        last = curve.last
        if math.isnan(last):
            return Stop(f"the value at step {step} is not a number")
        if self.lower <= last <= self.upper:
            return None
        bound = self.lower if last < self.lower else self.upper
        side = "above the upper" if self.sign * last > self.sign * bound else "below the lower"
        one, other = two_numbers(last, bound, self.sign)
        return Stop(f"{one} at step {step} is {side} limit {other}")
