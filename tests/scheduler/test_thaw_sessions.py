"""The model of all curves at work: real sessions whose trials are frozen and thawed step by step."""

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

from hptui.core.search.catalog import make_pruner
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

sys.path.insert(0, str(Path(__file__).parent))
from test_rung_sessions import SCRIPT, check_records, study

sys.path.insert(0, str(Path(__file__).parent.parent / "search_rungs"))
from rung_simulation import Simulated

Make = Callable[..., Any]
PREDICTED = r"predicted \S+ ± \S+ at step 9, best \S+: chance of beating it (\d+|below 1) %"


def test_few_trials_are_trained_to_their_end_and_the_ledger_has_the_predictions(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, study("auto", 16))
    s.start()
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and fact["final"] and len(rows) == 16
    steps = {number: row.step + 1 for number, row in rows.items()}
    complete = [number for number, row in rows.items() if row.state == "COMPLETE"]
    assert complete and all(steps[number] == 10 for number in complete)
    # three full trainings and two steps for each trial, and what two slots were at when that was reached
    assert sum(steps.values()) <= 3 * 10 + 2 * 16 + 2 * 10
    assert min(rows.values(), key=lambda row: row.best).params["x"] < 0.3
    reasons = [event.reason for event in s.events("promoted")]
    assert any(re.search(PREDICTED, reason) for reason in reasons), reasons
    said = [row.reason for row in rows.values() if row.state == "PRUNED" and row.reason.startswith("held at step")]
    last = r"held at step \d and never promoted: rank \d+ of \d+ when it came, then predicted \S+, with a "
    assert any(re.match(last, reason) for reason in said), said
    check_records(s, tmp_path)


def test_kills_of_the_scheduler_lose_no_step_and_no_trial(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT, study("auto", 14))
    dice = random.Random(3)
    s.start()
    kills = 0
    deadline = time.monotonic() + 40.0
    while kills < 4 and not s.reader.facts().get("finished") and time.monotonic() < deadline:
        time.sleep(dice.uniform(0.1, 0.5))
        if s.alive and s.reader.trials():
            os.kill(s.scheduler_pid, signal.SIGKILL)
            s.until(lambda: not s.alive)
            s.start()
            kills += 1
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and len(rows) == 14
    assert {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    check_records(s, tmp_path)


def test_a_live_session_decides_as_the_pure_rule_does(session: Make) -> None:
    """The same trials, one at a time, through the rule alone: the same verdicts in the same order."""
    script = SCRIPT.replace("range(10)", "range(1, 11)").replace("time.sleep(0.005)", "")
    text = study("auto", 12).replace("slots = 2", "slots = 1")
    s = session(script, text)
    s.start()
    s.finish()

    rows = s.trials()
    space = Space.parse({"x": {"type": "float", "low": 0.0, "high": 1.0}})
    rule = make_pruner(Chosen(name="auto"), "minimize", 10, space, 1)
    alone = Simulated(rule, workers=1, places={number: tuple(row.x) for number, row in rows.items()})
    alone.run(lambda n, step: rows[n].params["x"] + 1.0 / (step + 1), trials=12, steps=10)
    assert [event.reason for event in s.events("judged", "promoted")] == alone.reasons
    assert {number: row.step for number, row in rows.items()} == alone.steps
