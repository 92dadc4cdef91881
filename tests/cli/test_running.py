"""`hptui run` without a screen, from the first trial to the exit status."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from cli_scripts import SLOW

from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.headless import follow


def test_a_session_runs_to_its_end_and_prints_the_best(user):
    done = user.hptui("run", user.study(n_trials=6))

    lines = done.out.splitlines()
    assert (done.status, done.err) == (0, "")
    assert sorted(line.split()[1] for line in lines if line.startswith("trial ") and "COMPLETE" in line) == list(
        "012345"
    )
    assert "study: all 6 trials are done" in lines[-1]
    assert len([line for line in lines if line.split()[:1] and line.split()[0].isdigit()]) == 5  # the best five


def test_the_total_counts_over_runs(user):
    study = user.study(n_trials=3)
    user.hptui("run", study)

    again = user.hptui("run", study, "-n", "5")
    third = user.hptui("run", study, "-n", "5")

    assert [t["number"] for t in user.show()["trials"]] == [0, 1, 2, 3, 4]
    assert "going on with study" in again.err
    assert "study has ended" in third.err
    assert (again.status, third.status) == (0, 0)


def test_a_changed_study_begins_a_session_of_its_own(user):
    user.hptui("run", user.study(n_trials=1))
    user.hptui("run", user.study(n_trials=2))

    assert {s["name"]: s["counts"] for s in user.hptui("ls", "--json").json} == {
        "study": {"COMPLETE": 1},
        "study-2": {"COMPLETE": 2},
    }


def test_a_changed_study_under_the_name_of_another_is_refused(user):
    user.hptui("run", user.study(n_trials=1), "--name", "mine")

    done = user.hptui("run", user.study(n_trials=2), "--name", "mine")

    assert done.status == 1
    assert "mine: this session answers another question: its study.toml differs" in done.err
    assert user.show("mine")["counts"] == {"COMPLETE": 1}


def test_new_begins_again(user):
    study = user.study(n_trials=1)
    user.hptui("run", study)

    assert user.hptui("run", study, "--new").status == 0
    assert sorted(s["name"] for s in user.hptui("ls", "--json").json) == ["study", "study-2"]


def test_options_of_the_command_line_go_before_the_study(user):
    done = user.hptui(
        "run", user.study(), "--name", "other", "--direction", "maximize", "--seed", "7", "--sampler", "grid", "-n", "2"
    )

    document = user.show("other")
    assert (done.status, document["direction"], document["n_trials"]) == (0, "maximize", 2)


def test_the_quick_form_needs_no_study_file(user):
    user.write(
        "train.py",
        "def main(trial):\n"
        "    x = trial.suggest_float('x', -1.0, 1.0)\n"
        "    kind = trial.suggest_categorical('kind', ['a', 'b'])\n"
        "    return x * x if kind == 'a' else x * x + trial.suggest_int('k', 1, 3)\n",
    )

    done = user.hptui("run", "train.py:main", "-n", "5", "--devices", "none")

    trials = user.show("train")["trials"]
    assert done.status == 0
    assert [t["state"] for t in trials] == ["COMPLETE"] * 5
    assert {"x", "kind"} <= set(trials[0]["params"])


def test_a_command_line_is_tuned_as_it_is(user):
    user.write(
        "train.py",
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--lr', type=float)\nparser.add_argument('--act')\nargs = parser.parse_args()\n"
        "for step in range(3):\n    print(f'step {step} loss: {args.lr}')\n",
    )

    done = user.hptui(
        "run", f"{sys.executable} train.py", "-p", "lr=0.1..0.2", "-p", "act=relu,tanh",
        "--pattern", r"step (?P<step>\d+) loss: (?P<value>\S+)", "-n", "2", "--devices", "none",
    )  # fmt: skip

    trials = user.show("train")["trials"]
    assert done.status == 0, done
    assert [(t["state"], t["value"]) for t in trials] == [("COMPLETE", t["params"]["lr"]) for t in trials]


def test_a_session_without_a_complete_trial_exits_with_3(user):
    script = "def objective(trial):\n    raise ValueError('no data')\n"

    done = user.hptui("run", user.study(script=script, n_trials=2))

    assert done.status == 3
    assert "crash: ValueError: no data" in done.out
    assert "failed: 2 crash" in done.out and "ValueError: no data" in done.err
    assert done.out.splitlines()[0].endswith("(hptui attach study is its screen)")


def test_a_script_that_fails_at_import_is_shown_with_the_users_own_frames(user, capsys):
    script = "import this_module_is_nowhere\n\ndef objective(trial):\n    return 0.0\n"

    done = user.hptui("run", user.study(script=script))

    assert done.status == 1
    assert "ModuleNotFoundError: No module named 'this_module_is_nowhere'" in done.out + done.err
    assert "study.py" in done.out + done.err
    assert "hptui/core" not in done.out + done.err

    follow(SessionFolder(user.home / "sessions" / "study"))  # it may be over before anybody looks
    assert "study.py" in capsys.readouterr().out


def test_a_shared_function_that_fails_is_told(user):
    script = "def load():\n    raise OSError('no such data set')\n\ndef objective(trial):\n    return trial.shared\n"
    study = user.study(script=script, n_trials=2)
    text = (user.folder / study).read_text().replace('script = "study.py"', 'script = "study.py"\nshared = "load"')
    user.write(study, text)

    done = user.hptui("run", study)

    assert done.status in (1, 3)
    assert "no such data set" in done.out + done.err


def test_ctrl_c_leaves_and_the_session_goes_on(user):
    process = user.start("run", user.study(script=SLOW, n_trials=2), "--headless")
    user.wait_until(lambda: user.session().database.exists())
    user.running()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "hptui stop study" in err
    assert user.show()["scheduler"]["alive"] is True


def test_detach_prints_the_name_and_returns(user):
    done = user.hptui("run", user.study(n_trials=2), "--detach")

    assert (done.status, done.out) == (0, "study\n")
    user.wait_until(user.finished)


def test_two_runs_at_once_share_one_session(user):
    study = user.study(script=SLOW, n_trials=2)
    first, second = user.start("run", study, "--detach"), user.start("run", study, "--detach")
    names = [process.communicate(timeout=40)[0] for process in (first, second)]

    assert names == ["study\n", "study\n"]
    assert [s["name"] for s in user.hptui("ls", "--json").json] == ["study"]
    assert len(user.running(n=2)["trials"]) == 2


def test_a_session_stopped_right_after_two_runs_at_once_stays_stopped(user):
    """The scheduler that came second waits for the lock; it must not go on with what was stopped meanwhile."""
    study = user.study(script=SLOW, n_trials=2)
    for process in [user.start("run", study, "--detach") for _ in range(2)]:
        process.communicate(timeout=40)
    user.hptui("stop", "study", "--now")
    user.wait_until(lambda: user.processes() == [], timeout=15)

    assert user.show()["state"] == "stopped"


def test_a_killed_scheduler_is_replaced_while_somebody_follows(user):
    process = user.start("run", user.study(script=SLOW.replace("100_000", "300"), n_trials=2), "--headless")
    user.wait_until(lambda: user.session().database.exists())
    pid = user.running(n=2)["scheduler"]["pid"]
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, (out, err)
    assert "a scheduler was started for study" in err
    assert [t["state"] for t in user.show()["trials"]] == ["COMPLETE", "COMPLETE"]
    steps = user.hptui("export", "study", "--what", "metrics").out.splitlines()[1:]
    assert len(steps) == len(set(steps)) == 600


def test_any_wish_brings_a_killed_scheduler_back(user):
    user.hptui("run", user.study(script=SLOW, n_trials=2), "--detach")
    before = user.running(n=2)
    os.kill(before["scheduler"]["pid"], signal.SIGKILL)
    user.wait_until(lambda: not scheduler_of(user.session().lock).alive)
    listed = {session["name"]: session["state"] for session in user.hptui("ls", "--json").json}
    assert listed == {"study": "interrupted"} and not scheduler_of(user.session().lock).alive  # a list starts nothing

    done = user.hptui("pause", "study", "0")

    after = user.show()
    assert (done.status, after["scheduler"]["alive"]) == (0, True)
    assert after["scheduler"]["pid"] != before["scheduler"]["pid"]
    assert [t["pid"] for t in after["trials"]] == [t["pid"] for t in before["trials"]]  # adopted, not restarted


@pytest.mark.parametrize("terminal", ["xterm-256color", "dumb"])
def test_progress_on_a_terminal_is_one_line_in_place(user, terminal):
    import pty
    import subprocess

    main, side = pty.openpty()
    headless = [] if terminal == "dumb" else ["--headless"]
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "hptui", "run", user.study(n_trials=3), *headless],
            cwd=user.folder, env={**user.env, "TERM": terminal}, stdin=side, stdout=side, stderr=side,
        )  # fmt: skip
        os.close(side)
        seen = b""
        try:
            while chunk := os.read(main, 65536):
                seen += chunk
        except OSError:  # the other side is closed
            pass
        status = process.wait(timeout=30)
    finally:
        os.close(main)

    text = seen.decode()
    assert status == 0
    assert "\r\x1b[K" in text
    assert "3 complete of 3" in text.replace("\r\x1b[K", "\n")
    assert ("TERM=dumb can't move a cursor" in text) == (terminal == "dumb")
