"""The cockpit on a session that a real scheduler runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import Screen, drive

from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of

OBJECTIVE = """
import time

def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    for step in range(4000):
        time.sleep(0.02)
        trial.report(x + 1 / (1 + step), step)
    return x
"""


@pytest.fixture
def running(own_home: Path, tmp_path: Path) -> Iterator[SessionFolder]:
    (tmp_path / "slow.py").write_text(OBJECTIVE)
    hptui = [sys.executable, "-m", "hptui"]
    run = [*hptui, "run", "slow.py:objective", "-n", "2", "--name", "slow", "--slots", "2", "--headless"]
    process = subprocess.Popen(run, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = SessionFolder(own_home / "sessions" / "slow")
    end = time.monotonic() + 60
    while not scheduler_of(folder.lock).alive:
        assert time.monotonic() < end, "the session never began"
        time.sleep(0.05)
    process.kill()  # it would start a scheduler that died again, before the screen is asked to
    process.wait()
    yield folder
    subprocess.run([*hptui, "stop", "slow", "--now"], capture_output=True, timeout=60)


def test_pause_prune_undo_and_a_scheduler_that_is_killed(running: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until(lambda: screen.text.count("▸ run") == 2)
        await screen.press("colon")
        await screen.type("goto 0")
        await screen.press("enter", "space")
        await screen.until("0 ‖ paused")
        await screen.press("space")
        await screen.until("0 ▸ run")
        await screen.press("X")
        await screen.until("0 ╌ prune")
        await screen.press("u")
        await screen.until("0 ▸ run")
        pid = scheduler_of(running.lock).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await screen.until("scheduler is gone: R starts it again")
        await screen.press("R")
        await screen.until("● live")
        assert "0 ▸ run" in screen.text
        assert scheduler_of(running.lock).pid != pid

    drive(running, journey, size=(120, 36))
