"""Reports, verdicts and pauses between a real trial and a scheduler's side of the wire."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from worker_standin import Standin, until

from hptui.core.study.milestones import Every, Rungs
from hptui.core.wire.control import Ask, Verdict
from hptui.core.wire.lock import SessionLock
from hptui.core.wire.request import Forked
from hptui.core.wire.spool import Attr, Begin, Checkpoint, End, Note, Parked, Report
from hptui.core.worker.link import next_milestone

SCRIPT = """
import math, os, pickle, time
import numpy as np
import hptui

def all_kinds(trial):
    trial.report(0.5, 0)
    trial.report(1, step=np.int64(1), acc=np.float32(0.5), lr=3)
    trial.report(math.nan, 2.0)
    trial.report(-math.inf, 3, acc=math.inf)
    trial.report(0.25, 3)
    hptui.report(step=4, value=0.125)
    trial.set_user_attr("kind", {"a": (1, np.float64(2.5))})
    return 1.0

def steps(trial):
    for step in range(int(trial.params.get("n", 10))):
        trial.report(step / 10, step)
        if trial.should_prune():
            raise hptui.TrialPruned()
    return 1.0

def stubborn(trial):
    for step in range(10):
        trial.report(step / 10, step)
    return 1.0

def endless(trial):
    step = 0
    while True:
        trial.report(0.5, step)
        step += 1
        time.sleep(0.005)

def polls(trial):
    while not trial.should_prune():
        time.sleep(0.005)
    raise hptui.TrialPruned()

def every_third(trial):
    for step in range(0, 30, 3):
        trial.report(0.5, step)
    return 1.0

def saves(trial):
    before = trial.checkpoint.load()
    trial.report(0.5, 7)
    trial.checkpoint.save({"epoch": (before or {"epoch": 0})["epoch"] + 1})
    trial.set_user_attr("before", before)
    return 1.0

def pickles(trial):
    try:
        pickle.dumps(trial)
    except TypeError as error:
        trial.set_user_attr("error", str(error))
    return 1.0
"""


@pytest.fixture
def served(standin: Standin, tmp_path: Path) -> Standin:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    standin.boot(script)
    return standin


def reports(served: Standin, number: int = 0) -> list[tuple[int, object, dict[str, object], int]]:
    return [(r.step, r.value, dict(r.others), r.milestone) for r in served.of(Report, number)]


def test_reports_arrive_exactly_as_made(served: Standin) -> None:
    served.run(served.request(name="all_kinds"))

    assert reports(served) == [
        (0, 0.5, {}, 0),
        (1, 1.0, {"acc": 0.5, "lr": 3.0}, 0),
        (2, "nan", {}, 0),
        (3, "-inf", {"acc": "inf"}, 0),
        (3, 0.25, {}, 0),
        (4, 0.125, {}, 0),
    ]
    assert [(a.key, a.value) for a in served.of(Attr)] == [("kind", {"a": [1, 2.5]})]


def test_the_first_line_is_begin_and_the_last_is_end(served: Standin) -> None:
    forked = served.start(served.request(name="steps"))
    served.exited(forked.pid)
    lines = served.lines()

    assert isinstance(lines[0], Begin) and isinstance(lines[-1], End)
    assert (lines[0].pid, lines[0].start_ticks, lines[0].cold) == (forked.pid, forked.start_ticks, False)
    assert len(lines) == 12


def test_a_verdict_of_go_lets_the_trial_go_on(served: Standin) -> None:
    with served.control() as control:
        pid = served.start(served.request(name="steps", milestones=Rungs((2, 5)))).pid
        served.wait_for(Report, count=3)
        assert reports(served)[-1][3] == 1
        control.answer(1, Verdict.GO)
        served.wait_for(Report, count=6)
        control.answer(2, Verdict.GO)
        served.exited(pid)

    assert [milestone for *_, milestone in reports(served)] == [0, 0, 1, 0, 0, 2, 0, 0, 0, 0]


def test_a_verdict_of_stop_makes_should_prune_true(served: Standin) -> None:
    with served.control() as control:
        pid = served.start(served.request(name="steps", milestones=Every(3, 1))).pid
        served.wait_for(Report, count=4)
        control.answer(1, Verdict.STOP)
        served.exited(pid)

    assert len(reports(served)) == 4
    end = served.wait_for(End)
    assert (end.outcome, end.value) == ("pruned", 0.3)


def test_an_objective_that_never_asks_is_stopped_by_its_next_report(served: Standin) -> None:
    with served.control() as control:
        pid = served.start(served.request(name="stubborn", milestones=Rungs((2,)))).pid
        served.wait_for(Report, count=3)
        control.answer(1, Verdict.STOP)
        served.exited(pid)

    assert [step for step, *_ in reports(served)] == [0, 1, 2, 3]
    end = served.wait_for(End)
    assert (end.outcome, end.value, end.reason) == ("pruned", 0.3, "told to stop before step 3")


def test_a_milestone_between_two_steps_is_met_at_the_later_one(served: Standin) -> None:
    with served.control() as control:
        control.answer(100, Verdict.GO)  # by an earlier process of the same trial: milestones count on
        pid = served.start(served.request(name="every_third", milestones=Rungs((1, 10, 20)))).pid
        for milestone in (101, 102, 103):
            until(lambda k=milestone: [r for r in served.of(Report) if r.milestone == k], f"milestone {milestone}")
            control.answer(milestone, Verdict.GO)
        served.exited(pid)

    assert [(step, milestone) for step, _, _, milestone in reports(served) if milestone] == [
        (3, 101),
        (12, 102),
        (21, 103),
    ]


def test_a_wish_to_stop_reaches_reporting_and_silent_trials(served: Standin) -> None:
    for number, name in enumerate(("endless", "polls")):
        with served.control(number) as control:
            pid = served.start(served.request(number, name=name)).pid
            served.wait_for(Begin, number)
            control.ask(Ask.STOP)
            served.exited(pid)
            assert served.wait_for(End, number).outcome == "pruned"


def test_a_paused_trial_parks_freezes_and_goes_on(served: Standin) -> None:
    with served.control() as control:
        pid = served.start(served.request(name="endless")).pid
        served.wait_for(Report, count=3)
        control.ask(Ask.PARK)
        until(lambda: control.parked, "parked")
        parked = served.wait_for(Parked)
        assert parked.step == served.of(Report)[-1].step

        os.killpg(pid, signal.SIGSTOP)
        until(lambda: state_of(pid) == "T", "stopped")
        before = len(served.of(Report))
        control.ask(Ask.GO)
        assert len(served.of(Report)) == before
        os.killpg(pid, signal.SIGCONT)

        until(lambda: not control.parked, "going on")
        served.wait_for(Report, count=before + 3)
        control.ask(Ask.STOP)
        served.exited(pid)
        steps = [step for step, *_ in reports(served)]
        assert steps == list(range(len(steps)))


def test_a_trial_that_waits_for_a_verdict_parks_too_and_takes_the_verdict_later(served: Standin) -> None:
    with served.control() as control:
        pid = served.start(served.request(name="steps", milestones=Rungs((2,)))).pid
        served.wait_for(Report, count=3)
        control.ask(Ask.PARK)
        until(lambda: control.parked, "parked")
        control.answer(1, Verdict.STOP)
        control.ask(Ask.GO)
        served.exited(pid)

    assert [step for step, *_ in reports(served)] == [0, 1, 2]
    assert served.wait_for(End).outcome == "pruned"


def test_a_milestone_rings_the_bell(served: Standin) -> None:
    assert served.bell is not None
    with served.control() as control:
        served.start(served.request(name="steps", milestones=Rungs((2,))))
        served.wait_for(Report, count=3)
        until(lambda: rings(served), "the bell")
        control.answer(1, Verdict.GO)


def test_without_a_scheduler_a_milestone_is_passed_and_a_late_verdict_is_heard(
    standin: Standin, tmp_path: Path
) -> None:
    assert standin.lock is not None
    standin.lock.release()
    standin.lock = None
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    standin.boot(script)
    with standin.control() as control:
        pid = standin.start(standin.request(name="endless", milestones=Every(2, 1))).pid
        standin.wait_for(Report, count=200)  # it went on after half a second, and at once from then on
        standin.lock = SessionLock.take(standin.folder.lock)
        control.answer(1_000_000, Verdict.STOP)
        standin.exited(pid)

    assert standin.wait_for(End).outcome == "pruned"


def test_reports_are_kept_when_the_fork_server_and_the_scheduler_die(served: Standin) -> None:
    assert served.connection is not None and served.server is not None
    with served.control() as control:
        forked = served.start(served.request(name="endless"))
        served.wait_for(Report)
        served.connection.close()
        assert served.server.wait(10) == 0
        count = len(served.of(Report))
        served.wait_for(Report, count=count + 5)
        control.ask(Ask.STOP)
        assert served.wait_for(End).outcome == "pruned"
    until(lambda: not alive(forked), "the process is gone")


def test_a_checkpoint_is_found_by_the_same_trial_and_by_its_successor(served: Standin) -> None:
    served.run(served.request(0, name="saves"))
    served.run(served.request(0, name="saves"))
    served.run(served.request(1, name="saves", checkpoint_from=str(served.trial(0).checkpoints)))

    assert [a.value for a in served.of(Attr, 0)] == [None, {"epoch": 1}]
    assert [a.value for a in served.of(Attr, 1)] == [{"epoch": 2}]
    assert [c.step for c in served.of(Checkpoint, 1)] == [7]
    assert [p.name for p in served.trial(0).checkpoints.iterdir()] == ["last.pickle"]


def test_a_trial_says_why_it_cannot_be_sent_to_another_process(served: Standin) -> None:
    served.run(served.request(name="pickles"))

    said = "a Trial belongs to its process; send trial.params instead, or train in several processes by"
    assert served.of(Attr)[0].value == f"{said} hptui.core.training.distribute"


def test_nothing_is_noted_without_reason(served: Standin) -> None:
    served.run(served.request(name="all_kinds"))

    assert served.of(Note) == []


@pytest.mark.parametrize(
    ("milestones", "after", "next_one"),
    [
        (None, -1, float("inf")),
        (Every(0, 1), -1, 0),
        (Every(0, 1), 0, 1),
        (Every(5, 3), -1, 5),
        (Every(5, 3), 5, 8),
        (Every(5, 3), 9, 11),
        (Rungs((1, 3, 9)), -1, 1),
        (Rungs((1, 3, 9)), 3, 9),
        (Rungs((1, 3, 9)), 9, float("inf")),
    ],
)
def test_the_next_milestone_is_the_first_above(milestones: Every | Rungs | None, after: int, next_one: float) -> None:
    assert next_milestone(milestones, after) == next_one


def rings(served: Standin) -> bool:
    assert served.bell is not None
    try:
        return bool(os.read(served.bell.fileno(), 1))
    except BlockingIOError:
        return False


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def alive(forked: Forked) -> bool:
    try:
        return state_of(forked.pid) != "Z"
    except FileNotFoundError:
        return False


def test_the_trial_knows_when_it_started(served: Standin) -> None:
    before = time.time()
    served.run(served.request(name="steps"))

    assert before <= served.of(Begin)[0].at <= time.time()
