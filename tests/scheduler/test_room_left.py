"""How far trials could still come before the budget ends, and that a session's last steps are spent on an end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hptui.core.devices.inventory import Place
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.room_left import room_left
from hptui.core.scheduler.state import Live, Rules, SchedulerState, Server, Stopping
from hptui.core.study.trial import Paused, Process, Running, Trial, Why

sys.path.insert(0, str(Path(__file__).parent))
from test_rung_sessions import SCRIPT, study

Make = Callable[..., Any]


def live(number: int, device: str, step: int | None, held: bool = False, **attrs: Any) -> Live:
    """It has run for 100 s at 1000."""
    process = Process(1000 + number, 1)
    phase = Paused(process, device, 950.0, Why.RUNG) if held else Running(process, device, 900.0)
    trial = Trial(number, {}, (), 0, "sampler", "", phase, 0.0, started_at=0.0, step=step, attrs=attrs)
    return Live(trial, busy_s=100.0 if held else 0.0)


def state_of(*lives: Live, **rules: Any) -> SchedulerState:
    """At 1000 s of wall clock."""
    trials = {one.trial.number: one for one in lives}
    return SchedulerState(Rules(**rules), (Place("cpu", 0),), 2, now=1000.0, live=trials)


@pytest.mark.parametrize(
    ("rules", "room"),
    [
        ({}, {}),
        ({"n_trials": 5}, {}),
        ({"wall_clock_s": 1100.0}, {0: 10.0, 1: 50.0, 3: 20.0}),  # 10 s a step; 2 s as measured; 5 s
        ({"wall_clock_s": 1000.0}, {}),
        ({"total_steps": 91}, {0: 25.5, 1: 25.5, 3: 25.5}),  # 40 are made; there are two slots
        ({"total_steps": 60, "wall_clock_s": 1100.0}, {0: 10.0, 1: 10.0, 3: 10.0}),
    ],
)
def test_steps_left_by_clock_and_by_steps(rules: dict[str, Any], room: dict[int, float]):
    lives = [live(0, "cpu", 9), live(1, "cpu", 9, held=True, step_s=2.0), live(2, "cpu", None), live(3, "cpu", 19)]

    assert room_left(state_of(*lives, **rules)) == room


def test_gpu_hours_are_shared_with_the_trials_that_run_beside():
    """400 GPU-seconds are left: 200 s for two running trials, 133 s with a third one beside them."""
    lives = [live(0, "GPU-a", 9), live(1, "GPU-b", 9), live(2, "GPU-a", 9, held=True)]

    room = room_left(state_of(*lives, gpu_hours=700 / 3600))

    assert room == pytest.approx({0: 20.0, 1: 20.0, 2: 40 / 3})
    assert room_left(state_of(*lives, gpu_hours=700 / 3600), held_too=False) == pytest.approx({0: 20.0, 1: 20.0})


def test_a_trial_that_is_held_as_the_last_one_when_the_budget_is_spent_ends_before_the_session_does():
    state = state_of(live(0, "cpu", 9, held=True), total_steps=10, promotes=True)
    state = replace(state, server=Server("ready"), next_number=1, stopping=Stopping("10 steps are made", final=True))

    intents = [event for action in plan(state) for event in action.intents]

    assert [type(event).__name__ for event in intents] == ["EndAsked"]


def test_a_session_that_ends_by_its_steps_ends_with_a_complete_trial(session: Make):
    text = study("auto", 100).replace("n_trials = 100", "total_steps = 36").replace("slots = 2", "slots = 1")
    s = session(SCRIPT, text)
    s.start()
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and fact["final"] and "36 steps is spent" in fact["reason"]
    assert "COMPLETE" in {row.state for row in rows.values()}
    said = [event.reason for event in s.events("promoted", "judged")]
    assert any("steps to its end, and the budget has" in reason for reason in said), said
