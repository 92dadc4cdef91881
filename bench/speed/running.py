"""Sessions as a user runs them, from the command line, and what their database says afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of

HPTUI = (sys.executable, "-m", "hptui")
OBJECTIVES = Path(__file__).with_name("objectives.py")
T = TypeVar("T")

_STUDY = """
name = "{name}"
direction = "minimize"
[objective]
script = "{script}"
function = "{function}"
[space]
x = {{ type = "float", low = 0.0, high = 1.0 }}
[pruner]
name = "{pruner}"
{options}
[budget]
n_trials = {n_trials}
[resources]
slots = 2
gpus = "none"
"""


@dataclass(frozen=True)
class Bench:
    """A home for the measured sessions."""

    home: Path

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "HPTUI_HOME": str(self.home)}

    def folder(self, name: str) -> SessionFolder:
        return SessionFolder(self.home / "sessions" / name)

    def study(self, name: str, function: str, n_trials: int, pruner: str = "none", options: str = "") -> Path:
        path = self.home / f"{name}.toml"
        path.write_text(
            _STUDY.format(
                name=name, script=OBJECTIVES, function=function, pruner=pruner, options=options, n_trials=n_trials
            )
        )
        return path

    def run(self, study: Path, timeout_s: float = 180.0) -> sqlite3.Connection:
        """Run the whole session without a screen; the database it leaves. Raises RuntimeError when it fails."""
        with self.running(study) as process:
            output, _ = process.communicate(timeout=timeout_s)
            if process.returncode != 0:
                raise RuntimeError(f"hptui run ended with {process.returncode}: {output[-500:]}")
        return self.open(study.stem)

    @contextlib.contextmanager
    def running(self, study: Path) -> Iterator[subprocess.Popen[str]]:
        """The session while it runs; stopped at once on the way out, and its scheduler seen to end."""
        command = [*HPTUI, "run", str(study), "--headless", "--name", study.stem]
        log = self.home / f"{study.stem}.out"
        with log.open("w+") as output:
            process = subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, text=True
            )
            try:
                yield process
            finally:
                self.end(study.stem, process)

    def end(self, name: str, process: subprocess.Popen[str]) -> None:
        if self.scheduler(name) is not None:
            stop = [*HPTUI, "stop", name, "--now"]
            subprocess.run(stop, env=self.env, capture_output=True, timeout=30, check=False)
            with contextlib.suppress(TimeoutError):
                wait(lambda: self.scheduler(name) is None, 15.0)
        if (pid := self.scheduler(name)) is not None:
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.communicate()

    def scheduler(self, name: str) -> int | None:
        info = scheduler_of(self.folder(name).lock)
        return info.pid if info.alive else None

    def open(self, name: str) -> sqlite3.Connection:
        path = self.folder(name).database
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10.0)


def rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return db.execute(sql, values).fetchall()


def attrs(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Per trial, by number: its attributes, with `slot`, `started_at` and `ended_at` beside them."""
    sql = "select slot, started_at, ended_at, attrs from trials where state = 'COMPLETE' order by number"
    return [
        {"slot": slot, "started_at": begun, "ended_at": ended, **json.loads(text)}
        for slot, begun, ended, text in rows(db, sql)
    ]


def wait(what: Callable[[], T], timeout_s: float = 60.0, nap_s: float = 0.02) -> T:
    """What `what` answers once that is true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not seen within {timeout_s:.0f} s")
        time.sleep(nap_s)
    return found
