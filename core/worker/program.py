"""Runs any program as a trial and reads what it prints."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from typing import IO, cast

from hptui.core.errors import ObjectiveError
from hptui.core.study.trial import Cause
from hptui.core.wire.request import Program, Start
from hptui.core.wire.spool import End, pack_number
from hptui.core.worker import arguments, patterns
from hptui.core.worker.link import Link
from hptui.core.worker.memory import in_words
from hptui.core.worker.objectives import of_several
from hptui.core.worker.outcome import failed, of_number
from hptui.core.worker.process import LogFile

GRACE_S = 5.0  # between SIGTERM and SIGKILL
LOOK_S = 0.1  # between looks at what the scheduler wishes, while the program is silent
LAST_WORDS_S = 1.0  # a child that the program left behind may print on; so long it is listened to
TAIL_LINES = 20


def run(start: Start, program: Program, link: Link) -> End:
    """The program's whole life. It runs in the trial's session and process group, its output goes to the log as it is.

    Raises ObjectiveError when it can't be started.
    """
    reader = patterns.Reader(program.patterns, start.metric)
    child = _launch(start, program, link)
    try:
        return _Run(child, reader, link, start.metric).follow()
    finally:
        if child.poll() is None:
            _kill_session()
            child.wait()


def _launch(start: Start, program: Program, link: Link) -> subprocess.Popen[bytes]:
    json_file = link.folder.path / "params.json"
    if program.arguments == "json":
        json_file.write_text(json.dumps(start.params))
    places = {
        "trial": str(start.number),
        "seed": str(start.seed),
        "device": "cpu" if start.device.partition(":")[0] == "cpu" else "cuda",
        "checkpoint_dir": str(link.folder.checkpoints),
    }
    words = arguments.command_line(program.command, program.arguments, start.params, places, str(json_file))
    if any("{checkpoint_dir}" in word for word in program.command):
        link.folder.checkpoints.mkdir(exist_ok=True)
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PYTHONUNBUFFERED": "1", **os.environ},
        )
    except FileNotFoundError:
        hint = "name one on the PATH, or give its whole path"
        raise ObjectiveError("objective.command", f"there is no program {words[0]}", hint) from None
    except OSError as error:
        raise ObjectiveError("objective.command", f"{words[0]} can't be executed: {error.strerror}") from None


class _Run:
    """A running program: its pipe, its numbers, its end."""

    def __init__(self, child: subprocess.Popen[bytes], reader: patterns.Reader, link: Link, metric: str) -> None:
        self._child, self._reader, self._link, self._metric = child, reader, link, metric
        self._out = cast(IO[bytes], child.stdout).fileno()
        os.set_blocking(self._out, False)
        self._log = LogFile(1, link.wait_for_space)
        self._rest = ""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._terminated = False

    def follow(self) -> End:
        signal.signal(signal.SIGTERM, self._on_terminate)
        ended = os.pidfd_open(self._child.pid)
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        poll.register(ended, select.POLLIN)
        stopping_since: float | None = None
        while True:
            ready = [fd for fd, _ in poll.poll(LOOK_S * 1000)]
            if self._out in ready and not self._read_some(stopping_since is not None):
                poll.unregister(self._out)
            if ended in ready:
                break
            if stopping_since is None:
                self._link.listen()
                if self._link.stopping or self._terminated:
                    stopping_since = time.monotonic()
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    os.killpg(0, signal.SIGTERM)
            elif time.monotonic() > stopping_since + GRACE_S:
                _kill_session()
        os.close(ended)
        self._child.wait()
        self._read_last_words()
        return self._end(told_to_stop=stopping_since is not None)

    def _on_terminate(self, *_: object) -> None:
        self._terminated = True

    def _read_some(self, deaf: bool) -> bool:
        """Take what the pipe holds; False at its end. deaf: what it says no longer counts."""
        try:
            data = os.read(self._out, 1 << 16)
        except BlockingIOError:
            return True
        view = memoryview(data)
        while view:
            view = view[self._log.write(view) :]
        for line in self._split(data):
            if deaf:
                self._tail.append(line)
            else:
                self._hear(line)
                deaf = self._link.stopping
        return bool(data)

    def _split(self, data: bytes) -> Iterator[str]:
        """Whole lines, and at the end of the output what is left. A carriage return ends one too: progress bars."""
        text = self._rest + data.decode("utf-8", "replace")
        found = text.replace("\r", "\n").split("\n")
        self._rest = found.pop()[-patterns.LONGEST_LINE :] if data else ""
        return (line for line in found if line)

    def _hear(self, line: str) -> None:
        self._tail.append(line)
        found = self._reader.read(line)
        while self._reader.constraints:
            self._link.constrain(*self._reader.constraints.pop(0))
        if found is not None:
            self._link.report(found.value, found.step, found.others)
        while self._reader.oddities:
            self._link.note(self._reader.oddities.pop())

    def _read_last_words(self) -> None:
        deadline = time.monotonic() + LAST_WORDS_S
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        while poll.poll(0) and time.monotonic() < deadline:
            if not self._read_some(self._link.stopping):
                break
        if self._rest:
            line, self._rest = self._rest, ""
            self._hear(line)
        rest = self._reader.rest()
        if rest is not None and not self._link.stopping:
            self._link.report(rest.value, rest.step, rest.others)

    def _end(self, told_to_stop: bool) -> End:
        at, status, last = time.time(), self._child.returncode, self._link.value
        if told_to_stop and self._link.stopping:
            return End(at, "pruned", None if last is None else pack_number(last))
        tail = "\n".join(line[-400:] for line in self._tail)
        if self._terminated:
            return failed(at, Cause.KILLED, "terminated", tail)
        if status < 0:
            name = signal.Signals(-status).name
            outside = -status in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
            return failed(at, Cause.KILLED if outside else Cause.CRASH, f"the program was killed by {name}", tail)
        if status > 0:
            whose = in_words(tail)
            short = f"out of the {whose}'s memory: " if whose else ""
            reason = f"{short}the program ended with exit status {status}{_last_line(self._tail)}"
            return failed(at, Cause.OOM if whose else Cause.CRASH, reason, tail)
        if self._link.also:
            return of_several(self._reader.result, self._metric, self._link, at)
        if self._reader.result is not None:
            return of_number(self._reader.result, at, "its result is")
        if last is None:
            return failed(at, Cause.CRASH, f"the program ended without a value: {self._reader.missed()}", tail)
        return of_number(last, at, "the last value it printed is")


def _last_line(tail: deque[str]) -> str:
    return f": {' '.join(tail[-1].split())[:200]}" if tail else ""


def _kill_session() -> None:
    """Kill every other process of this session, whichever group it made for itself."""
    own, session = os.getpid(), os.getsid(0)
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != own:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getsid(int(name)) == session:
                    os.kill(int(name), signal.SIGKILL)
