"""When a budget of time or steps nears its end, a trial is complete before it does."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hptui.core.search.protocol import Curve, Kind, Resume
from hptui.core.search.pruners.thaw import Thaw

sys.path.insert(0, str(Path(__file__).parent.parent / "search_rungs"))
from rung_simulation import Simulated

STEPS = 20


def held(number: int, steps: int, level: float, arrival: int) -> Curve:
    losses = level + 1.0 / np.arange(1, steps + 1)
    return Curve(
        number, np.arange(1, steps + 1), losses, held=True, x=(), arrival=np.arange(arrival, arrival + steps)
    )  # fmt: skip


def crowd() -> list[Curve]:
    """Ten trials; number 3 is far ahead in loss, number 5 in steps."""
    return [held(n, 12 if n == 5 else 4, 0.1 if n == 3 else 0.5 + n / 10, 100 * n) for n in range(10)]


def asked(curves: list[Curve], room: float) -> Resume | None:
    return Thaw(max_steps=STEPS).finish(curves, dict.fromkeys(range(10), room))


def test_the_best_predicted_goes_to_its_end_once_there_is_room_for_little_more():
    """It needs 16 steps, and begins with a quarter and one step to spare: at 21."""
    answers = {room: asked(crowd(), room) for room in (100.0, 22.0, 21.0, 16.0)}

    assert {room: answer and answer.number for room, answer in answers.items()} == {
        100.0: None, 22.0: None, 21.0: 3, 16.0: 3,
    }  # fmt: skip
    said = answers[21.0]
    assert said is not None
    assert said.reason.startswith("16 steps to its end, and the budget has 21 more for it: predicted 0.")


def test_one_that_can_no_longer_be_in_time_leaves_its_place_to_the_best_that_can():
    """Number 5 needs 8 steps: it has its time from 11 on."""
    assert [asked(crowd(), room) for room in (13.5, 12.0)] == [None, None]
    assert [answer and answer.number for answer in (asked(crowd(), 11.0), asked(crowd(), 8.0))] == [5, 5]
    assert asked(crowd(), 6.0) is None


def test_nobody_is_hurried_when_what_is_complete_or_runs_is_as_good():
    curves = crowd()
    runs = [replace(c, held=c.number != 3) for c in curves]
    complete = [replace(held(c.number, STEPS, 0.0, 500), kind=Kind.COMPLETE, held=False) if c.number == 5 else c
                for c in curves]  # fmt: skip
    worse = [replace(held(c.number, STEPS, 3.0, 500), kind=Kind.COMPLETE, held=False) if c.number == 5 else c
             for c in curves]  # fmt: skip

    assert asked(runs, 18.0) is None and asked(complete, 18.0) is None
    answer = asked(worse, 18.0)
    assert answer is not None and answer.number == 3
    nobody_knows = Thaw(max_steps=STEPS).finish(curves, {})
    assert nobody_knows is None and Thaw(max_steps=STEPS).finish([], {0: 1.0}) is None


def test_before_anything_is_predicted_the_lowest_loss_goes():
    answer = asked([held(0, 3, 0.5, 0), held(1, 3, 0.2, 10)], 18.0)

    assert answer is not None and answer.number == 1


@pytest.mark.parametrize("workers", [1, 3])
def test_a_session_that_ends_by_its_steps_has_a_complete_trial_and_it_is_among_the_best(workers: int):
    rng = np.random.default_rng(1)
    levels = rng.random(200)

    def loss(number: int, step: int) -> float:
        return float(levels[number] + 1.0 / step)

    done = Simulated(Thaw(max_steps=STEPS), workers, budget=3 * STEPS * workers).run(loss, 200, STEPS)

    complete = [number for number, kind in done.kinds.items() if kind is Kind.COMPLETE]
    assert complete and sum(done.steps.values()) <= 3 * STEPS * workers
    begun = levels[: len(done.points)]
    assert min(levels[n] for n in complete) <= np.sort(begun)[2]


def test_of_trials_that_are_predicted_alike_the_one_that_has_gone_furthest_goes_to_its_end():
    """Else they would go on by turns, and none would be complete: here numbers 3 and 6, with 4 and 9 steps."""
    alike = [held(6, 9, 0.1, 600) if curve.number == 6 else curve for curve in crowd()]
    after_it = [held(6, 11, 0.101, 600) if curve.number == 6 else curve for curve in crowd()]

    first, then = asked(alike, 14.0), asked(after_it, 12.0)

    assert first is not None and then is not None and (first.number, then.number) == (6, 6)
    assert asked(alike, 18.0) is None  # it has time, though number 3 has none to lose
