"""Held trials whose process is ended: another one goes on from their checkpoint. Real sessions on two CPU slots."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from test_chaos import server_of

from hptui.core.wire.spool import Report, read_from

Make = Callable[..., Any]

SCRIPT = """
    import hptui, os, time

    def objective(trial):
        lives = os.open(f"lives-{trial.number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        state = trial.checkpoint.load()
        first = 0 if state is None else state["step"] + 1
        os.write(lives, f"{first}\\n".encode())
        for step in range(first, STEPS):
            trial.report(trial.params["x"] + 1.0 / (step + 1), step, life=os.getpid())
            if trial.should_prune():
                raise hptui.TrialPruned()
            if step % 3 == 2:
                trial.checkpoint.save({"step": step})
            time.sleep(0.01)
        return trial.params["x"] + 0.1
"""

STUDY = """
    seed = 1
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 2
    [resources]
    slots = 2
"""


def lives(tmp_path: Path, number: int) -> list[int]:
    """The step at which each process of the trial began."""
    return [int(line) for line in (tmp_path / f"lives-{number}").read_text().split()]


def longer_undo(s: Any, number: int) -> None:
    """No scheduler is there: its five seconds become a minute, for the next one may take longer to start."""
    with contextlib.closing(sqlite3.connect(s.folder.database)) as db, db:
        db.execute("update trials set until = until + 60 where number = ?", [number])


def check_records(s: Any, number: int, steps: int) -> None:
    """Every step once, with what was reported of it last."""
    lines, _ = read_from(s.folder.trial(number).spool, 0)
    said = {line.step: line.value for line in lines if isinstance(line, Report)}
    assert s.reader.curve(number, "value") == sorted(said.items())
    assert sorted(said) == list(range(steps))


def kill_while_paused(s: Any, number: int) -> Any:
    s.until(lambda: (s.trials()[number].step or 0) > 5)
    s.wish("pause", number)
    row = s.wait_for(number, "PAUSED")
    os.kill(row.pid, signal.SIGKILL)
    return s.until(lambda: (row := s.trials()[number]).pid is None and row)


def test_a_paused_trial_whose_process_is_gone_goes_on_from_its_checkpoint(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT.replace("STEPS", "40"), STUDY)
    s.start()
    s.wait_for(0, "RUNNING")

    away = kill_while_paused(s, 0)
    saved = away.attrs["checkpoint_step"]
    assert (away.state, away.why, away.device) == ("PAUSED", "user", None)
    assert away.reason.startswith(f"put away, paused by you; goes on from its checkpoint of step {saved}")
    (said,) = s.events("put-away")
    assert said.reason.startswith("its process ended while it was held: put away; goes on from its checkpoint of step")
    s.wish("resume", 0)
    s.finish()

    row = s.trials()[0]
    assert (row.state, row.retry_of) == ("COMPLETE", None) and len(s.trials()) == 2
    assert lives(tmp_path, 0) == [0, saved + 1]
    check_records(s, 0, 40)
    s.until(lambda: not s.processes(), "processes were left behind")


def test_one_that_was_put_away_survives_the_scheduler_and_can_be_paused_pruned_and_taken_back(
    session: Make, tmp_path: Path
) -> None:
    s = session(SCRIPT.replace("STEPS", "60 if trial.number == 0 else 9000"), STUDY.replace("slots = 2", "slots = 1"))
    s.start()
    s.wait_for(0, "RUNNING")
    kill_while_paused(s, 0)
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    s.start()
    s.wait_for(1, "RUNNING")

    assert s.trials()[0].state == "PAUSED"
    s.wish("prune", 0)
    s.until(lambda: s.trials()[0].why == "undo")
    os.kill(s.scheduler_pid, signal.SIGKILL)  # why it was paused before is known to the next one
    s.until(lambda: not s.alive)
    longer_undo(s, 0)
    s.start()
    s.wish("undo", 0)
    s.until(lambda: s.trials()[0].why == "user")
    s.wish("resume", 0)
    s.wait_for(0, "WAITING")
    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")
    s.wish("resume", 0)
    s.wish("prune", 1)
    s.finish()

    assert s.trials()[0].state == "COMPLETE"
    assert len(lives(tmp_path, 0)) == 2
    check_records(s, 0, 60)


def test_a_trial_held_at_its_rung_is_judged_there_once_however_often_its_process_dies(
    session: Make, tmp_path: Path
) -> None:
    study = STUDY.replace("n_trials = 2", "n_trials = 9\n    max_steps = 30") + '\n    [pruner]\n    name = "asha"\n'
    s = session(SCRIPT.replace("STEPS", "30"), study)
    dice = random.Random(7)
    s.start()
    killed = 0
    while not s.reader.facts().get("finished"):
        held = [row for row in s.trials().values() if row.why == "rung" and row.pid and "checkpoint_step" in row.attrs]
        if held and killed < 6:
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(held).pid, signal.SIGKILL)
            killed += 1
            if killed % 3 == 1:
                os.kill(s.scheduler_pid, signal.SIGKILL)
                s.until(lambda: not s.alive)
                s.start()
            elif killed % 3 == 2 and (server := server_of(tmp_path / "home")):
                os.kill(server, signal.SIGKILL)
        time.sleep(0.05)
    s.finish()

    assert s.events("put-away")
    rows = s.trials()
    promoted = {event.trial for event in s.events("promoted")}
    ends = {row.state for row in rows.values()}
    assert sum(row.retry_of is None for row in rows.values()) == 9
    assert ends <= {"COMPLETE", "PRUNED", "FAIL"} and "COMPLETE" in ends
    # one that was killed in the instant in which it went on was no held trial any more
    failed = {number: row.cause for number, row in rows.items() if row.state == "FAIL"}
    assert set(failed.values()) <= {"killed", "lost"} and set(failed) <= promoted
    judged = [(event.trial, event.data["step"]) for event in s.events("judged")]
    assert len(judged) == len(set(judged)), "a rung was judged twice"
    for number, row in rows.items():
        if row.state == "COMPLETE":
            check_records(s, number, 30)
    s.until(lambda: not s.processes(), "processes were left behind")


def test_a_point_can_start_from_another_trials_checkpoint(session: Make, tmp_path: Path) -> None:
    s = session(SCRIPT.replace("STEPS", "12"), STUDY.replace("n_trials = 2", "n_trials = 4"))
    s.start()
    s.wait_for(0, "COMPLETE")

    refused = s.wish("enqueue", params={"x": 0.125}, start_from=99)
    heeded = s.wish("enqueue", params={"x": 0.125}, start_from=0)
    s.finish()

    assert (refused.kind, refused.reason) == ("refused", "trial 99 has saved no checkpoint to start from")
    assert heeded.kind == "wished"
    (heir,) = [row for row in s.trials().values() if row.params == {"x": 0.125}]
    assert heir.attrs["starts_from"] == 0 and heir.proposal.endswith("from the checkpoint of trial 0")
    assert lives(tmp_path, heir.number) == [12] and lives(tmp_path, 0) == [0]


def test_whom_the_user_puts_away_leaves_its_slot_and_memory_and_goes_on_when_asked(
    session: Make, tmp_path: Path
) -> None:
    """Also where it has an attribute too long for the fork server: it goes on in a Python of its own."""
    long = "trial.set_user_attr('long', 'x' * 300_000 * (trial.number == 0)); state ="
    script = SCRIPT.replace("STEPS", "40 if trial.number == 0 else 9000").replace("state =", long, 1)
    s = session(script, STUDY)
    s.start()
    s.wait_for(1, "RUNNING")
    s.until(lambda: (s.trials()[0].attrs.get("checkpoint_step") or 0) > 1)
    asked = s.wish("put-away", 0)
    away = s.until(lambda: (row := s.trials()[0]).pid is None and row.state == "PAUSED" and row)

    assert (asked.kind, asked.reason) == ("wished", "you asked: put trial 0 away")
    assert (away.why, away.device) == ("user", None)
    saved = away.attrs["checkpoint_step"]
    assert next(event.reason for event in s.events("put-away")).startswith(
        f"you asked: put away; goes on from its checkpoint of step {saved}"
    )
    again = s.wish("put-away", 0)
    assert (again.kind, again.reason.startswith("trial 0 is put away already")) == ("refused", True)
    s.wish("resume", 0)
    assert s.wait_for(0, "COMPLETE").step == 39
    assert s.wish("put-away", 0).reason == "trial 0 has ended"
    assert [event.data["cold"] for event in s.events("started") if event.trial == 0] == [False, True]
    check_records(s, 0, 40)
