"""What short trials say of an objective: each answer on the smallest case that is fine and one that is not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hptui.core.advice.sanity import (
    Ran,
    Scaling,
    answers,
    finite,
    largest_that_gains,
    overfits,
    repeatable,
    reports,
    runs,
    scaling,
)
from hptui.core.space.space import Space
from hptui.tui.commands.check_run import at, batch_sizes

GOOD = Ran(
    {"lr": 0.1}, "COMPLETE", ((11.0, 0, 0.9), (12.0, 1, 0.7), (14.0, 2, 0.6)), 0.6, began_at=8.0, ended_at=14.5,
)  # fmt: skip


def timed(seconds: float) -> Ran:
    return replace(GOOD, reports=((0.0, 0, 1.0), (seconds, 1, 1.0)))


def test_times_come_from_the_reports() -> None:
    assert (GOOD.steps_s, GOOD.step_s, GOOD.fastest_s, GOOD.startup_s) == ([1.0, 2.0], 1.5, 1.0, 2.0)
    assert (timed(1.0).step_s, replace(GOOD, reports=()).step_s, replace(GOOD, reports=()).startup_s) == (1, None, None)


def test_a_sound_objective_has_only_good_answers() -> None:
    found = answers(GOOD, GOOD, replace(GOOD, value=0.01), 3)

    assert [(a.question, a.ok) for a in found] == [
        ("runs", True), ("reports", True), ("finite", True), ("repeatable", True), ("one batch", True),
    ]  # fmt: skip
    assert [a.says for a in found] == [
        "complete in 6.5 s", "at 3 steps, 0 to 2", "0.6 to 0.9", "the same 3 numbers twice under one seed",
        "learned by heart: the loss falls to 1.0% of the first",
    ]  # fmt: skip


def test_nothing_is_asked_of_a_trial_that_failed_at_once() -> None:
    (only,) = answers(Ran({}, "FAIL", (), cause="crash", reason="KeyError: 'y'"), None, None, 3)

    assert (only.question, only.ok, only.says) == ("runs", False, "KeyError: 'y'")


@pytest.mark.parametrize(
    ("answer", "ok", "says"),
    [
        (runs(replace(GOOD, state="FAIL", cause="timeout")), None, "cut off at the time limit after 3 reports"),
        (runs(replace(GOOD, state="FAIL", cause="timeout", reports=(), reason="too long")), False, "too long"),
        (reports(replace(GOOD, reports=()), 3), False, "never: only its result is known"),
        (reports(replace(GOOD, state="PRUNED"), 2), False, "at 3 steps, 0 to 2, and goes on beyond max_steps = 2"),
        (finite(replace(GOOD, reports=((1.0, 4, math.nan),))), False, "the value at step 4 is no number"),
        (finite(replace(GOOD, reports=(), value=math.inf)), False, "its result is no number"),
        (repeatable(GOOD, replace(GOOD, reports=((1.0, 0, 0.95),))), False,
         "not under one seed: 0.9 and 0.95 at step 0, 0.05 apart"),
        (repeatable(replace(GOOD, reports=()), replace(GOOD, reports=())), True,
         "the same number twice under one seed"),
        (repeatable(GOOD, replace(GOOD, state="FAIL", reason="crash")), None, "can't be told: crash"),
        (overfits(None), None, "not tried: the script has no function one_batch"),
        (overfits(replace(GOOD, value=0.5)), False, "not learned: the loss falls to 50.0% of the first"),
        (overfits(replace(GOOD, state="FAIL", reason="no")), False, "can't be told: no"),
    ],
)  # fmt: skip
def test_an_answer_says_what_is_wrong_and_what_to_do(answer: object, ok: bool | None, says: str) -> None:
    assert (answer.ok, answer.says) == (ok, says)  # type: ignore[attr-defined]
    assert answer.do or ok is not False or answer.question == "repeatable"  # type: ignore[attr-defined]


def test_throughput_tells_perfect_scaling_from_diminishing_returns() -> None:
    oom = Ran({}, "FAIL", (), cause="oom", reason="out of the GPU's memory")
    seconds = {64: 2.0, 16: 8.0, 32: 4.0, 128: 1.6, 256: 1.6}
    rows = scaling([*((batch, timed(s)) for batch, s in seconds.items()), (512, oom)])

    assert [(r.batch, r.speed, r.gain, r.word) for r in rows] == [
        (16, 1.0, None, ""), (32, 2.0, 2.0, "perfect scaling"), (64, 4.0, 2.0, "perfect scaling"),
        (128, 5.0, 1.25, "diminishing returns"), (256, 5.0, 1.0, "no gain"), (512, None, None, "out of memory"),
    ]  # fmt: skip
    assert largest_that_gains(rows) == 128
    assert largest_that_gains(rows[:4]) == 128
    assert largest_that_gains(rows[:1]) is None
    one_slow_look = scaling([(16, timed(4.0)), (32, timed(2.0)), (64, timed(2.0)), (128, timed(1.0))])
    assert largest_that_gains(one_slow_look) == 128


def test_a_step_that_is_one_batch_counts_its_examples() -> None:
    (first, second) = scaling([(32, timed(1.0)), (128, timed(2.0))], per_epoch=False)

    assert second == Scaling(128, 2.0, 2.0, pytest.approx(2**0.5), "diminishing returns")
    assert first.speed == 1.0


def test_the_batch_sizes_tried_are_a_handful_of_the_parameters_own() -> None:
    listed = Space.parse({"batch_size": [256, 16, 32, 64]})
    many = Space.parse({"bs": {"type": "int", "low": 1, "high": 1000}})
    stepped = Space.parse({"batch": {"type": "int", "low": 32, "high": 200, "step": 32}})
    tied = {"parameter": "batch_size", "base": 16}
    rate = {"type": "float", "low": 0.1, "high": 1.0, "scaled_by": tied, "default": 0.1}

    assert batch_sizes(listed) == ("batch_size", [16, 32, 64, 256])
    assert batch_sizes(many) == ("bs", [1, 4, 16, 32, 128, 512])
    assert batch_sizes(stepped) == ("batch", [32, 64, 128])
    assert batch_sizes(Space.parse({"lr": [0.1, 0.2]})) == ("", [])
    assert at(Space.parse({"batch_size": [16, 64], "lr": rate}), "batch_size", 64) == {"batch_size": 64, "lr": 0.4}
