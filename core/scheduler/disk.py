"""Is there room to record what happens? A little is kept in reserve, so that a full disk can still be told of."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from hptui.core.study.session import SessionFolder

LOW_BYTES = 3 << 20  # trials are held below this
HIGH_BYTES = 6 << 20  # and go on above this
BALLAST_BYTES = 512 << 10


class Disk:
    """The session's file system, and our reserve on it."""

    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder.path
        self._ballast = folder.path / "reserve"
        self.short = False  # a write has failed for lack of space
        self.restock()

    def free_bytes(self) -> int:
        stat = os.statvfs(self._folder)
        return stat.f_bavail * stat.f_frsize

    def release(self) -> bool:
        """Give up the reserve; False when there was none left."""
        self.short = True
        return _unlink(self._ballast)

    def restock(self) -> bool:
        """Set the reserve aside again; False while there is no room for it."""
        try:
            fd = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(fd, 0, BALLAST_BYTES)
        except OSError:
            _unlink(self._ballast)
            return False
        finally:
            os.close(fd)
        return True

    def problem(self) -> str:
        """Why nothing more should be written, or ''."""
        free = self.free_bytes()
        if self.short or free < LOW_BYTES:
            what = "the disk is full" if free < LOW_BYTES else "a write found no space"  # a quota, or it passed
            return f"{what} ({free / 2**20:.1f} MiB left at {self._folder}): trials are held until there is space"
        return ""

    def recovered(self) -> bool:
        """Whether there is room again, the reserve included."""
        if self.free_bytes() < HIGH_BYTES or not self.restock():
            return False
        self.short = False
        return True

    def close(self) -> None:
        _unlink(self._ballast)


def _unlink(path: Path) -> bool:
    with contextlib.suppress(OSError):
        os.unlink(path)
        return True
    return False
