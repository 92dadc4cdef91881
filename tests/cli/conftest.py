"""`hptui` as a user runs it: real processes, each test with a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_scripts import MIXED, QUADRATIC

from hptui.core.store.library import summary
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.session import SessionFolder
from hptui.tui.cli import main


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self
        return json.loads(self.out)


class User:
    """Somebody at a shell in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "work", folder / "home"
        self.folder.mkdir()
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "CUDA_VISIBLE_DEVICES")},
            "HPTUI_HOME": str(self.home),
            "USER": "ada",
            "TERM": "xterm-256color",
        }

    def hptui(self, *args: str, timeout: float = 60, env: Mapping[str, str] = {}) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "hptui", *args],
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "hptui", *args],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def study(self, name: str = "study", script: str = QUADRATIC, more: str = "", n_trials: int = 4) -> str:
        """Write a study and its script; returns the study's file name."""
        self.write(f"{name}.py", script)
        budget = "" if "[budget]" in more else f"[budget]\nn_trials = {n_trials}\n"
        self.write(
            f"{name}.toml",
            f'name = "{name}"\n[objective]\nscript = "{name}.py"\n'
            f'[space]\nx = {{ type = "float", low = -5.0, high = 5.0 }}\n'
            f'{budget}[resources]\ndevices = "none"\nslots = 2\n{more}',
        )
        return f"{name}.toml"

    def session(self, name: str = "study") -> SessionFolder:
        return SessionFolder(self.home / "sessions" / name)

    def show(self, name: str = "study") -> Any:
        return self.hptui("show", name, "--json").json

    def wait_until(self, what: Callable[[], Any], timeout: float = 30) -> Any:
        """What `what` returns once that is true."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if answer := what():
                return answer
            time.sleep(0.05)
        raise AssertionError(f"it did not come true in {timeout:g} s")

    def rows(self, name: str = "study") -> list[TrialRow]:
        """What `show` reads, without a process: for what is looked at again and again."""
        with Reader(self.session(name)) as reader:
            return sorted(reader.trials(), key=lambda row: row.number)

    def states(self, name: str = "study") -> list[str]:
        return [row.state for row in self.rows(name)]

    def finished(self, name: str = "study") -> bool:
        return summary(self.session(name)).state == "finished"

    def running(self, name: str = "study", n: int = 1) -> Any:
        """The document of a session once `n` of its trials train."""
        self.wait_until(lambda: sum(r.state == "RUNNING" and r.step is not None for r in self.rows(name)) >= n)
        return self.show(name)

    def processes(self) -> list[int]:
        """Whatever runs for this user: everything started below carries the home, which no other test has."""
        tag, found = f"HPTUI_HOME={self.home}".encode(), []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if tag in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
        return found

    def leave(self) -> None:
        """End every session that lives as a user does; a process that is still there then is a fault, and is ended."""
        for path in (self.home / "sessions").glob("*") if self.processes() else ():
            if SessionFolder(path).database.exists():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.hptui("stop", path.name, "--now")
        deadline = time.monotonic() + 20
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert left == [], "processes outlived `hptui stop --now`"


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    user = User(tmp_path)
    yield user
    user.leave()


@pytest.fixture
def here(user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`here(*args)`: a verb in this process, where what it says is the point: a tenth of what a process costs."""

    def hptui(*args: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(args)
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    monkeypatch.setenv("HPTUI_HOME", str(user.home))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.chdir(user.folder)
    return hptui


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """A session of three trials; the second one failed with NaN."""
    user = User(tmp_path_factory.mktemp("recorded"))
    done = user.hptui("run", user.study(script=MIXED, n_trials=3))
    assert done.status == 0, done
    user.wait_until(lambda: not user.processes())
    return user
