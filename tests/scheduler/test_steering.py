"""Steering a session that runs: enqueue, priority, pinning, budget and pruner, notes and tags, with real processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from hptui.core.scheduler.remarking import remark_at_rest
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow
from hptui.core.wire.lock import SessionLock, scheduler_of

Make = Callable[..., Any]

STEADY = """
    import time

    def objective(trial):
        for step in range(2000):
            trial.report(1.0 / (step + 1) + trial.number, step)
            time.sleep(0.01)
            if trial.should_prune():
                import hptui
                raise hptui.TrialPruned()
        return 0.5
"""
QUICK = """
    def objective(trial):
        trial.report(trial.params["x"], 0)
        return trial.params["x"]
"""
ONE_SLOT = """
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 2
    [resources]
    slots = 1
"""


def test_an_enqueued_point_is_tried_next_when_it_has_priority_and_can_be_taken_back(session: Make) -> None:
    s = session(STEADY, ONE_SLOT)
    s.start()
    s.wait_for(0, "RUNNING")
    s.wait_for(1, "WAITING")

    made = s.wish("enqueue", params={"x": 0.25}, of=0, priority=2, note="by hand")
    late = s.wish("enqueue", params={"x": 0.75})
    s.wait_for(2, "WAITING")
    s.wait_for(3, "WAITING")
    asked = {"asked": made.data["command"], "priority": 2, "note": "by hand"}
    assert (s.trials()[2].params, s.trials()[2].attrs) == ({"x": 0.25}, {"hptui": asked})
    assert s.trials()[2].proposal == "enqueued by you, made from trial 0"

    assert s.wish("undo", command=late.data["command"]).reason == "you asked: take back the enqueued trial 3"
    assert s.wait_for(3, "PRUNED").reason == "taken back by you before it started"
    assert s.wish("undo", command=late.data["command"]).kind == "refused"

    s.wish("prune", 0)
    s.wait_for(2, "RUNNING")
    assert s.trials()[1].state == "WAITING"
    assert "trial 2 has priority 2" in next(e.reason for e in s.events("starting") if e.trial == 2)


def test_priorities_of_waiting_trials_change_and_say_how_many_start_before(session: Make) -> None:
    s = session(STEADY, ONE_SLOT)
    s.start()
    s.wait_for(0, "RUNNING")
    s.wait_for(1, "WAITING")
    s.wish("enqueue", params={"x": 0.25})
    s.wait_for(2, "WAITING")

    answer = s.wish("priority", 2, priority=1)

    assert answer.reason == "you asked: priority of trial 2 0 → 1: 0 of 1 others start before it"
    assert s.trials()[2].attrs["hptui"]["priority"] == 1
    assert s.wish("priority", 0, priority=1).reason.startswith("trial 0 does not wait")
    assert s.wish("priority", 2, priority="soon").kind == "refused"


def test_a_pinned_trial_is_not_stopped_by_its_pruner_and_the_ledger_says_so_once(session: Make) -> None:
    s = session(STEADY, ONE_SLOT + '[pruner]\nname = "threshold"\nupper = 0.5\nn_warmup_steps = 100\n')
    s.start()
    s.wait_for(0, "RUNNING")
    assert s.wish("pin", 0).reason == "you asked: no rule may hold or stop trial 0"
    s.wish("prune", 1)

    s.wish("enqueue", params={"x": 0.25})  # trial 2 reports values above 2
    s.wish("pin", 2)
    s.wish("slots", slots=2)
    s.until(lambda: (s.trials()[2].step or 0) > 120, "trial 2 was not spared")

    (spared,) = [event for event in s.events("spared") if event.trial == 2]
    assert spared.reason.startswith("pinned by you, so it goes on; its pruner said: ")
    assert s.wish("pin", 2, on=False).kind == "wished"
    assert s.wait_for(2, "PRUNED").step > 120


def test_a_budget_changes_while_the_session_lives_and_the_next_scheduler_knows(session: Make) -> None:
    s = session(QUICK, ONE_SLOT)
    s.start()
    assert s.finish()["reason"].startswith("all 2 trials are done")

    post(s.folder, CommandRow("budget", None, {"n_trials": 3, "trial_time_s": 60, "max_steps": 40}, "test", 0.0))
    s.start()
    assert s.finish()["reason"].startswith("all 3 trials are done")

    told = [event.reason for event in s.events("budget")]
    assert told == [
        "trials in all: 2 → 3", "running time of a trial: no limit → 1m 00s", "steps of a trial: no limit → 40"
    ]  # fmt: skip
    facts = s.reader.facts()
    assert facts["budget"] == {
        "n_trials": 3, "wall_clock_s": None, "max_steps": 40, "trial_time_s": 60, "gpu_hours": None,
        "total_steps": None, "stop_after_failures": 5,
    }  # fmt: skip
    assert (facts["n_trials"], facts["max_steps"]) == (3, 40)


def test_what_a_budget_can_not_be_is_refused_with_the_reason(session: Make) -> None:
    s = session(STEADY, ONE_SLOT.replace("n_trials = 2", "n_trials = 2\n    max_steps = 50"))
    s.start()
    s.wait_for(0, "RUNNING")

    assert "can only grow" in s.wish("budget", max_steps=40).reason
    assert s.wish("budget", n_trials=0).reason == "n_trials: 0 is too small"
    assert s.wish("budget", max_steps=1e30).reason == "max_steps: 1e+30 is too large"
    assert s.wish("budget", wall_clock_s="long").reason == "wall_clock_s: 'long' is not a number"
    assert s.wish("budget", colour=3).reason.startswith("a budget has no colour; it has n_trials, wall_clock_s")
    assert s.events("budget") == []


def test_the_pruner_changes_from_the_next_report_on_and_rungs_do_not_move(session: Make) -> None:
    s = session(STEADY, ONE_SLOT + '[pruner]\nname = "threshold"\nupper = 1000\n')
    s.start()
    s.wait_for(0, "RUNNING")

    assert s.wish("pruner", options={"upper": "high"}).reason == 'pruner.upper: "high" is not a number'
    assert "is threshold (upper 1000) already" in s.wish("pruner", options={"upper": 1000}).reason
    assert "asha ranks trials at rungs" in s.wish("pruner", name="asha").reason
    s.wish("pruner", options={"upper": 0.001})

    assert s.wait_for(0, "PRUNED").reason
    (changed,) = s.events("pruner")
    assert changed.reason == "pruner threshold (upper 1000) → threshold (upper 0.001)"
    assert s.reader.facts()["pruner_now"] == {"name": "threshold", "options": {"upper": 0.001}}


def test_notes_and_tags_of_trials_and_of_the_session_alive_and_at_rest(session: Make) -> None:
    s = session(QUICK, ONE_SLOT)
    s.start()
    s.finish()
    scheduled = len(s.events("opened"))

    for number, args in ((None, {"note": "a first look"}), (1, {"add": ["keep", "odd"]}), (1, {"remove": ["odd"]})):
        post(s.folder, CommandRow("note", number, args, "test", 0.0))
    post(s.folder, CommandRow("note", 7, {"note": "?"}, "test", 0.0))
    lock = SessionLock.take(s.folder.lock, schedules=False)
    assert lock is not None and not scheduler_of(s.folder.lock).alive
    threading.Timer(0.1, lock.release).start()  # as another note of the same screen, just being written, has it
    remark_at_rest(s.folder, 5.0)

    assert s.reader.fact("remarks") == {"note": "a first look"}
    assert s.trials()[1].attrs["hptui"] == {"tags": ["keep"]}
    assert [e.reason for e in s.events("wished", "refused")] == [
        'you noted: note "a first look"', "you noted of trial 1: tags +keep +odd", "you noted of trial 1: tags -odd",
        "there is no trial 7",
    ]  # fmt: skip
    assert not s.start() and len(s.events("opened")) == scheduled

    post(s.folder, CommandRow("budget", None, {"n_trials": 3}, "test", 0.0))
    post(s.folder, CommandRow("note", 0, {"note": "later"}, "test", 0.0))
    s.start()
    s.finish()
    assert s.trials()[0].attrs["hptui"] == {"note": "later"}
