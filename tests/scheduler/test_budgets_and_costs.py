"""Budgets in GPU-hours and steps, measured step times, and objectives that are run again with a larger budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hptui.core.devices.inventory import Place
from hptui.core.errors import StudyErrors
from hptui.core.scheduler.costs import Spent, budget_spent, spent, spent_by
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.state import Live, Rules, SchedulerState, Server
from hptui.core.scheduler.steps import StepTimes
from hptui.core.store.rows import TrialRow
from hptui.core.study.file import load_study
from hptui.core.study.milestones import Every, Rungs
from hptui.core.study.trial import Process, Running, Trial
from hptui.core.wire.request import Program, Start
from hptui.core.wire.spool import Begin, Parked, Report
from hptui.core.worker.rerun import budgets

Make = Callable[..., Any]


def on(device: str, number: int, step: int, since: float, **attrs: Any) -> Live:
    phase = Running(Process(1000 + number, 1), device, since)
    return Live(Trial(number, {}, (), 0, "sampler", "", phase, 0.0, started_at=since, step=step, attrs=attrs))


def state_of(*lives: Live, now: float = 4600.0, **rules: Any) -> SchedulerState:
    live = {one.trial.number: one for one in lives}
    return SchedulerState(
        Rules(**rules), (Place("GPU-a", 0),), 1, now=now, live=live, next_number=9, server=Server("ready")
    )


def test_gpu_time_is_running_time_times_the_share_of_gpus_and_the_cpu_costs_none():
    state = state_of(
        on("GPU-a", 0, 9, 1000.0), on("GPU-a", 1, 4, 1000.0, gpu_share=0.25), on("GPU-b,GPU-c", 2, 0, 4000.0),
        on("cpu", 3, 99, 0.0), now=4600.0,
    )  # fmt: skip
    assert spent(replace(state, spent=Spent(100.0, 7))) == Spent(100.0 + 3600 + 900 + 1200, 7 + 10 + 5 + 1 + 100)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"gpu_hours": 1.0}, "the budget of 1 GPU-hours is spent"),
        ({"gpu_hours": 1.1}, ""),
        ({"total_steps": 10}, "the budget of 10 steps is spent: 10 were made"),
        ({"total_steps": 11}, ""),
        ({}, ""),
    ],
)
def test_a_session_stops_when_its_budget_is_spent_with_the_numbers(rules: dict[str, Any], said: str):
    state = state_of(on("GPU-a", 0, 9, 1000.0), **rules)

    assert budget_spent(state) == said
    stops = [event for action in plan(state) for event in action.intents if type(event).__name__ == "StopAsked"]
    assert [(event.reason, event.final) for event in stops] == ([(said, True)] if said else [])


def test_what_ended_trials_have_cost_is_known_after_a_restart():
    rows = [
        TrialRow(0, "COMPLETE", {}, device="GPU-a", busy_s=60.0, step=9, attrs={"gpu_share": 0.5}),
        TrialRow(1, "FAIL", {}, device="cpu", busy_s=60.0, step=None),
        TrialRow(2, "RUNNING", {}, device="GPU-a", busy_s=60.0, step=3),
    ]
    assert spent_by(rows) == Spent(30.0, 10)


def test_step_times_are_medians_that_leave_out_pauses_verdicts_and_other_processes():
    times = StepTimes()
    times.hear([Begin(0.0, 1, 1), Report(50.0, 0, 0.5), Report(51.0, 1, 0.5), Report(52.2, 2, 0.5)])
    assert times.news(False) == 1.1
    times.hear([Report(53.0, 3, 0.5, {}, 1), Report(999.0, 4, 0.5)])  # it waited for a verdict at step 3
    times.hear([Parked(1000.0, 4), Report(5000.0, 5, 0.5)])
    times.hear([Begin(6000.0, 2, 2), Report(9000.0, 4, 0.5), Report(9002.0, 6, 0.5)])  # two steps in two seconds
    assert times.news(False) == 1.0
    assert times.news(True) is None, "it was told"


def test_budgets_of_a_trial_are_its_rungs_and_then_all_and_what_was_done_is_not_done_again():
    start = Start("s", "f", 0, {}, 1, Program(("true",)), "/", milestones=Rungs((1, 3, 9)), max_steps=27)
    assert budgets(start) == [1, 3, 9, 27] and budgets(start, 3) == [9, 27]
    assert budgets(replace_start(start, milestones=Every(5, 1))) == [27]


def replace_start(start: Start, **fields: Any) -> Start:
    import msgspec

    return msgspec.structs.replace(start, **fields)


def test_rerun_needs_a_function_and_a_largest_budget():
    text = 'name = "s"\n[objective]\ncommand = "true"\n[space]\nx = [1, 2]\n[budget]\nrerun = true\ngpu_hours = 0.0\n'
    with pytest.raises(StudyErrors) as raised:
        load_study(text, where="s.toml", folder=None)
    assert {problem.where for problem in raised.value.problems} == {"budget.rerun", "budget.gpu_hours"}


SCRIPT = """
    import os

    def objective(trial):
        with open(f"ran-{trial.number}", "a") as file:
            file.write(f"{trial.budget} {trial.budget_share:.2f}\\n")
        return trial.params["x"] + 1.0 / trial.budget
"""

STUDY = """
    seed = 1
    sampler = "random"
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [pruner]
    name = "asha"
    [budget]
    n_trials = 9
    max_steps = 9
    rerun = true
    [resources]
    slots = 2
"""


def test_a_promoted_trial_is_run_again_with_a_larger_budget(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and len(rows) == 9 and {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    for number, row in rows.items():
        ran = [int(line.split()[0]) for line in (tmp_path / f"ran-{number}").read_text().splitlines()]
        assert ran == [budget for budget in (1, 3, 9) if budget <= (row.step or 0)]
        assert s.reader.curve(number, "value") == [(b, pytest.approx(row.params["x"] + 1.0 / b)) for b in ran]
    complete = [row for row in rows.values() if row.state == "COMPLETE"]
    assert complete and {row.step for row in complete} == {9}
    best = min(rows.values(), key=lambda row: row.params["x"])
    assert best.state == "COMPLETE" and (tmp_path / f"ran-{best.number}").read_text().splitlines()[-1] == "9 1.00"


def test_a_budget_of_steps_ends_a_session(session: Make) -> None:
    script = """
        import time

        def objective(trial):
            for step in range(10):
                trial.report(trial.params["x"], step)
                time.sleep(0.01)
            return trial.params["x"]
    """
    budget = "    [budget]\n    total_steps = 25\n    [resources]\n    slots = 1\n"
    s = session(script, STUDY.split("    [pruner]")[0] + budget)
    s.start()
    fact = s.finish()

    assert fact["final"] and fact["reason"].startswith("the budget of 25 steps is spent: ")
    complete = [row for row in s.trials().values() if row.state == "COMPLETE"]
    assert len(complete) == 3
    assert all(0.005 < row.attrs["step_s"] < 1.0 for row in complete)
