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
    """Held for as long as this object lives. schedules: not, where it only keeps schedulers out for a moment."""

    def __init__(self, fd: int, schedules: bool = True) -> None:
        self._fd = fd
        self._schedules = schedules

    @classmethod
    def take(cls, path: Path, wait_s: float = 1.0, schedules: bool = True) -> SessionLock | None:
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
            lock = cls(fd, schedules)
            lock._write(ready=False)
            return lock

    def announce(self) -> None:
        """Say that the session is open and worked on."""
        self._write(ready=True)

    def _write(self, ready: bool) -> None:
        said = {"pid": os.getpid(), "start_ticks": start_ticks(os.getpid()), "ready": ready} if self._schedules else {}
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(said).encode(), 0)

    def release(self) -> None:
        if not self._schedules:
            os.ftruncate(self._fd, 0)  # the next holder may be a scheduler
        os.close(self._fd)


def scheduler_of(path: Path) -> SchedulerInfo:
    """Who holds the lock file at `path`, and whether it is held at all.

    The pid comes from the file, None when it can't be read. A copied folder has a lock file and nobody holding it.
    Who holds it without scheduling has written {} into it.
    """
    pid, ready, said = None, False, None
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
            return SchedulerInfo(pid, said != {}, ready)
        return SchedulerInfo(pid, False)
    finally:
        os.close(fd)
