"""Steering from a shell, answered by a real scheduler."""

from __future__ import annotations

import pytest
from cli_scripts import QUADRATIC, SLOW


@pytest.fixture
def slow(user):
    user.hptui("run", user.study(script=SLOW, n_trials=2, more='[pruner]\nname = "median"\n'), "--detach")
    user.running(n=2)
    return user


def test_a_session_is_steered_from_a_shell(slow):
    enqueued = slow.hptui("enqueue", "study", "x=1.5", "--priority", "2", "-m", "by hand", "--json").json
    slow.wait_until(lambda: len(slow.rows()) == 3)
    later = slow.hptui("enqueue", "study", "--like", "2")
    slow.wait_until(lambda: len(slow.rows()) == 4)

    assert (enqueued[0]["wish"], enqueued[0]["answer"]) == ("enqueue", "wished")
    assert [trial["params"] for trial in slow.show()["trials"][2:]] == [{"x": 1.5}, {"x": 1.5}]
    assert later.status == 0
    assert slow.hptui("priority", "study", "5", "3").out == (
        "trial 3: you asked: priority of trial 3 0 → 5: 0 of 1 others start before it\n"
    )
    assert slow.hptui("pin", "study", "0").out == "trial 0: you asked: no rule may hold or stop trial 0\n"
    assert slow.hptui("note", "study", "2", "-m", "look again", "--tag", "keep").status == 0
    assert slow.hptui("note", "study", "2").out == "trial 2: keep  look again\n"
    done = slow.hptui("set", "study", "budget.n_trials=9", "budget.wall_clock=4h", "pruner.n_warmup_steps=3")
    assert done.out.splitlines() == [
        "study: you asked: trials in all 2 → 9, wall clock in all no limit → 4h 00m",
        "study: you asked: pruner median → median (n_warmup_steps 3)",
    ]
    assert slow.hptui("slots", "study", "+1", "--json").json[0]["answer"] == "wished"
    assert slow.hptui("slots", "study", "-1").status == slow.hptui("slots", "study", "4").status == 0
    assert slow.hptui("slots", "study", "many").err.endswith("'many' is not a number of trials: 3, +1 or -1\n")
    away = slow.hptui("put-away", "study", "0")
    assert away.status == 1
    assert "trial 0: refused: trial 0 has saved no checkpoint: its" in away.err and "pause keeps them" in away.err
    for verb in ("drain", "bring-back"):
        drained = slow.hptui(verb, "study", "g0")
        assert drained.status == 1 and "refused: this session runs on the CPU: it has no GPUs" in drained.err


def test_what_can_not_be_is_said_before_anything_is_asked(user):
    user.hptui("run", user.study(script=QUADRATIC, n_trials=1), "--headless")

    point = user.hptui("enqueue", "study", "x=9", "y=1")
    assert (point.status, "there is no such parameter" in point.err) == (2, True)
    setting = user.hptui("set", "study", "budget.n_trails=5")
    assert (setting.status, 'did you mean "budget.n_trials"?' in setting.err) == (2, True)
    pair = user.hptui("enqueue", "study", "x")
    assert (pair.status, "'x' is not NAME=VALUE" in pair.err) == (2, True)


def test_a_session_at_rest_takes_notes_and_stays_at_rest(user):
    user.hptui("run", user.study(script=QUADRATIC, n_trials=1), "--headless")

    assert user.hptui("note", "study", "--tag", "first").out == "study: you noted: tags +first\n"
    assert user.hptui("note", "study", "--json").json == [{"trial": None, "note": "", "tags": ["first"]}]
    assert user.hptui("note", "study", "7", "-m", "?").status == 1
    assert user.show()["state"] == "finished"
