"""Keeps checkpoints and the commits of other processes apart.

SQLite before 3.51.3 can lose pages when a process commits at a certain instant of another one's checkpoint
(https://sqlite.org/wal.html#walresetbug). So a checkpoint holds the session folder's own flock
alone, and whoever else commits holds it shared. The scheduler's commits need nothing: they come from the
connection that also checkpoints.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


class Gate:
    """The checkpointing side: one open descriptor of the folder."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def closed(self, wait_s: float = 0.0) -> Iterator[bool]:
        """Whether nobody else commits in this block. False: someone does just now, so don't checkpoint."""
        held = _lock(self._fd, fcntl.LOCK_EX, wait_s)
        try:
            yield held
        finally:
            if held:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._fd)


@contextlib.contextmanager
def passing(folder: Path, wait_s: float = 5.0) -> Iterator[bool]:
    """For others who commit: no checkpoint runs in this block. False when one took longer than `wait_s`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _lock(fd, fcntl.LOCK_SH, wait_s)
    finally:
        os.close(fd)


def _lock(fd: int, kind: int, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.002)
