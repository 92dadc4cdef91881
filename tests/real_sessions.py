"""Real sessions: a script, a study and a scheduler of its own, in a folder of the test's. `session` is its fixture."""

from __future__ import annotations

import contextlib
import os
import signal
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hptui.core.scheduler.launch import ensure
from hptui.core.scheduler.tags import tagged
from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, EventRow, TrialRow
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.wire.lock import scheduler_of

PATIENCE_S = 40.0


class Session:
    """A session under test, with deadlines for everything that is waited for."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.reader = Reader(folder)

    def start(self, *, resume: bool = False) -> bool:
        return ensure(self.folder, resume=resume)

    def until(self, what: Callable[[], Any], say: str = "it did not happen", patience_s: float = PATIENCE_S) -> Any:
        deadline, nap_s = time.monotonic() + patience_s, 0.005
        while time.monotonic() < deadline:
            if found := what():
                return found
            time.sleep(nap_s)
            nap_s = min(0.05, 1.2 * nap_s)  # looking takes the processor from what is waited for
        log = self.folder.log.read_text(errors="replace")[-3000:]
        events = "\n".join(f"{e.kind} {e.trial} {e.reason}" for e in self.reader.last_events(25))
        raise AssertionError(f"{say}\n{events}\n{log}")

    def finish(self, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until the session is over and its scheduler gone; how it ended."""
        self.until(lambda: self.reader.facts().get("finished"), "it did not finish", patience_s)
        self.until(lambda: not self.alive, "its scheduler did not end")
        fact: dict[str, Any] = self.reader.facts()["finished"]  # the first look may have seen how an earlier one ended
        return fact

    @property
    def alive(self) -> bool:
        return scheduler_of(self.folder.lock).alive

    @property
    def scheduler_pid(self) -> int:
        pid = scheduler_of(self.folder.lock).pid
        assert pid is not None
        return pid

    def trials(self) -> dict[int, TrialRow]:
        return {row.number: row for row in self.reader.trials()}

    def wait_for(self, number: int, *states: str) -> TrialRow:
        def look() -> TrialRow | None:
            row = self.trials().get(number)
            there = row is not None and row.state in states and (row.state != "RUNNING" or row.pid)
            return row if there else None

        row: TrialRow = self.until(look, f"trial {number} did not become {states}")
        return row

    def wish(self, kind: str, trial: int | None = None, **args: Any) -> EventRow:
        """Post a command and wait for its answer."""
        id = post(self.folder, CommandRow(kind, trial, args, "test", time.time()))

        def look() -> EventRow | None:
            return next((event for event in self.reader.events() if event.data.get("command") == id), None)

        answer: EventRow = self.until(look, f"{kind} was not answered")
        return answer

    def events(self, *kinds: str) -> list[EventRow]:
        return [event for event in self.reader.events() if not kinds or event.kind in kinds]

    def processes(self) -> list[int]:
        return tagged(f"{self.folder.path.resolve()}/")

    def process_state(self, pid: int) -> str:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def clean_up(self) -> None:
        self.reader.close()
        scheduler = scheduler_of(self.folder.lock)
        if scheduler.alive and scheduler.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(scheduler.pid, signal.SIGKILL)
        for _ in range(3):
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """`session(script, study)`: a new session of `study` (TOML) over `script` (Python), not started yet."""
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "home"))
    made: list[Session] = []

    def make(script: str, study: str = "", name: str = "s", **facts: Any) -> Session:
        (tmp_path / "train.py").write_text(textwrap.dedent(script))
        text = textwrap.dedent(study)
        if "[objective]" not in text:
            text += '\n[objective]\nscript = "train.py"\n'
        folder = SessionFolder(sessions_home() / name)
        known = {
            "name": name, "direction": "minimize", "metric": "value", "created_at": time.time(),
            "script_folder": str(tmp_path), "cwd": str(tmp_path), **facts,
        }  # fmt: skip
        create_session(folder, text, known)
        made.append(Session(folder))
        return made[-1]

    yield make
    for one in made:
        one.clean_up()
