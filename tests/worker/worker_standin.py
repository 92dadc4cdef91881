"""A scheduler as small as can be: speaks to a real fork server, reads real spools."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hptui.core.study.session import SessionFolder, TrialFolder
from hptui.core.wire.control import Control
from hptui.core.wire.lock import SessionLock
from hptui.core.wire.request import (
    Exited,
    Forked,
    FromServer,
    Function,
    ImportFailed,
    Preload,
    Program,
    Ready,
    Refused,
    Start,
    decode_from_server,
    encode,
)
from hptui.core.wire.spool import AnyLine, End, read_from
from hptui.core.wire.wake import Bell

T = TypeVar("T")
DEADLINE_S = 30.0


def until(condition: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S) -> T:
    """The first true answer. Fails the test when it takes too long."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.002)
    raise AssertionError(f"not in {deadline_s:g} s: {what}")


@dataclass
class Standin:
    """A session folder, a fork server, and the trials started so far."""

    folder: SessionFolder
    script: Path | None = None
    lock: SessionLock | None = None
    bell: Bell | None = None
    connection: socket.socket | None = None
    server: subprocess.Popen[bytes] | None = None
    said: list[FromServer] = field(default_factory=list)
    shared: str | None = None
    pids: list[int] = field(default_factory=list)

    @classmethod
    def at(cls, path: Path, scheduling: bool = True) -> Standin:
        folder = SessionFolder(path / "a session")
        folder.trials.mkdir(parents=True)
        standin = cls(folder)
        if scheduling:
            standin.lock = SessionLock.take(folder.lock)
            standin.bell = Bell(folder.wake)
        return standin

    def boot(
        self,
        script: Path | None = None,
        shared: str | None = None,
        modules: tuple[str, ...] = ("auto",),
        function: str | None = None,
    ) -> Ready | ImportFailed:
        self.script, self.shared = script, shared
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection = ours
        with open(self.folder.path / "server.log", "ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "hptui.core.worker.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        theirs.close()
        cwd = str(self.folder.path if script is None else script.parent)
        preload = Preload(modules, None if script is None else str(script), shared, cwd, function=function)
        ours.send(encode(preload))
        answer = self.hear((Ready, ImportFailed))
        assert isinstance(answer, (Ready, ImportFailed))
        return answer

    def request(self, number: int = 0, params: dict[str, Any] | None = None, **fields: Any) -> Start:
        fields = {"cwd": str(self.folder.path), "seed": 1, "threads": 1, **fields}
        if "objective" not in fields:
            fields["objective"] = Function(str(self.script), fields.pop("name", "objective"), self.shared)
        return Start("a session", str(self.folder.path), number, params or {}, **fields)

    def program(self, *command: str, arguments: str = "flags", patterns: tuple[str, ...] = ()) -> Program:
        return Program(command, arguments, patterns)

    def start(self, start: Start, leases: list[int] | None = None) -> Forked:
        assert self.connection is not None
        socket.send_fds(self.connection, [encode(start)], leases or [])
        answer = self.hear((Forked, Refused), lambda m: m.number == start.number)
        assert isinstance(answer, Forked), answer
        self.pids.append(answer.pid)
        return answer

    def exited(self, pid: int) -> int:
        """The exit status of a trial, as os.waitpid gives it."""
        answer = self.hear((Exited,), lambda m: m.pid == pid)
        assert isinstance(answer, Exited)
        return answer.status

    def hear(self, kinds: tuple[type, ...], which: Callable[[Any], bool] = lambda m: True) -> FromServer:
        """The first message of these kinds not taken yet."""
        assert self.connection is not None
        end = time.monotonic() + DEADLINE_S
        while True:
            for message in self.said:
                if isinstance(message, kinds) and which(message):
                    self.said.remove(message)
                    return message
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.connection], [], [], left)[0]:
                raise AssertionError(f"heard none of {kinds}; server log:\n{self.server_log}")
            packet = self.connection.recv(1 << 20)
            assert packet, f"the server went away; its log:\n{self.server_log}"
            self.said.append(decode_from_server(packet))

    def run(self, start: Start) -> list[AnyLine]:
        """All that the trial said, once it has ended."""
        self.exited(self.start(start).pid)
        return self.lines(start.number)

    def end(self, start: Start) -> End:
        """How the trial ended, by its own account."""
        last = self.run(start)[-1]
        assert isinstance(last, End), (last, self.log(start.number))
        return last

    def trial(self, number: int = 0) -> TrialFolder:
        return self.folder.trial(number)

    def lines(self, number: int = 0) -> list[AnyLine]:
        return read_from(self.trial(number).spool, 0, 1 << 26)[0]

    def of(self, kind: type[T], number: int = 0) -> list[T]:
        return [line for line in self.lines(number) if isinstance(line, kind)]

    def wait_for(self, kind: type[T], number: int = 0, count: int = 1) -> T:
        """The line number `count` of this kind, counted from 1."""

        def look() -> T | None:
            found = self.of(kind, number)
            return found[count - 1] if len(found) >= count else None

        return until(look, f"{count} {kind.__name__} of trial {number}; log:\n{self.log(number)}")

    def log(self, number: int = 0) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self.trial(number).log.read_text(errors="replace")
        return ""

    @property
    def server_log(self) -> str:
        return (self.folder.path / "server.log").read_text(errors="replace")

    @contextlib.contextmanager
    def control(self, number: int = 0) -> Iterator[Control]:
        """The trial's control page; open it before the trial starts."""
        self.trial(number).path.mkdir(parents=True, exist_ok=True)
        page = Control(self.trial(number).control)
        try:
            yield page
        finally:
            page.close()

    def close(self) -> None:
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        if self.connection is not None:
            self.connection.close()
        if self.server is not None:
            try:
                self.server.wait(10)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        if self.lock is not None:
            self.lock.release()
        if self.bell is not None:
            self.bell.close()
