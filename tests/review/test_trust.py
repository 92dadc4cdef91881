"""Intervals, chances and smaller budgets, against SciPy and enumeration."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import stats

from hptui.core.review.columns import columns
from hptui.core.review.isolation import compared, isolate, isolate_together
from hptui.core.review.pruning import best_of
from hptui.core.review.trust import (
    Against,
    Smaller,
    against_baseline,
    expected_best,
    repeated,
    smaller_budgets,
    told,
    why_none,
)
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import CONSTRAINTS


def row(number: int, value: float, origin: str = "sampler", **params: object) -> TrialRow:
    return TrialRow(number, "COMPLETE", params or {"lr": number}, value=value, origin=origin)


def test_runs_of_one_configuration_have_students_interval() -> None:
    values = [0.9, 0.92, 0.97]
    rows = [row(k, v, lr=0.1) for k, v in enumerate(values)] + [row(3, 0.5, lr=0.2), row(4, math.nan, lr=0.1)]

    several, single = repeated(rows, -1.0)

    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (several.numbers, several.params) == ((0, 1, 2), {"lr": 0.1})
    assert several.half == pytest.approx((high - low) / 2)
    assert math.isnan(single.half) and math.isnan(single.first)


def test_a_run_that_broke_a_constraint_is_neither_the_best_nor_found_by_a_smaller_budget() -> None:
    rows = [row(0, 0.4), replace(row(1, 0.1), attrs={CONSTRAINTS: {"memory": 0.3}}), row(2, 0.2)]

    assert [one.numbers for one in repeated(rows, 1.0)] == [(2,), (0,)]
    assert smaller_budgets(rows, 1.0, [0.5]) == [Smaller(1, pytest.approx(0.3), 0.5)]
    assert repeated(rows[1:2], 1.0) == [] and why_none(rows[1:2]) == "no complete trial has kept its constraints"
    assert best_of(rows, 1.0) == rows[2]


def test_values_of_a_parameter_are_compared_by_trials_that_kept_the_constraints() -> None:
    rows = [replace(row(k, 0.1 * k, act="a" if k < 3 else "b"), attrs={CONSTRAINTS: {"m": 1.0 - k}}) for k in range(6)]
    seen = columns(rows, {"act": {"choices": ["a", "b"]}})

    assert [(one.label, one.trials, one.best) for one in isolate(seen, "act")] == [
        ("a", 2, pytest.approx(0.1)), ("b", 3, pytest.approx(0.3)),
    ]  # fmt: skip
    assert seen.ranked.tolist() == [1, 2, 3, 4, 5] and seen.complete.sum() == 6


def test_what_is_behind_the_baseline_does_not_beat_it() -> None:
    nan = math.nan

    assert told(Against(0.02, 0.01, 0.03, 0.004)) == (
        "the best beats the baseline by 0.02; 95 % interval of the gain 0.01 to 0.03, p = 0.004"
    )
    nothing = "nothing beats the baseline: the best of the others"
    assert told(Against(-0.02, nan, nan, nan)) == (
        f"{nothing} is behind by 0.02; a single run of one of them proves nothing"
    )
    assert told(Against(0.0, nan, nan, nan)).startswith(f"{nothing} is as good;")


def test_the_best_is_compared_with_the_baseline_by_welchs_test() -> None:
    better, base = [0.91, 0.95, 0.93], [0.80, 0.86]
    rows = [row(k, v, lr=0.1) for k, v in enumerate(better)]
    rows += [row(9, base[0], "baseline", lr=0.2), row(10, base[1], "enqueued", lr=0.2), row(11, 0.99, lr=0.3)]

    found = against_baseline(repeated(rows, -1.0), -1.0)

    expected = stats.ttest_ind(better, base, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found is not None
    assert found.gain == pytest.approx(np.mean(better) - np.mean(base))  # and not the lucky single 0.99
    assert (found.p, found.low, found.high) == pytest.approx((expected.pvalue, interval.low, interval.high))


def test_single_runs_prove_nothing() -> None:
    found = against_baseline(repeated([row(0, 0.5, "baseline", lr=1), row(1, 0.4, lr=2)], 1.0), 1.0)

    assert found is not None and found.gain == pytest.approx(0.1) and math.isnan(found.p)
    assert against_baseline(repeated([row(1, 0.4)], 1.0), 1.0) is None


def test_the_one_that_is_clearly_best_comes_first_nearly_always() -> None:
    rows = [row(k, 0.1 + 0.01 * k, lr=1) for k in range(3)] + [row(3 + k, 0.9 + 0.01 * k, lr=2) for k in range(3)]

    assert [one.first for one in repeated(rows, 1.0)] == [1.0, 0.0]


def test_the_expected_best_of_fewer_trials_is_that_of_all_choices() -> None:
    losses = np.random.default_rng(0).normal(size=9)

    for m in range(1, 10):
        by_hand = np.mean([min(chosen) for chosen in combinations(losses, m)])
        assert expected_best(losses, m) == pytest.approx(by_hand)
    with pytest.raises(ValueError, match="can't draw 10 of 9"):
        expected_best(losses, 10)


def test_a_smaller_budget_is_told_in_the_users_sign() -> None:
    rows = [row(k, value) for k, value in enumerate([0.1, 0.2, 0.3, 0.4])]

    assert smaller_budgets(rows, -1.0, [0.5]) == [Smaller(2, pytest.approx((0.4 * 3 + 0.3 * 2 + 0.2) / 6), 0.5)]
    assert smaller_budgets([], 1.0) == []


SPACE = {
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
    "lr": {"type": "float", "low": 0.0, "high": 1.0},
}


def two_equally_good_ones(seed: int) -> list[TrialRow]:
    """Ten times as many trials of one of them."""
    rng = np.random.default_rng(seed)
    names = ["sgd" if k % 11 == 0 else "adam" for k in range(220)]
    return [row(k, float(rng.normal()), optimizer=name, lr=float(rng.random())) for k, name in enumerate(names)]


def test_isolation_gives_each_value_the_same_number_of_tries() -> None:
    found = [isolate(columns(two_equally_good_ones(seed), SPACE), "optimizer") for seed in range(30)]

    assert {(adam.label, adam.trials, adam.tried) for adam, _ in found} == {("adam", 200, 10)}
    assert {(sgd.label, sgd.trials, sgd.tried) for _, sgd in found} == {("sgd", 20, 10)}
    gap = np.array([[adam.best - sgd.best, adam.expected - sgd.expected] for adam, sgd in found]).mean(axis=0)
    assert gap[0] < -0.6  # the plain best favours what was tried more
    assert abs(gap[1]) < 0.2


def test_several_parameters_are_isolated_as_combinations_too() -> None:
    seen = columns(two_equally_good_ones(0), SPACE)
    lr, loss = seen.dimensions[1].values, seen.loss
    adam = seen.dimensions[0].values == 0
    edges = np.quantile(lr, [0, 1 / 3, 2 / 3, 1], method="nearest")

    found = isolate_together(seen, ["optimizer", "lr"])

    by_hand = [
        loss[chosen & (lr >= low) & ((lr < high) | (high == edges[-1]))]
        for chosen in (adam, ~adam) for low, high in pairwise(edges)
    ]  # fmt: skip
    assert [(one.trials, one.best) for one in found] == [(len(one), one.min()) for one in by_hand]
    assert [one.label.split(" × ")[0] for one in found] == ["adam"] * 3 + ["sgd"] * 3
    assert {one.tried for one in found} == {min(len(one) for one in by_hand) // 2}


def test_combinations_are_compared_beside_their_parameters_where_they_are_few() -> None:
    space = {**SPACE, **{name: {"type": "int", "low": 0, "high": 2} for name in ("a", "b")}}
    rows = [row(k, k / 7, optimizer="adam", lr=0.5, a=k % 3, b=k // 3 % 3) for k in range(27)]
    seen = columns(rows, space)

    assert list(compared(seen, ["a"])) == ["a"]
    assert list(compared(seen, ["a", "b"])) == ["a", "b", "a × b"]
    assert [one.label for one in compared(seen, ["a", "b"])["a × b"]][:4] == ["0 × 0", "0 × 1", "0 × 2", "1 × 0"]
    wide = {name: {"type": "int", "low": 0, "high": 8} for name in "ab"}
    many = isolate_together(columns([row(k, k / 7, a=k % 9, b=k // 9) for k in range(81)], wide), ["a", "b"])
    assert (len(many), sum(one.trials for one in many)) == (9, 81)  # by three ranges each
    three = columns([row(k, k / 7, a=k % 3, b=k // 3 % 3, c=k // 9) for k in range(27)],
                    dict.fromkeys("abc", space["a"]))  # fmt: skip
    assert list(compared(three, ["a", "b", "c"])) == ["a", "b", "c"]


def test_a_number_is_isolated_in_bins_of_as_many_trials() -> None:
    bins = isolate(columns(two_equally_good_ones(0), SPACE), "lr")

    assert sum(one.trials for one in bins) == 220
    assert all(abs(one.trials - 44) <= 1 for one in bins)
    with pytest.raises(KeyError):
        isolate(columns(two_equally_good_ones(0), SPACE), "width")
