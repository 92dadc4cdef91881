"""Stop a trial whose scores are worse than the best trial's, beyond what chance explains.

For objectives that report one noisy score a step (folds, seeds, problem instances) and return their mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.search.protocol import Array, Compared, Curve, Every, Kind, Stop
from hptui.core.search.pruners.wording import two_numbers, worse

EXACT = 50  # differences up to which p is exact; beyond, the normal approximation is as good as it


@dataclass(frozen=True)
class Wilcoxon:
    """The signed-rank test over the steps that both have, as long as the mean so far is worse, too.

    The best trial is the complete one with the lowest mean of its scores. Trials with a score that is not finite
    are neither stopped nor compared with. Decides as Optuna's WilcoxonPruner (optuna/pruners/_wilcoxon.py, 5.0)
    where values are means and differences have no ties; with ties p is exact here up to 50 steps.

    Source: Wilcoxon 1945; zeros split as in Pratt 1959 ("zsplit" in SciPy).
    """

    p_threshold: float = 0.1
    n_startup_steps: int = 2
    sign: float = 1.0

    def milestones(self) -> Every:
        return Every(0, 1)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Stop | None:
        if not len(curve.losses) or not np.isfinite(curve.losses).all():
            return None
        complete = [other for other in others if other.kind == Kind.COMPLETE and len(other.losses)]
        finite = [(float(one.losses.mean()), one.number, one) for one in complete if np.isfinite(one.losses).all()]
        if not finite:
            return None
        best_mean, _, best = min(finite, key=lambda found: found[:2])
        _, mine, its = np.intersect1d(curve.steps, best.steps, assume_unique=True, return_indices=True)
        if len(mine) < max(2, self.n_startup_steps):
            return None
        mean = float(curve.losses.mean())
        p = p_worse(curve.losses[mine] - best.losses[its])
        if not p < self.p_threshold or mean <= best_mean:
            return None
        one, other = two_numbers(mean, best_mean, self.sign)
        said = (
            f"{len(mine)} scores against those of trial {best.number}, the best: mean {one} is {worse(self.sign)} "
            f"{other}, and p = {p:.2g} is below {self.p_threshold:g}"
        )
        return Stop(said, Compared(mean, best_mean, len(mine)))


def p_worse(differences: Array) -> float:
    """How likely signed ranks this high are when differences are as often below 0 as above; 1 when there are none."""
    n = len(differences)
    if not n:
        return 1.0
    size = np.abs(differences)
    ranks = (size[:, None] > size).sum(axis=1) + ((size[:, None] == size).sum(axis=1) + 1) / 2  # ties share theirs
    zero = differences == 0
    statistic = ranks[differences > 0].sum() + ranks[zero].sum() / 2
    moving = ranks[~zero]  # a zero's rank is split whatever the signs are
    high = statistic - ranks[zero].sum() / 2
    if n > EXACT:
        middle, spread = moving.sum() / 2, math.sqrt(float((moving**2).sum()) / 4)
        return 0.5 * math.erfc((high - middle) / spread / math.sqrt(2)) if spread else 1.0
    doubled = np.rint(2 * moving).astype(np.int64)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled.tolist():  # each sign is + or -: the distribution of twice the sum of the ranks above 0
        ways[rank:] = ways[rank:] + ways[: len(ways) - rank]
    return float(ways[round(2 * high) :].sum() / 2.0 ** len(doubled))
