"""What every pruner of the catalog keeps to, and how verdicts read."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_strategies import crowds

from hptui.core.search.catalog import PRUNERS, make_pruner
from hptui.core.search.protocol import Curve, Every, Go, Hold, Kind, Pruner, Stop
from hptui.core.study.milestones import Rungs
from hptui.core.study.study import Chosen, Direction

calm = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
directions = st.sampled_from(["minimize", "maximize"])
SUITABLE: dict[str, dict[str, Any]] = {"threshold": {"lower": -1.0, "upper": 1.0}}
COMPARING = [name for name, entry in PRUNERS.items() if "n_min_trials" in entry.options]


def make(name: str, direction: Direction = "minimize", **options: Any) -> Pruner:
    return make_pruner(Chosen(name=name, options={**SUITABLE.get(name, {}), **options}), direction, 12)


@given(crowd=crowds(), direction=directions)
@calm
def test_a_verdict_is_go_hold_or_stop_with_a_reason(crowd: tuple[Curve, list[Curve]], direction: Direction) -> None:
    for name in PRUNERS:  # all of them judge the same curves: drawing these costs more than judging
        verdict = make(name, direction).judge(*crowd)

        assert verdict is None or (isinstance(verdict, Go | Hold | Stop) and verdict.reason), name


@given(crowd=crowds(), direction=directions, data=st.data())
@calm
def test_the_order_of_the_others_does_not_matter(
    crowd: tuple[Curve, list[Curve]], direction: Direction, data: st.DataObject
) -> None:
    curve, others = crowd
    shuffled = data.draw(st.permutations(others))
    for name in PRUNERS:
        options: dict[str, Any] = {"n_startup_trials": 1} if name in COMPARING else {}
        pruner = make(name, direction, **options)

        assert pruner.judge(curve, shuffled) == pruner.judge(curve, others), name


@given(crowd=crowds())
@calm
def test_judging_changes_nothing_that_was_handed_in(crowd: tuple[Curve, list[Curve]]) -> None:
    curve, others = crowd
    before = [(c.steps.copy(), c.losses.copy()) for c in (curve, *others)]
    for c in (curve, *others):
        c.steps.flags.writeable = c.losses.flags.writeable = False

    for name in PRUNERS:
        make(name).judge(curve, tuple(others))

        for c, (steps, losses) in zip((curve, *others), before, strict=True):
            np.testing.assert_array_equal(c.steps, steps, name)
            np.testing.assert_array_equal(c.losses, losses, name)


@given(crowd=crowds())
@calm
def test_the_only_trial_is_never_stopped(crowd: tuple[Curve, list[Curve]]) -> None:
    curve, others = crowd
    nobody_complete = [dataclasses.replace(o, kind=Kind.PENDING) for o in others]

    for name in COMPARING:
        assert make(name, n_startup_trials=0).judge(curve, []) is None, name
        assert make(name, n_startup_trials=0).judge(curve, nobody_complete) is None, name


@given(crowd=crowds())
@calm
def test_a_trial_that_has_reported_nothing_goes_on(crowd: tuple[Curve, list[Curve]]) -> None:
    _, others = crowd

    for name in PRUNERS:
        assert make(name).judge(Curve(0, np.empty(0, np.int64), np.empty(0)), others) is None, name


@given(crowd=crowds(), warmup=st.integers(0, 8), interval=st.integers(1, 5))
@calm
def test_a_verdict_comes_only_where_a_milestone_was_reached(
    crowd: tuple[Curve, list[Curve]], warmup: int, interval: int
) -> None:
    """Otherwise a trial would not wait for it."""
    curve, others = crowd
    wanted = {"n_warmup_steps": warmup, "interval_steps": interval}
    previous = int(curve.steps[-2]) if len(curve.steps) > 1 else -1
    for name, entry in PRUNERS.items():
        options: dict[str, Any] = {key: value for key, value in wanted.items() if key in entry.options}
        pruner = make(name, **options)
        milestones = pruner.milestones()

        if milestones is None or not milestones.reached(curve.last_step, previous):
            assert pruner.judge(curve, others) is None, name


@pytest.mark.parametrize("name", COMPARING)
def test_a_better_trial_than_all_others_goes_on(name: str) -> None:
    assert make(name).judge(curve_of(0, [0.1]), crowd_of([0.2, 0.3, 0.4, 0.5, 0.6])) is None


def test_a_milestone_that_was_stepped_over_counts_at_the_next_report() -> None:
    every, rungs = Every(2, 4), Rungs((3, 9))

    assert [s for s in range(12) if every.reached(s, s - 1)] == [s for s in range(12) if s in every] == [2, 6, 10]
    assert [s for s in range(12) if rungs.reached(s, s - 1)] == [3, 9]
    assert [s for s in range(0, 30, 5) if every.reached(s, s - 5)] == [5, 10, 15, 20, 25]
    assert [s for s in range(0, 30, 5) if rungs.reached(s, s - 5)] == [5, 10]


def curve_of(number: int, losses: list[float], kind: Kind = Kind.PENDING) -> Curve:
    return Curve(number, np.arange(len(losses)), np.array(losses, float), kind)


def crowd_of(losses: list[float], step: int = 0) -> list[Curve]:
    return [Curve(i + 1, np.array([step]), np.array([loss]), Kind.COMPLETE) for i, loss in enumerate(losses)]


def told(pruner: Pruner, curve: Curve, others: list[Curve]) -> str:
    verdict = pruner.judge(curve, others)
    assert isinstance(verdict, Stop)
    return verdict.reason


def test_the_median_says_what_it_compared() -> None:
    curve = Curve(0, np.array([3, 9]), np.array([0.41, 0.5]))
    others = crowd_of([0.2, 0.3, 0.36, 0.37, 0.4, 0.5, 0.6], step=9)

    assert told(make("median"), curve, others) == "best 0.41 at step 9 is above the median 0.37 of 7 trials"


def test_a_metric_to_maximise_is_told_in_the_users_sign() -> None:
    curve, others = curve_of(0, [-0.71]), crowd_of([-0.9, -0.8, -0.85, -0.7, -0.95])

    assert told(make("median", "maximize"), curve, others) == "best 0.71 at step 0 is below the median 0.85 of 5 trials"
    assert told(make("percentile", "maximize"), curve, others) == (
        "best 0.71 at step 0 is below 0.9, the mark of the best 25 % of 5 trials"
    )


def test_numbers_that_differ_read_differently() -> None:
    reason = told(make("median"), curve_of(0, [0.30000001]), crowd_of([0.3] * 5))

    assert reason == "best 0.30000001 at step 0 is above the median 0.3 of 5 trials"


def test_a_trial_of_nothing_but_nan_is_stopped_with_a_word_about_it() -> None:
    assert told(make("median"), curve_of(0, [np.nan, np.nan]), crowd_of([1.0] * 5, step=1)) == (
        "it has reported nothing but NaN up to step 1"
    )


@pytest.mark.parametrize(
    ("direction", "loss", "reason"),
    [
        ("minimize", 1.5, "1.5 at step 0 is above the upper limit 1"),
        ("minimize", -2.0, "-2 at step 0 is below the lower limit -1"),
        ("maximize", 2.0, "-2 at step 0 is below the lower limit -1"),
        ("maximize", -1.5, "1.5 at step 0 is above the upper limit 1"),
        ("minimize", np.inf, "inf at step 0 is above the upper limit 1"),
        ("minimize", np.nan, "the value at step 0 is not a number"),
    ],
)
def test_a_threshold_says_which_limit_was_passed(direction: Direction, loss: float, reason: str) -> None:
    assert told(make("threshold", direction), curve_of(0, [loss]), []) == reason


def test_no_pruner_needs_no_verdicts() -> None:
    assert make("none").milestones() is None
