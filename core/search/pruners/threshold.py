"""Stop a trial whose metric leaves the range that the user allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hptui.core.search.protocol import Compared, Curve, Every, Milestones, Rungs, Stop
from hptui.core.search.pruners.wording import two_numbers, worse


@dataclass(frozen=True)
class Threshold:
    """Stop at a loss below `lower`, above `upper`, or at NaN. Decides as Optuna's ThresholdPruner does.

    lower, upper: losses; `catalog.make_pruner` turns the user's bounds.
    by_step: (step, loss) by ascending step: there, or at the first report past it, a worse loss is stopped. With
    neither bound, nothing is judged anywhere else.
    """

    lower: float = -math.inf
    upper: float = math.inf
    n_warmup_steps: int = 0
    interval_steps: int = 1
    by_step: tuple[tuple[int, float], ...] = ()
    sign: float = 1.0

    def milestones(self) -> Milestones:
        steps = tuple(step for step, _ in self.by_step)
        if steps and self.lower == -math.inf and self.upper == math.inf:
            return Rungs(steps)
        return Every(self.n_warmup_steps, self.interval_steps) if not steps else Every(0, 1)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Stop | None:
        step, previous = curve.last_step, int(curve.steps[-2]) if len(curve.steps) > 1 else -1
        return self._at_steps(curve.last, step, previous) or self._in_range(curve.last, step, previous)

    def _at_steps(self, last: float, step: int, previous: int) -> Stop | None:
        due = [(at, limit) for at, limit in self.by_step if previous < at <= step]
        if not due or last <= due[-1][1]:
            return None
        at, limit = due[-1]
        if math.isnan(last):
            return Stop(f"the value at step {step} is not a number")
        one, other = two_numbers(last, limit, self.sign)
        return Stop(
            f"{one} at step {step} is {worse(self.sign)} {other}, the limit of step {at}", Compared(last, limit, 1)
        )

    def _in_range(self, last: float, step: int, previous: int) -> Stop | None:
        if self.lower == -math.inf and self.upper == math.inf and self.by_step:
            return None
        if not Every(self.n_warmup_steps, self.interval_steps).reached(step, previous):
            return None
        if math.isnan(last):
            return Stop(f"the value at step {step} is not a number")
        if self.lower <= last <= self.upper:
            return None
        bound = self.lower if last < self.lower else self.upper
        side = "above the upper" if self.sign * last > self.sign * bound else "below the lower"
        one, other = two_numbers(last, bound, self.sign)
        return Stop(f"{one} at step {step} is {side} limit {other}", Compared(last, bound, 1))
