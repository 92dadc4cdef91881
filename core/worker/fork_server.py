"""Imports once, then forks a process for every trial: `python -m hptui.core.worker.fork_server SOCKET_FD`.

The socket (SOCK_SEQPACKET) carries the messages of `wire.request`. When the scheduler's end closes, the server exits
and the trials live on. It never computes: see `preload`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from io import TextIOWrapper
from typing import Any, NoReturn

from hptui.core.wire.request import (
    TAG,
    Exited,
    Forked,
    FromServer,
    ImportFailed,
    Preload,
    Ready,
    Refused,
    Start,
    decode_to_server,
    encode,
)
from hptui.core.worker.environ import PLACEHOLDER
from hptui.core.worker.spare import PACKET_BYTES, Spare, fork_ahead, receive

IDLE_MS = 5
"""After so long without a word there is time to fork ahead; sooner it would slow the trial that is just starting."""


def main(arguments: list[str]) -> NoReturn:
    fd = int(arguments[0])
    if len(arguments) == 1:
        _execute_again(fd, {"began": time.monotonic()})
    with open(int(arguments[1]), "rb", buffering=0) as file:
        file.seek(0)
        memory: dict[str, Any] = json.loads(file.read())
    _default_signals()
    faulthandler.enable(file=2)  # fd 2 becomes each trial's log
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    with socket.socket(fileno=fd) as connection:
        connection.set_inheritable(False)
        Server(connection, memory).serve()
    os._exit(0)


def _execute_again(fd: int, memory: dict[str, Any]) -> NoReturn:
    """Start over in a clean process that remembers `memory`: imports can't be undone, nor threads taken back.

    The environment has room for the trials' tag, and the settings that keep numpy and torch from making threads.
    """
    from hptui.core.worker.preload import IMPORT_SETTINGS

    memory.setdefault("original", {name: os.environ.get(name) for name in IMPORT_SETTINGS})
    memory.setdefault("environment", dict(os.environ))
    memory.setdefault("cwd", os.getcwd())
    os.chdir(memory["cwd"])  # `python -m` looks for modules from here
    notes = os.memfd_create("hptui")  # not in argv, which everyone on the machine can read
    os.write(notes, json.dumps(memory).encode())
    os.set_inheritable(notes, True)
    os.set_inheritable(fd, True)
    command = [sys.executable, *sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv) + 1], str(fd), str(notes)]
    os.execve(sys.executable, command, {**memory["environment"], **IMPORT_SETTINGS, TAG: PLACEHOLDER})


def _default_signals() -> None:
    """A scheduler that ignores hang-ups and interrupts must not hand that down to the trials."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Server:
    """The server's side of the conversation."""

    def __init__(self, connection: socket.socket, memory: dict[str, Any]) -> None:
        self._connection, self._memory = connection, memory
        self._trials: set[int] = set()
        self._cold = ""  # why it never forks
        self._spare: Spare | None = None

    def serve(self) -> None:
        """Until the scheduler closes its end."""
        try:
            if not self._prepare():
                return
        except (BrokenPipeError, ConnectionResetError):  # the scheduler died while this one imported
            return
        rung, ringing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler is needed for the wake-up to be written
        signal.set_wakeup_fd(ringing, warn_on_full_buffer=False)
        self._pipe = (rung, ringing)
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        poll.register(rung, select.POLLIN)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while True:
                forks_ahead = self._spare is None and not self._cold
                ready = poll.poll(IDLE_MS if forks_ahead else None)
                if not ready and not self._unsafe():
                    self._spare = fork_ahead(self._leave, self._be)
                for fd, _ in ready:
                    if fd == rung:
                        with contextlib.suppress(BlockingIOError):
                            os.read(rung, 4096)
                        self._reap()
                    elif not self._answer():
                        return

    def _say(self, message: FromServer) -> None:
        self._connection.send(encode(message))

    def _prepare(self) -> bool:
        """Import what the first message asks for, and say how that went. False when there is nothing to serve."""
        from hptui.core.worker import environ, preload, process, runner

        memory = self._memory
        packet = memory["preload"].encode() if "preload" in memory else self._connection.recv(PACKET_BYTES)
        if not packet:
            return False
        asked = decode_to_server(packet)
        if not isinstance(asked, Preload):
            raise TypeError("the first message to a fork server says what to import")
        without = memory.get("without", [])
        tag = environ.find()
        try:
            with preload.exit_handlers_kept():
                loaded = preload.load(asked, without, memory.get("extra", []))
        except BaseException as error:
            traceback.print_exc()
            self._say(ImportFailed(*preload.import_failed(error)))
            return False
        notes = [*memory.get("notes", []), *loaded.notes]
        if loaded.broken_by is not None:
            part = {"script": asked.script, "shared": asked.shared, "modules": "a preloaded module"}[loaded.broken_by]
            name = os.path.basename(str(part)) + ("()" if loaded.broken_by == "shared" else "")
            if loaded.broken_by != "modules" and loaded.broken_by not in without:
                memory |= {
                    "preload": packet.decode(),
                    "without": [*without, loaded.broken_by],
                    "extra": [*memory.get("extra", []), *(preload.heavy() if loaded.broken_by == "script" else ())],
                    "notes": [f"{name}: {loaded.reason}, so each trial {_instead(loaded.broken_by)}"],
                }
                _execute_again(self._connection.fileno(), memory)
            self._cold = f"{name}: {loaded.reason}"
            notes.append(f"{self._cold}, so every trial starts its own Python")
        level = "cold" if self._cold else "modules" if "script" in without else "script"
        self._unsafe = preload.unsafe
        self._run = runner.run
        self._prepared = runner.Prepared(
            path=asked.script if loaded.module is not None else None,
            module=loaded.module,
            shared_name=asked.shared if loaded.shared_loaded else None,
            shared=loaded.shared,
            tag=tag,
            original=tuple(memory["original"].items()),
            blas=process.find_openblas(),
            cold=False,
        )
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what is left in a buffer would be written again by every trial
        gc.collect()
        gc.freeze()  # the collector would touch, and so copy, every page in every trial
        seconds = time.monotonic() - memory["began"]
        self._say(Ready(level, "; ".join(notes), seconds, loaded.shared_loaded, "torch" in sys.modules))
        return True

    def _answer(self) -> bool:
        """Read one message and do as it says. False when the scheduler is gone."""
        packet, leases, _, _ = receive(self._connection)
        if not packet:
            return False
        try:
            start = decode_to_server(packet)
            if isinstance(start, Start):
                self._start(start, packet, leases)
        finally:
            for fd in leases:
                os.close(fd)  # the trial has its own copies; the lease ends with the last of them
        return True

    def _start(self, start: Start, packet: bytes, leases: list[int]) -> None:
        reason = self._cold or self._unsafe()
        if reason:
            self._say(Refused(start.number, reason))
            return
        spare, self._spare = self._spare, None
        if spare is not None and spare.become(packet, leases):
            pid = spare.pid
        else:
            try:
                pid = os.fork()
            except OSError as error:  # no memory, or too many processes
                self._say(Refused(start.number, f"fork: {error.strerror}"))
                return
            if pid == 0:
                self._leave()
                self._be(start)
        self._trials.add(pid)
        self._say(Forked(start.number, pid, _start_ticks(pid)))

    def _leave(self) -> None:
        """In a fork: no longer be the server. The scheduler must see the server's end as soon as it dies."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._connection.close()
        for fd in self._pipe:
            os.close(fd)

    def _be(self, start: Start) -> NoReturn:
        """In a fork: be the trial."""
        self._run(start, self._prepared)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._spare is not None and pid == self._spare.pid:
                self._spare.line.close()
                self._spare = None
            elif pid in self._trials:  # else a process that the script left behind at import
                self._trials.discard(pid)
                self._say(Exited(pid, status))


def _instead(part: str) -> str:
    return "imports it itself" if part == "script" else "calls it itself"


def _start_ticks(pid: int) -> int:
    """/proc/PID/stat field 22 of a child that may have ended, but has not been reaped."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rsplit(b")", 1)[1].split()[19])


if __name__ == "__main__":
    main(sys.argv[1:])
