"""`hptui check --run`: short trials of an objective, of which nothing stays."""

from __future__ import annotations

import signal

import pytest

SCRIPT = """
import random, time

def objective(trial):
    luck = random.random() / 1e6
    for step in range(trial.max_steps):
        time.sleep(0.8 / trial.params["batch_size"])
        trial.report(trial.params["lr"] + 1 / (step + 1) + luck, step)
    return trial.params["lr"]

def one_batch(trial):
    return 0.02
"""
STUDY = """
[objective]
script = "train.py"
[space]
lr = { type = "float", low = 0.1, high = 1.0, default = 0.5 }
batch_size = [16, 64]
[budget]
n_trials = 10
max_steps = 20
[resources]
devices = "none"
slots = 2
"""


def test_an_objective_is_tried_and_nothing_is_kept(user):
    user.write("train.py", SCRIPT)
    user.write("s.toml", STUDY)
    (user.folder / "tmp").mkdir()

    found = user.hptui("check", "s.toml", "--run", "--json", env={"TMPDIR": str(user.folder / "tmp")}).json["run"]

    assert [(a["question"], a["ok"]) for a in found["answers"]] == [
        ("runs", True), ("reports", True), ("finite", True), ("repeatable", True), ("one batch", True),
        ("parameters", False),
    ]  # fmt: skip
    assert "nothing changes with batch_size (16 to 64); the others do" in found["answers"][-1]["says"]
    assert found["trial"]["reports"] == [[k, pytest.approx(0.5 + 1 / (k + 1), abs=1e-5)] for k in range(3)]
    assert found["step_s"] >= 0.05 and found["memory_bytes"] > 1e6 and found["full_s"] > 19 * found["step_s"]
    assert [row["batch"] for row in found["batch_sizes"]] == [16, 64]
    assert user.processes() == [] and list((user.folder / "tmp").iterdir()) == []
    assert user.hptui("ls", "--json").json == []


def test_a_check_that_is_ended_leaves_nobody_behind(user):
    user.write("train.py", "import time\n\ndef objective(trial):\n    print('here')\n    time.sleep(600)\n")
    (user.folder / "tmp").mkdir()
    user.env["TMPDIR"] = str(user.folder / "tmp")
    check = user.start("check", "train.py", "--run")
    user.wait_until(lambda: any(log.stat().st_size for log in (user.folder / "tmp").glob("*/*/trials/0/log*")))

    check.send_signal(signal.SIGTERM)

    assert check.wait(30) == 128 + signal.SIGTERM
    check.communicate()
    assert user.processes() == [] and list((user.folder / "tmp").iterdir()) == []
