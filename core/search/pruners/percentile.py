"""Stop a trial whose best so far is not among the best share of what finished trials had at the same step.

Decides as Optuna's PercentilePruner (optuna/pruners/_percentile.py, 5.0), but for one point: where infinite
values are among those compared, Optuna's percentile may be NaN, and it goes on; here they have their rank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hptui.core.search.crowd import Crowd
from hptui.core.search.protocol import Compared, Curve, Every, Stop
from hptui.core.search.pruners.wording import two_numbers, worse


@dataclass(frozen=True)
class Percentile:
    """Keep the best `percentile` per cent.

    percentile: 25.0 keeps a trial whose best loss is in the best quarter of the others' losses at this step.
    n_startup_trials: never stop before so many trials are complete.
    n_warmup_steps: never stop before this step. interval_steps: judge every so many steps from there on.
    n_min_trials: never stop where fewer complete trials have reported at this very step.
    """

    percentile: float = 25.0
    n_startup_trials: int = 5
    n_warmup_steps: int = 0
    interval_steps: int = 1
    n_min_trials: int = 1
    sign: float = 1.0

    def milestones(self) -> Every:
        return Every(self.n_warmup_steps, self.interval_steps)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Stop | None:
        step, previous = curve.last_step, int(curve.steps[-2]) if len(curve.steps) > 1 else -1
        if not self.milestones().reached(step, previous):
            return None
        ended = Crowd.of(others).ended
        if ended.complete < max(1, self.n_startup_trials):
            return None
        best = curve.best_up_to(step)
        if math.isnan(best):
            return Stop(f"it has reported nothing but NaN up to step {step}")
        ranked, count = ended.losses_at(step)  # NaN is counted, and has no rank
        if count < self.n_min_trials:
            return None
        mark = mark_of(ranked, self.percentile)
        if not best > mark:  # an unknown mark is NaN: go on
            return None
        one, other = two_numbers(best, mark, self.sign)
        said = f"best {one} at step {step} is {worse(self.sign)} {self.named(other, count)}"
        return Stop(said, Compared(best, mark, count))

    def named(self, mark: str, count: int) -> str:
        return f"{mark}, the mark of the best {self.percentile:g} % of {count} trials"


def mark_of(ranked: Sequence[float], percentile: float) -> float:
    """Of numbers that ascend: linear interpolation between the two nearest ranks; NaN when there is none.

    `numpy.percentile` of finite losses. Next to an infinite one numpy has NaN; here the mark is then that
    neighbour, unless the rank is whole.
    """
    if not len(ranked):
        return math.nan
    rank = (len(ranked) - 1) * (percentile / 100)
    low, high = ranked[math.floor(rank)], ranked[math.ceil(rank)]
    share = rank - math.floor(rank)
    if low == high or share == 0:
        return low
    if math.isinf(low) or math.isinf(high):
        return high if math.isinf(high) else low
    # the form that rounds as numpy does on either side of the middle
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)
