"""kill -9 of everything, at random moments."""

from __future__ import annotations

import os
import pty
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hptui.core.wire.spool import Report, read_from

KILLS = 50

SCRIPT = """
    import os, time

    def objective(trial):
        seen = os.open(f"seen-{trial.number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for step in range(25):
            trial.report(trial.params["x"] + 1.0 / (step + 1), step, other=step * 2.0)
            os.write(seen, f"{step}\\n".encode())
            if trial.should_prune():
                import hptui
                raise hptui.TrialPruned()
            time.sleep(0.01)
        return trial.params["x"]
"""

STUDY = """
    seed = 3
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [pruner]
    name = "median"
    n_startup_trials = 3
    n_warmup_steps = 5
    [budget]
    n_trials = 100000
    stop_after_failures = 1000
    [resources]
    slots = 3
"""


def server_of(home: Path) -> int | None:
    """The fork server that works for sessions below `home`."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            words = Path("/proc", name, "cmdline").read_bytes().split(b"\0")
            cwd = os.readlink(f"/proc/{name}/cwd")
        except OSError:
            continue
        if b"hptui.core.worker.fork_server" in words and (cwd.startswith(str(home))):
            return int(name)
    return None


def open_screen(folder: Path) -> tuple[int, int]:
    """A screen on the session, in a terminal of its own: (pid, terminal)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "hptui", "attach", str(folder)])
    return pid, fd


def test_fifty_kills_lose_no_report_double_none_and_leave_no_process(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    s = session(SCRIPT, STUDY)
    dice = random.Random(5)
    killed: Counter[str] = Counter()
    s.start()
    screen = open_screen(s.folder.path)
    while killed.total() < KILLS:
        time.sleep(dice.uniform(0.02, 0.25))
        what = dice.choice(["scheduler", "server", "trial", "trial", "screen"])
        if what == "scheduler" and s.alive:
            os.kill(s.scheduler_pid, signal.SIGKILL)
            killed[what] += 1
            time.sleep(dice.uniform(0.0, 0.3))
            s.start()
        elif what == "server" and (pid := server_of(tmp_path)):
            os.kill(pid, signal.SIGKILL)
            killed[what] += 1
        elif what == "screen":
            os.kill(screen[0], signal.SIGKILL)
            os.waitpid(screen[0], 0)
            os.close(screen[1])
            killed[what] += 1
            screen = open_screen(s.folder.path)
        elif what == "trial":
            running = [row for row in s.trials().values() if row.state == "RUNNING" and row.pid]
            if running:
                row = dice.choice(running)
                try:
                    os.kill(row.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed[what] += 1
    os.kill(screen[0], signal.SIGKILL)
    os.waitpid(screen[0], 0)
    os.close(screen[1])
    s.start()
    s.wish("budget", n_trials=1)  # enough: what runs may finish
    s.finish(patience_s=120)

    trials = s.trials()
    assert killed.total() >= KILLS and min(killed.values()) >= 3, killed
    assert {row.state for row in trials.values()} <= {"COMPLETE", "PRUNED", "FAIL"}
    assert {row.cause for row in trials.values() if row.state == "FAIL"} <= {"killed", "lost"}
    db = sqlite3.connect(s.folder.database)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    for number in trials:
        sql = "select metric, step, value from metrics where trial = ? order by metric, step"
        rows = db.execute(sql, (number,)).fetchall()
        lines, _ = read_from(s.folder.trial(number).spool, 0)
        said = [line for line in lines if isinstance(line, Report)]
        expected = sorted(
            [("value", r.step, r.value) for r in said] + [("other", r.step, r.others["other"]) for r in said]
        )
        assert rows == expected, f"trial {number}"
        seen = tmp_path / f"seen-{number}"
        acknowledged = [int(step) for step in seen.read_text().split()] if seen.exists() else []
        assert acknowledged == sorted(set(acknowledged)), f"trial {number} ran twice"
        assert set(acknowledged) <= {r.step for r in said}, f"trial {number}"
    db.close()
    s.until(lambda: not s.processes(), "processes were left behind")
    s.until(lambda: server_of(tmp_path) is None, "a fork server was left behind")
