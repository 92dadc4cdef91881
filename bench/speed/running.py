"""Sessions with their real schedulers and processes, and what their database says afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hptui.core.scheduler.launch import ensure
from hptui.core.scheduler.tags import sweep
from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of

OBJECTIVES = Path(__file__).with_name("objectives.py")
T = TypeVar("T")

_STUDY = """
name = "{name}"
direction = "minimize"
sampler = "random"
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
{steps}
[resources]
slots = 2
devices = "none"
"""


@dataclass(frozen=True)
class Bench:
    """A home for the measured sessions."""

    home: Path

    def folder(self, name: str) -> SessionFolder:
        return SessionFolder(self.home / "sessions" / name)

    def study_text(
        self, name: str, function: str, n_trials: int, pruner: str = "none", options: str = "",
        max_steps: int | None = None,
    ) -> str:  # fmt: skip
        return _STUDY.format(
            name=name, script=OBJECTIVES.name, function=function, pruner=pruner, options=options, n_trials=n_trials,
            steps="" if max_steps is None else f"max_steps = {max_steps}",
        )  # fmt: skip

    def create(
        self, name: str, function: str, n_trials: int, pruner: str = "none", options: str = "",
        max_steps: int | None = None,
    ) -> str:  # fmt: skip
        """A session that waits for its scheduler; its name."""
        here = str(OBJECTIVES.parent)
        facts = {
            "name": name, "id": self.session_id(name), "direction": "minimize", "metric": "value",
            "n_trials": n_trials, "script_folder": here, "cwd": here, "created_at": time.time(),
        }  # fmt: skip
        create_session(self.folder(name), self.study_text(name, function, n_trials, pruner, options, max_steps), facts)
        return name

    def run(self, name: str, timeout_s: float = 180.0) -> sqlite3.Connection:
        """Run the whole session without a screen; the database it leaves. Raises TimeoutError."""
        with self.running(name):
            wait(lambda: self.scheduler(name) is None, timeout_s)
        return self.open(name)

    @contextlib.contextmanager
    def running(self, name: str) -> Iterator[None]:
        """The session while it runs; stopped at once on the way out, and its scheduler seen to end."""
        with home_is(self.home):
            ensure(self.folder(name))
            try:
                yield
            finally:
                self.end(name)

    def end(self, name: str) -> None:
        if self.scheduler(name) is not None:
            post(self.folder(name), CommandRow(Wish.STOP, args={"now": True}, by="bench", at=time.time()))
            with contextlib.suppress(TimeoutError):
                wait(lambda: self.scheduler(name) is None, 20.0)
        if (pid := self.scheduler(name)) is not None:
            os.kill(pid, signal.SIGKILL)
        sweep(f"{self.session_id(name)}/")

    def session_id(self, name: str) -> str:
        return f"{self.home.name}-{name}"

    def scheduler(self, name: str) -> int | None:
        info = scheduler_of(self.folder(name).lock)
        return info.pid if info.alive else None

    def open(self, name: str) -> sqlite3.Connection:
        path = self.folder(name).database
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10.0)


def hptui(*words: str) -> list[str]:
    """The installed command, as a user starts it."""
    command = Path(sys.executable).with_name("hptui")
    return [str(command), *words] if command.exists() else [sys.executable, "-m", "hptui", *words]


@contextlib.contextmanager
def home_is(home: Path) -> Iterator[None]:
    """Schedulers and screens started inside keep their state there."""
    before = os.environ.get("HPTUI_HOME")
    os.environ["HPTUI_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["HPTUI_HOME"]
        else:
            os.environ["HPTUI_HOME"] = before


def rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return db.execute(sql, values).fetchall()


def attrs(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Per trial, by number: its attributes, with `number`, `slot`, `started_at` and `ended_at` beside them."""
    sql = "select number, slot, started_at, ended_at, attrs from trials where state = 'COMPLETE' order by number"
    return [
        {"number": number, "slot": slot, "started_at": begun, "ended_at": ended, **json.loads(text)}
        for number, slot, begun, ended, text in rows(db, sql)
    ]


def wait(what: Callable[[], T | None], timeout_s: float = 60.0, nap_s: float = 0.02) -> T:
    """What `what` answers once that is true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not seen within {timeout_s:.0f} s")
        time.sleep(nap_s)
    return found
