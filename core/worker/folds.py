"""Cross-validation as a trial's steps: a fold is an instance, and a poor point is given up after a few of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

from hptui.core.worker.trial import Trial, TrialPruned

FOLDS = "folds"
"""The attribute in which a cross-validated trial says how many folds it scored."""

Fold = TypeVar("Fold")


def cross_validate(trial: Trial, folds: Iterable[Fold], score: Callable[[Fold], float]) -> float:
    """The mean of `score` over the folds; each is reported as a step, with `mean` and `spread` of those so far.

    The pruner "wilcoxon" compares trials fold by fold and stops one that is worse beyond chance. spread: the standard
    deviation between folds, from the second on. Every trial has to take the folds in the same order. One that has all
    its scores is complete, whatever its pruner says.
    Raises TrialPruned when told to stop, ValueError without a fold.
    """
    scores: list[float] = []
    folds = list(folds)
    for step, fold in enumerate(folds):
        scores.append(float(score(fold)))
        mean = sum(scores) / len(scores)
        spread = math.sqrt(sum((one - mean) ** 2 for one in scores) / (len(scores) - 1)) if step else None
        trial.report(scores[-1], step, mean=mean, **({} if spread is None else {"spread": spread}))
        if len(scores) < len(folds) and trial.should_prune():  # with all its scores it is complete
            raise TrialPruned
    if not scores:
        raise ValueError("there is no fold to score")
    trial.set_user_attr(FOLDS, len(scores))
    return sum(scores) / len(scores)
