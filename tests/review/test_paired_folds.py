"""Trials that were scored on the same folds, compared fold by fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from hptui.core.review.paired import Paired, pair, paired, told
from hptui.core.store.rows import TrialRow
from hptui.core.worker.folds import cross_validate
from hptui.core.worker.trial import TrialPruned


def row(number: int, value: float, origin: str = "sampler", **attrs: Any) -> TrialRow:
    return TrialRow(number, "COMPLETE", {"x": number}, value=value, origin=origin, attrs={"folds": 5, **attrs})


def test_differences_over_folds_have_the_corrected_interval_and_exact_ranks() -> None:
    best, base = [0.98, 0.95, 0.97, 0.99, 0.96], [0.91, 0.93, 0.90, 0.95, 0.92]
    rows = [row(0, 0.922, "baseline"), row(1, 0.97), TrialRow(2, "COMPLETE", {}, value=0.99)]
    curves = {0: list(enumerate(base)), 1: list(enumerate(best))}

    chosen = pair(rows, -1.0)
    assert chosen is not None
    found = paired(*chosen, curves, -1.0)

    gains = np.subtract(best, base)
    spread = np.sqrt((1 / 5 + 1 / 4) * gains.var(ddof=1))  # Nadeau & Bengio 2003, with n_test/n_train = 1/4
    low, high = stats.t.interval(0.95, 4, gains.mean(), spread)
    assert isinstance(found, Paired) and (found.best, found.baseline, found.folds) == (1, 0, 5)
    assert (found.gain, found.low, found.high) == pytest.approx((gains.mean(), low, high))
    assert found.p == pytest.approx(stats.wilcoxon(best, base, method="exact").pvalue)
    assert told(found).startswith("over the same 5 folds trial 1 beats the baseline by 0.048 (95 %")


def test_nothing_is_compared_without_folds_or_a_baseline() -> None:
    assert pair([row(0, 0.9), row(1, 0.8)], 1.0) is None
    assert pair([row(0, 0.7, "baseline"), row(1, 0.8)], 1.0) is None  # the baseline is the best
    best, base = row(1, 0.8), row(0, 0.9, "baseline")
    assert paired(best, base, {1: [(0, 0.8), (1, 0.7)], 0: [(0, 0.9)]}, 1.0) is None


class Told:
    """A trial that is told to stop at a step."""

    def __init__(self, stop: int) -> None:
        self.reported: list[tuple[int, float, dict[str, float]]] = []
        self.attrs: dict[str, Any] = {}
        self.stop = stop

    def report(self, value: float, step: int, **others: float) -> None:
        self.reported.append((step, value, others))

    def should_prune(self) -> bool:
        return self.reported[-1][0] >= self.stop

    def set_user_attr(self, key: str, value: Any) -> None:
        self.attrs[key] = value


def test_each_fold_is_a_step_with_the_mean_and_spread_so_far() -> None:
    scores = [0.9, 0.8, 0.95]
    trial: Any = Told(stop=2)

    mean = cross_validate(trial, iter(range(3)), lambda fold: scores[fold])

    assert mean == pytest.approx(np.mean(scores)) and trial.attrs == {"folds": 3}  # told to stop with nothing left
    assert [(step, value) for step, value, _ in trial.reported] == list(enumerate(scores))
    assert trial.reported[0][2] == {"mean": 0.9}
    assert trial.reported[2][2] == pytest.approx({"mean": np.mean(scores), "spread": np.std(scores, ddof=1)})
    early: Any = Told(stop=1)
    with pytest.raises(TrialPruned):
        cross_validate(early, range(3), lambda fold: scores[fold])
    assert len(early.reported) == 2 and early.attrs == {}
    with pytest.raises(ValueError, match="no fold"):
        cross_validate(early, [], float)
