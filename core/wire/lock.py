"""Who schedules a session: whoever holds the lock on its `lock` file. The kernel lets go when that process dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path


def start_ticks(pid: int) -> int | None:
    """When the process started (clock ticks since boot), or None when there is none. /proc/PID/stat field 22."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


@dataclass(frozen=True, slots=True)
class SchedulerInfo:
    pid: int | None
    alive: bool
    ready: bool = False  # it has read the session and works


class SessionLock:
    """Held for as long as this object lives."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, path: Path, wait_s: float = 1.0) -> SessionLock | None:
        """The lock, or None when another scheduler has it. Waits a little: a reader's look holds it for an instant."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(fd)
                    return None
                time.sleep(0.02)
                continue
            lock = cls(fd)
            lock._write(ready=False)
            return lock

    def announce(self) -> None:
        """Say that the session is open and worked on."""
        self._write(ready=True)

    def _write(self, ready: bool) -> None:
        said = {"pid": os.getpid(), "start_ticks": start_ticks(os.getpid()), "ready": ready}
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(said).encode(), 0)

    def release(self) -> None:
        os.close(self._fd)


def scheduler_of(path: Path) -> SchedulerInfo:
    """Who holds the lock file at `path`, and whether it is held at all.

    The pid comes from the file, None when it can't be read. A copied folder has a lock file and nobody holding it.
    """
    pid, ready = None, False
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return SchedulerInfo(None, False)
    try:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = json.loads(os.pread(fd, 4096, 0))
            pid, ready = int(said["pid"]), bool(said.get("ready"))
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return SchedulerInfo(pid, True, ready)
        return SchedulerInfo(pid, False)
    finally:
        os.close(fd)
