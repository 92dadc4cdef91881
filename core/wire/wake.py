"""The scheduler's bell: a named pipe in the session folder that anyone may ring and nobody has to hear.

It carries no meaning of its own. What there is to know stands in a spool or in the `commands` table; ringing only
saves waiting for the scheduler's next look.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def ring(path: Path) -> None:
    """Wake whoever listens. Silent when nobody does, or when the pipe is full (then it is awake anyway)."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(fd, b"\0")
        finally:
            os.close(fd)


class Bell:
    """The listening side. `fileno()` is readable after a ring."""

    def __init__(self, path: Path) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        self._path = path
        # read-write, so that the pipe never reads as closed when the last ringer goes away
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        return self._fd

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._fd, 4096)) == 4096:
                pass

    def close(self) -> None:
        """Nobody listens any more; the pipe goes, since copying a folder stumbles over one."""
        os.close(self._fd)
        with contextlib.suppress(OSError):
            os.unlink(self._path)
