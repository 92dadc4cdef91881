"""What starts its workers in sessions of their own, as torchrun does, is frozen and thawed whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Make = Callable[..., Any]

LAUNCHER = """
setsid sh -c 'echo $$ > draft; mv draft worker; while :; do sleep 0.02; done' &
echo "hptui: step=0 value=1.0"
wait
"""
STUDY = """
    [objective]
    command = ["sh", "launcher.sh"]
    [space]
    x = [1]
    [budget]
    n_trials = 1
    [resources]
    slots = 1
"""


def test_a_paused_trial_freezes_workers_that_left_its_session(session: Make, tmp_path: Path) -> None:
    (tmp_path / "launcher.sh").write_text(LAUNCHER)
    s = session("", STUDY)
    s.start()
    s.wait_for(0, "RUNNING")
    s.until(lambda: (tmp_path / "worker").exists() and s.trials()[0].step == 0)
    worker = int((tmp_path / "worker").read_text())

    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")
    s.until(lambda: s.process_state(worker) == "T", "it was not frozen")
    s.wish("resume", 0)
    s.wait_for(0, "RUNNING")
    s.until(lambda: s.process_state(worker) != "T", "it was not thawed")

    s.wish("stop", now=True)
    s.until(lambda: worker not in s.processes(), "it outlived its trial")
