"""Trials held at rungs and promoted: real sessions on two CPU slots."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hptui.core.scheduler.judging import rule_for
from hptui.core.scheduler.state import Live
from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Curve, Hold, Stop
from hptui.core.study.study import Chosen
from hptui.core.study.trial import Process, Running, Trial
from hptui.core.wire.spool import Report, read_from

sys.path.insert(0, str(Path(__file__).parent.parent / "search_rungs"))
from rung_simulation import Simulated

Make = Callable[..., Any]
PATIENCE_S = 40.0

SCRIPT = """
    import hptui, os, time

    def objective(trial):
        seen = os.open(f"seen-{trial.number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for step in range(10):
            trial.report(trial.params["x"] + 1.0 / (step + 1), step)
            os.write(seen, f"{step}\\n".encode())
            if trial.should_prune():
                raise hptui.TrialPruned()
            time.sleep(0.005)
        return trial.params["x"] + 0.1
"""

STUDY = """
    seed = 1
    [space]
    x = {{type = "float", low = 0.0, high = 1.0}}
    [pruner]
    name = "{pruner}"
    [budget]
    n_trials = {n_trials}
    max_steps = 10
    [resources]
    slots = 2
"""


def study(pruner: str, n_trials: int = 9) -> str:
    return STUDY.format(pruner=pruner, n_trials=n_trials)


def check_records(s: Any, tmp_path: Path) -> None:
    """Every report once in the database, no step run twice, no process left."""
    for number in s.trials():
        lines, _ = read_from(s.folder.trial(number).spool, 0)
        said = [(line.step, line.value) for line in lines if isinstance(line, Report)]
        assert s.reader.curve(number, "value") == said, f"trial {number}"
        steps = [int(step) for step in (tmp_path / f"seen-{number}").read_text().split()]
        assert steps == sorted(set(steps)), f"trial {number} ran a step twice"
    s.until(lambda: not s.processes(), "processes were left behind")


def test_asha_holds_promotes_and_finishes(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, study("asha"))
    s.start()
    fact = s.finish()

    rows = s.trials()
    ends = {number: (row.state, row.step) for number, row in rows.items()}
    promoted = s.events("promoted")
    assert fact["ok"] and fact["final"] and len(rows) == 9
    # of nine at rung 1 at least three reach rung 3 and one of these the end; nobody stops anywhere else
    complete = [number for number, (state, _) in ends.items() if state == "COMPLETE"]
    assert complete and {ends[number][1] for number in complete} == {9}
    assert {step for state, step in ends.values() if state == "PRUNED"} <= {1, 3}
    assert sum(step != 1 for _, step in ends.values()) >= 3
    best = min(rows, key=lambda number: rows[number].params["x"])
    assert best in complete
    assert promoted and all(re.match(r"rung [13]: rank \d+ of \d+ with ", event.reason) for event in promoted)
    held = {event.trial for event in s.events("judged")}
    ended = [row for row in rows.values() if row.state == "PRUNED"]
    assert {row.number for row in ended} <= held
    said = r"held at step [13] and never promoted: rank \d of \d when it came"
    assert all(re.fullmatch(said, row.reason) for row in ended)
    check_records(s, tmp_path)


@pytest.mark.parametrize("pruner", ["asha", "hyperband", "pasha"])
def test_kills_of_the_scheduler_change_nothing_that_was_held(session: Make, tmp_path: Path, pruner: str) -> None:
    s = session(SCRIPT, study(pruner, 12))
    dice = random.Random(3)
    s.start()
    kills = 0
    deadline = time.monotonic() + PATIENCE_S
    while kills < 5 and not s.reader.facts().get("finished") and time.monotonic() < deadline:
        time.sleep(dice.uniform(0.05, 0.4))
        if s.alive and s.reader.trials():
            os.kill(s.scheduler_pid, signal.SIGKILL)
            s.until(lambda: not s.alive)
            s.start()
            kills += 1
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and len(rows) == 12
    assert {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    check_records(s, tmp_path)


@pytest.mark.parametrize("pruner", ["asha", "hyperband", "pasha", "successive_halving"])
def test_a_live_session_decides_as_the_pure_rule_does(session: Make, pruner: str) -> None:
    """The same trials, one at a time, through the rule alone: the same verdicts in the same order."""
    script = SCRIPT.replace("range(10)", "range(1, 11)").replace("time.sleep(0.005)", "")
    s = session(script, study(pruner, 12).replace("slots = 2", "slots = 1"))
    s.start()
    s.finish()

    xs = {number: row.params["x"] for number, row in s.trials().items()}
    rule = make_pruner(Chosen(name=pruner), "minimize", 10)
    alone = Simulated(rule, workers=1).run(lambda n, step: xs[n] + 1.0 / (step + 1), trials=12, steps=10)
    assert [event.reason for event in s.events("judged", "promoted")] == alone.reasons
    assert {number: row.step for number, row in s.trials().items()} == alone.steps


@pytest.mark.parametrize("name", ["asha", "hyperband", "pasha"])
def test_a_rule_stops_only_trials_that_would_keep_a_gpu_while_held(name: str) -> None:
    rule = make_pruner(Chosen(name=name), "minimize", 9)
    curve, others = Curve(1, np.array([1]), np.array([0.9])), [Curve(0, np.array([1]), np.array([0.1]))]

    def verdict(device: str, **attrs: int) -> object:
        phase = Running(Process(7, 1), device, 0.0)
        live = Live(Trial(1, {}, (), 0, "sampler", "", phase, 0.0, attrs=attrs))
        return rule_for(rule, live).judge(curve, others)

    assert isinstance(verdict("cpu"), Hold)
    assert isinstance(verdict("GPU-1", checkpoint_step=1), Hold)
    stopped = verdict("GPU-1")
    assert isinstance(stopped, Stop) and stopped.reason.endswith("a frozen trial would keep its GPU")


def test_a_study_of_one_trial_still_ends_with_a_result(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, study("asha", 1))
    s.start()
    fact = s.finish()

    assert fact["ok"] and [row.state for row in s.trials().values()] == ["COMPLETE"]
    assert next(e.reason for e in s.events("promoted")).endswith("is the best of those held")
    check_records(s, tmp_path)


def test_a_held_trial_can_be_pruned_taken_back_and_continued_by_hand(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, study("asha", 400))
    s.start()
    s.until(lambda: any(row.why == "rung" for row in s.trials().values()), "nobody was held")
    s.wish("pause")
    held = [row.number for row in s.trials().values() if row.state == "PAUSED" and row.why == "rung"]

    s.wish("prune", held[0])
    s.wish("undo", held[0])
    back = s.until(lambda: s.trials()[held[0]] if s.trials()[held[0]].why == "rung" else None, "it was not taken back")
    assert (back.state, back.step) == ("PAUSED", 1)

    s.wish("prune", held[0])
    s.wait_for(held[0], "PRUNED")
    s.wish("budget", n_trials=1)
    s.wish("resume")
    s.finish()
    check_records(s, tmp_path)


def test_a_held_trial_that_the_user_wants_goes_on_at_once(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, study("hyperband", 400))
    s.start()
    s.until(lambda: any(row.why == "rung" for row in s.trials().values()), "nobody was held")
    wanted = next(row.number for row in s.trials().values() if row.why == "rung")

    s.wish("resume", wanted)

    s.until(lambda: [e for e in s.events("resumed") if e.trial == wanted], "it did not go on")
    s.wish("stop", now=True)
    s.finish()
    s.until(lambda: not s.processes(), "processes were left behind")
