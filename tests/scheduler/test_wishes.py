"""What a user may ask of a running session, with real processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from hptui.core.scheduler.events import Refused
from hptui.core.scheduler.heed import heed
from hptui.core.scheduler.judging import said
from hptui.core.scheduler.state import Rules, SchedulerState
from hptui.core.store.rows import CommandRow
from hptui.core.study.study import Chosen

Make = Callable[..., Any]

STEADY = """
    import time

    def objective(trial):
        for step in range(2000):
            trial.report(1.0 / (step + 1), step)
            time.sleep(0.01)
            if trial.should_prune():
                import hptui
                raise hptui.TrialPruned()
        return 0.5
"""

TWO_SLOTS = """
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 4
    [resources]
    slots = 2
"""


def test_a_paused_trial_is_frozen_gives_its_slot_away_and_goes_on_where_it_was(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    first = s.wait_for(0, "RUNNING")
    s.until(lambda: s.trials()[0].step)

    assert s.wish("pause", 0).kind == "wished"
    paused = s.wait_for(0, "PAUSED")
    frozen_at = paused.step
    assert paused.why == "user"
    s.until(lambda: s.process_state(first.pid) == "T", "it was not frozen")
    s.wait_for(2, "RUNNING")  # it got the slot

    assert s.wish("resume", 0).kind == "wished"
    assert s.trials()[0].resume_wanted
    s.wish("prune", 2)
    s.wait_for(0, "RUNNING")
    s.until(lambda: (s.trials()[0].step or 0) > frozen_at)
    steps = [step for step, _ in s.reader.curve(0, "value")]
    assert steps == list(range(len(steps)))


def test_a_prune_is_held_first_then_final(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    pid = s.wait_for(0, "RUNNING").pid

    s.wish("prune", 0)
    held = s.wait_for(0, "PAUSED")
    assert held.why == "undo" and held.until is not None
    s.wait_for(2, "WAITING")  # its slot is not given away yet
    row = s.wait_for(0, "PRUNED")

    assert row.reason == "pruned by you"
    s.until(lambda: not s.reader.trial(0).pid)
    assert row.ended_at is not None and row.ended_at >= held.until
    assert pid not in s.processes()


def test_a_prune_can_be_taken_back(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    s.wait_for(0, "RUNNING")
    s.wish("prune", 0)
    held = s.wait_for(0, "PAUSED")

    assert s.wish("undo").kind == "wished"
    s.wait_for(0, "RUNNING")
    s.until(lambda: (s.trials()[0].step or 0) > (held.step or 0) + 5)
    assert [e.trial for e in s.events("undone")] == [0]


def test_undoing_the_prune_of_a_paused_trial_leaves_it_paused(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    s.wait_for(0, "RUNNING")
    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")
    s.wish("prune", 0)
    s.until(lambda: s.trials()[0].why == "undo")

    s.wish("undo", 0)

    assert s.until(lambda: s.trials()[0].why == "user")
    assert s.trials()[0].state == "PAUSED"


def test_wishes_that_make_no_sense_are_refused_with_the_reason(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    s.wait_for(1, "RUNNING")
    s.wait_for(2, "WAITING")

    answers = {
        "no such trial": s.wish("pause", 99),
        "not started": s.wish("pause", 2),
        "not paused": s.wish("resume", 0),
        "not ended": s.wish("retry", 0),
        "no undo": s.wish("undo"),
        "no slots": s.wish("slots", slots=0),
        "unknown": s.wish("dance"),
        "outside": s.wish("enqueue", params={"x": 7.0}),
        "no number": s.wish("slots", slots="many"),
        "no point": s.wish("enqueue", params=None),
        "no name": s.wish("pruner", name=["median"]),
        "no options": s.wish("pruner", name="median", options=3),
        "no donor": s.wish("enqueue", start_from="first"),
        "no budget": s.wish("budget", n_trials="many"),
    }
    with sqlite3.connect(s.folder.database) as db:
        db.execute("insert into commands (at, kind, args, by) values (0, 'slots', 'no json', 'a stranger')")
    db.close()
    s.until(lambda: s.events("refused")[-1].reason == "its args are no JSON object: no json")

    assert {answer.kind for answer in answers.values()} == {"refused"}
    assert answers["no such trial"].reason == "there is no trial 99: the last one is 2"
    assert answers["not started"].reason == "trial 2 has not started: nothing to pause"
    assert "params.x" in answers["outside"].reason
    assert answers["no number"].reason == "slots: expected a whole number, not many"


def test_a_rule_is_told_with_options_of_every_kind() -> None:
    patient = Chosen(name="patient", options={"wraps": "median", "patience": 3, "by_step": {"5": 0.5}})

    assert said(patient) == 'patient (wraps median, patience 3, by_step {"5": 0.5})'


def test_a_wish_that_trips_the_scheduler_up_is_refused_and_the_next_one_heeded() -> None:
    nonsense: Any = CommandRow("pause", trial="first", id=1)  # type: ignore[arg-type]  # what a stranger may insert
    state = SchedulerState(Rules(), (), 0, wishes=(nonsense, CommandRow("pause", id=2)))

    (action,) = heed(state)

    (refused,) = action.intents
    assert isinstance(refused, Refused) and refused.command == nonsense
    assert "hptui made a mistake with it (TypeError" in refused.reason


def test_more_slots_start_more_trials_at_once(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    s.wait_for(1, "RUNNING")

    s.wish("slots", slots=3)

    s.wait_for(2, "RUNNING")
    assert s.wish("slots", slots=None).reason == "you asked: 2 trials at once"  # what the study says
    assert [e.data["slots"] for e in s.events("slots")] == [3, 2]


def test_an_enqueued_point_is_tried_and_a_failed_one_retried(session: Make) -> None:
    s = session(
        """
        import os

        def objective(trial):
            if trial.params["x"] == 0.25 and not os.path.exists("second"):
                open("second", "w").close()
                raise ValueError("not yet")
            return trial.params["x"]
        """,
        """
        [space]
        x = {type = "float", low = 0.0, high = 1.0}
        [[enqueue]]
        x = 0.25
        [budget]
        n_trials = 100000
        """,
    )
    s.start()
    first = s.wait_for(0, "FAIL")
    assert (first.origin, first.cause, first.reason) == ("baseline", "crash", "ValueError: not yet")

    assert s.wish("retry", 0).kind == "wished"
    again = s.until(lambda: next((t for t in s.trials().values() if t.retry_of == 0 and t.state == "COMPLETE"), None))
    assert again.value == 0.25

    assert s.wish("enqueue", params={"x": 0.75}).kind == "wished"
    mine = s.until(lambda: next((t for t in s.trials().values() if t.params == {"x": 0.75} and t.ended_at), None))
    assert (mine.origin, mine.value) == ("enqueued", 0.75)
    s.wish("stop", now=True)
    s.finish()


def test_stop_lets_running_trials_finish_and_resume_goes_on(session: Make) -> None:
    s = session(
        """
        import time

        def objective(trial):
            for step in range(30):
                trial.report(0.0, step)
                time.sleep(0.02)
            return 0.0
        """,
        TWO_SLOTS,
    )
    s.start()
    s.wait_for(1, "RUNNING")
    s.wish("stop")
    over = s.finish()
    assert (over["final"], s.trials()[0].state, s.trials()[1].state) == (False, "COMPLETE", "COMPLETE")
    assert not s.start()  # a stopped session stays stopped

    s.start(resume=True)
    over = s.finish()
    assert over["final"] and over["ok"] and [t.state for t in s.trials().values()] == ["COMPLETE"] * 4


def test_stop_now_kills_and_resume_starts_the_killed_ones_again(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    s.wait_for(1, "RUNNING")

    s.wish("stop", now=True)
    s.finish()

    killed = s.trials()[0]
    assert (killed.state, killed.cause, killed.may_retry) == ("FAIL", "lost", True)
    assert s.processes() == []
    s.start(resume=True)
    s.until(lambda: {t.retry_of for t in s.trials().values()} >= {0, 1})


def test_the_budget_is_a_total_and_can_grow(session: Make) -> None:
    s = session("def objective(trial):\n    return trial.params['x']\n", TWO_SLOTS)
    s.start()
    assert s.finish()["final"]
    assert len(s.trials()) == 4

    from hptui.core.store.mailbox import post
    from hptui.core.store.rows import CommandRow

    post(s.folder, CommandRow("budget", None, {"n_trials": 7}, "test", 0.0))
    assert s.start()
    s.until(lambda: len(s.trials()) == 7 and s.finish()["final"])


def test_a_paused_session_starts_nothing_new(session: Make) -> None:
    s = session(STEADY, TWO_SLOTS)
    s.start()
    s.wait_for(1, "RUNNING")

    s.wish("pause")
    s.wait_for(0, "PAUSED")
    s.wait_for(1, "PAUSED")
    s.wait_for(2, "WAITING")

    s.wish("resume")
    s.wait_for(0, "RUNNING")
    s.wait_for(1, "RUNNING")


def test_a_plain_stop_leaves_paused_trials_frozen_and_says_so(session: Make) -> None:
    s = session(STEADY.replace("range(2000)", "range(100)"), TWO_SLOTS)
    s.start()
    pid = s.wait_for(0, "RUNNING").pid
    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")

    s.wish("stop")
    over = s.finish()

    assert over["reason"].endswith("1 paused stay frozen: resume goes on with them, stop --now ends them")
    assert s.process_state(pid) == "T"
    s.start(resume=True)
    s.wish("stop", now=True)
    s.finish()
    assert s.processes() == []
