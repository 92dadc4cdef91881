"""The held-out metric: kept apart, and what its gap to validation says of the search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hptui.core.review.columns import columns
from hptui.core.review.held_out import held_out, told
from hptui.core.review.isolation import _again, isolate
from hptui.core.review.trust import expected_best
from hptui.core.store.rows import TrialRow
from hptui.tui.glyphs import glyphs_for
from hptui.tui.views.isolation import draw, heading


def session(noise: float, n: int = 200, seed: int = 0) -> list[TrialRow]:
    """n trials whose validation values have noise of their own; losses."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0.3, 0.05, n)
    values, tests = true + rng.normal(0, noise, n), true + 0.01 + rng.normal(0, 0.01, n)
    return [
        TrialRow(k, "COMPLETE", {"x": k}, value=float(values[k]), attrs={"test_value": float(tests[k])})
        for k in range(n)
    ]


def test_a_search_that_fitted_the_luck_of_its_validation_set_is_told() -> None:
    rows = session(noise=0.1)

    found = held_out(rows, 1.0)

    order = np.argsort([row.value for row in rows])
    gaps = np.array([row.attrs["test_value"] - row.value for row in rows])[order]
    interval = stats.ttest_ind(gaps[:20], gaps[20:], equal_var=False).confidence_interval(0.95)
    assert found is not None and found.is_overfitted and found.best == 20
    assert (found.chosen, found.others) == pytest.approx((gaps[:20].mean(), gaps[20:].mean()))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.numbers == (order[0],) and found.test == rows[order[0]].attrs["test_value"]
    assert told(found, "test_loss")[1].startswith("the validation set was overfitted: on the test set the best 20 lose")
    flipped = [TrialRow(r.number, r.state, r.params, value=-r.value, attrs={"test_value": -r.attrs["test_value"]}) for r in rows if r.value]  # noqa: E501
    mirrored = held_out(flipped, -1.0)
    assert mirrored is not None and (mirrored.low, mirrored.numbers) == (pytest.approx(found.low), found.numbers)


def test_a_test_set_that_is_harder_for_all_raises_no_alarm() -> None:
    alarms = [one.is_overfitted for seed in range(40) if (one := held_out(session(0.0005, 40, seed), 1.0))]

    assert len(alarms) == 40 and sum(alarms) <= 3


def test_of_equal_validation_values_the_test_value_chooses_none() -> None:
    tests = [0.9 - 0.01 * k for k in range(20)]  # the later, the better on the test set
    rows = [TrialRow(k, "COMPLETE", {"x": k}, value=0.5, attrs={"test_value": test}) for k, test in enumerate(tests)]

    found = held_out(rows, 1.0)

    assert found is not None and found.chosen == pytest.approx(np.mean(tests[:4]) - 0.5)


def test_few_trials_show_the_test_value_and_no_more() -> None:
    rows = session(0.1, 5)

    found = held_out(rows, 1.0)

    assert found is not None and not found.is_overfitted and math.isnan(found.low)
    assert told(found, "err")[1] == "5 trials have both values: 12 would say whether validation was overfitted"
    assert held_out([TrialRow(0, "COMPLETE", {}, value=1.0)], 1.0) is None
    repeats = [TrialRow(9 + k, "COMPLETE", {"x": 0}, value=0.1, attrs={"test_value": 0.2 + 0.01 * k}) for k in range(3)]
    several = held_out([*rows, *repeats], 1.0)
    tests = [rows[0].attrs["test_value"], 0.2, 0.21, 0.22]
    low, high = stats.t.interval(0.95, 3, np.mean(tests), stats.sem(tests))
    assert several is not None and several.numbers == (0, 9, 10, 11)
    assert (several.test, several.test_half) == pytest.approx((np.mean(tests), (high - low) / 2))


def test_drawing_counts_is_drawing_trials() -> None:
    y, rng = np.sort(np.random.default_rng(0).normal(size=12)), np.random.default_rng(1)
    by_hand = [expected_best(y[rng.integers(12, size=12)], 4) for _ in range(4000)]

    drawn = _again(y, 4, np.random.default_rng(2))

    assert len(drawn) == 1000
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(by_hand, [0.1, 0.5, 0.9]), abs=0.05)


def test_values_stand_on_one_axis_with_their_intervals() -> None:
    rows = [TrialRow(k, "COMPLETE", {"opt": "ab"[k % 2]}, value=float(k % 2) + 0.01 * k) for k in range(12)]
    rows += [TrialRow(12, "COMPLETE", {"opt": "c"}, value=0.5)]
    space = {"opt": {"type": "categorical", "choices": ["a", "b", "c"]}}

    found = isolate(columns(rows, space), "opt")
    lines = ["".join(piece.text for piece in line) for line in draw(found, "a is best", 80, 12, glyphs_for({}))]

    assert heading("opt", found, "loss", True) == "opt (scientific), all others optimised away ─ loss, best of 3"
    assert [line.split()[0] for line in lines[:3]] == ["a", "b", "c"]
    assert "0.5000 best, too few" in lines[2] and "o best seen" in lines[5] and lines[6].strip() == "a is best"
    assert draw([], "", 40, 5, glyphs_for({}))[0][0].text.strip() == "no trial is complete yet"


def test_whole_numbers_are_labelled_in_full() -> None:
    space = {"batch": {"type": "int", "low": 1, "high": 40000}}
    few, many = ([TrialRow(k, "COMPLETE", {"batch": 32768 + k % n}, value=1.0 * k) for k in range(20)] for n in (2, 20))

    assert [one.label for one in isolate(columns(few, space), "batch")] == ["32768", "32769"]
    assert isolate(columns(many, space), "batch")[0].label == "32768 .. 32772"
