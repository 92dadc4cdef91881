"""Wishes from the command line, each answered by a real scheduler."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from cli_scripts import QUADRATIC, SLOW

from hptui.core.wire.lock import scheduler_of


@pytest.fixture
def slow(user):
    """A session with two trials that train for ever."""
    user.hptui("run", user.study(script=SLOW, n_trials=2), "--detach")
    user.running(n=2)
    return user


def test_pause_and_resume_a_trial(slow):
    paused = slow.hptui("pause", "study", "0")
    slow.wait_until(lambda: slow.states() == ["PAUSED", "RUNNING"])
    step = slow.rows()[0].step
    resumed = slow.hptui("resume", "study", "0")
    slow.wait_until(lambda: slow.states() == ["RUNNING", "RUNNING"])
    slow.wait_until(lambda: slow.rows()[0].step > step)

    assert (paused.status, paused.out) == (0, "trial 0: you asked: pause trial 0\n")
    assert (resumed.status, resumed.out) == (0, "trial 0: you asked: resume trial 0\n")


def test_pause_and_resume_the_session(slow):
    assert slow.hptui("pause", "study").status == 0
    slow.wait_until(lambda: slow.states() == ["PAUSED", "PAUSED"])
    assert slow.hptui("resume", "study").status == 0
    slow.wait_until(lambda: slow.states() == ["RUNNING", "RUNNING"])


def test_a_refused_wish_says_why_and_exits_with_1(slow):
    done = slow.hptui("pause", "study", "99")

    assert (done.status, done.out) == (1, "")
    assert "trial 99: refused: there is no trial 99" in done.err


def test_wishes_have_answers_for_programs(slow):
    done = slow.hptui("pause", "study", "1", "--json")

    assert done.json == [{"wish": "pause", "trial": 1, "answer": "wished", "reason": "you asked: pause trial 1"}]


def test_a_prune_can_be_taken_back(slow):
    pruned = slow.hptui("prune", "study", "0")
    undone = slow.hptui("undo", "study", "0")
    slow.wait_until(lambda: slow.states() == ["RUNNING", "RUNNING"])

    assert (pruned.status, undone.status) == (0, 0)
    assert "hptui undo study 0" in pruned.err


def test_a_pruned_trial_ends_with_its_reason(slow):
    slow.hptui("prune", "study", "0")
    slow.wait_until(lambda: slow.states()[0] == "PRUNED", timeout=20)

    assert "by you" in slow.show()["trials"][0]["reason"]


def test_a_failed_trial_is_tried_again(user):
    flag = user.folder / "fixed"
    script = (
        f"from pathlib import Path\n\ndef objective(trial):\n    if not Path({str(flag)!r}).exists():\n"
        "        raise ValueError('not yet')\n    return trial.params['x'] ** 2\n"
    )
    user.hptui("run", user.study(script=script, n_trials=1))
    flag.touch()

    done = user.hptui("retry", "study", "0")
    user.wait_until(lambda: user.states() == ["FAIL", "COMPLETE"])

    first, second = user.show()["trials"]
    assert done.status == 0
    assert (second["retry_of"], second["params"]) == (0, first["params"])


def test_stop_lets_running_trials_finish_and_resume_goes_on(user):
    script = QUADRATIC.replace("        trial.report", "        time.sleep(0.4)\n        trial.report")
    user.hptui("run", user.study(script=script, n_trials=8), "--detach")
    user.running()
    stopped = user.hptui("stop", "study")
    user.wait_until(lambda: not scheduler_of(user.session().lock).alive)
    after = user.states()
    resumed = user.hptui("resume", "study")
    user.wait_until(lambda: user.finished() and user.states() == ["COMPLETE"] * 8)

    assert (stopped.status, resumed.status) == (0, 0)
    assert 1 <= after.count("COMPLETE") < 8
    assert set(after) <= {"COMPLETE", "WAITING"}


def test_stop_now_ends_running_trials(slow):
    pids = [t["pid"] for t in slow.show()["trials"]]

    assert slow.hptui("stop", "study", "--now").status == 0
    slow.wait_until(lambda: not scheduler_of(slow.session().lock).alive)

    from hptui.core.wire.lock import start_ticks

    assert [start_ticks(pid) for pid in pids] == [None, None]
    assert "RUNNING" not in slow.states()

    again = slow.hptui("stop", "study", "--now")

    assert (again.status, "nothing to end" in again.err) == (1, True)
    assert not scheduler_of(slow.session().lock).alive


@pytest.mark.parametrize("args", [("pause", "study"), ("prune", "study", "0"), ("stop", "study")], ids=" ".join)
def test_a_session_that_has_ended_takes_no_wishes(user, args):
    user.hptui("run", user.study(n_trials=1))

    done = user.hptui(*args)

    assert done.status == 1
    assert "it has ended" in done.err
    assert not scheduler_of(user.session().lock).alive


def test_a_finished_session_is_resumed_to_a_larger_total(user):
    user.hptui("run", user.study(n_trials=1))

    refused = user.hptui("resume", "study")
    resumed = user.hptui("resume", "study", "-n", "3")
    user.wait_until(lambda: user.states() == ["COMPLETE"] * 3)

    assert (refused.status, "-n N" in refused.err) == (1, True)
    assert resumed.status == 0


def test_a_running_session_is_not_deleted(slow):
    done = slow.hptui("rm", "study", "--yes")

    assert (done.status, "it is running" in done.err) == (1, True)
    assert slow.session().database.exists()


def test_rm_asks_and_then_deletes_everything(user):
    user.hptui("run", user.study(n_trials=1))

    refused = user.hptui("rm", "study")
    deleted = user.hptui("rm", "study", "--yes")

    assert (refused.status, "nobody is there to ask" in refused.err) == (1, True)
    assert (deleted.status, "1 complete" in deleted.out) == (0, True)
    assert not user.session().path.exists()


def test_a_session_that_a_reboot_interrupted_is_resumed(user):
    script = QUADRATIC.replace("        trial.report", "        time.sleep(0.2)\n        trial.report")
    user.hptui("run", user.study(script=script, n_trials=6), "--detach")
    user.wait_until(lambda: "COMPLETE" in user.states())
    tag = f"HPTUI_HOME={user.home}".encode()
    owner = scheduler_of(user.session().lock)
    assert owner.pid
    for environ in Path("/proc").glob("[0-9]*/environ"):  # everything that this session runs, at once
        with contextlib.suppress(OSError):
            if tag in environ.read_bytes():
                os.kill(int(environ.parent.name), signal.SIGKILL)
    user.wait_until(lambda: not scheduler_of(user.session().lock).alive)
    done_before = [t for t in user.show()["trials"] if t["state"] == "COMPLETE"]

    resumed = user.hptui("resume", "study")
    user.wait_until(user.finished)

    after = user.show()
    assert resumed.status == 0
    assert [t for t in after["trials"] if t["number"] in {b["number"] for b in done_before}] == done_before
    lost = [t["number"] for t in after["trials"] if t["cause"] == "lost"]
    assert {t["retry_of"] for t in after["trials"]} - {None} == set(lost)
    assert after["counts"]["COMPLETE"] == 6
