"""A zip that is looked at: unpacked into a folder that goes away with the process, however that process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from hptui.core.store.packed import unpack

_PREFIX = "hptui-zip-"
_LOCK = ".looked-at"  # held for as long as somebody looks
_YOUNG_S = 60.0  # such a folder may be about to be locked
_ENDS = (signal.SIGHUP, signal.SIGTERM)

_here: set[Path] = set()  # what this process has unpacked


@contextlib.contextmanager
def visited(archive: Path) -> Iterator[Path]:
    """The session's folder in a zip, or the folder with several, for as long as it is looked at. Raises SessionError.

    Removed at the end, when the terminal hangs up, and on SIGTERM; what a killed process left, by the next visit.
    """
    sweep()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    _here.add(place)
    before = {end: signal.getsignal(end) for end in _ENDS}
    with open(place / _LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            for end in _ENDS:
                if before[end] is signal.SIG_DFL:  # who ignores hangups has the terminal's guard
                    signal.signal(end, _leave_and_end)
            name = archive.stem.strip(".") or "session"  # a zip without a folder in it is called as its file is
            yield unpack(archive, place / name)
        finally:
            for end in _ENDS:
                if before[end] is signal.SIG_DFL:
                    signal.signal(end, signal.SIG_DFL)
            leave()


def leave() -> None:
    """Remove what this process has unpacked."""
    while _here:
        shutil.rmtree(_here.pop(), ignore_errors=True)


def sweep() -> None:
    """Remove what killed processes of this user have left."""
    for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            stat = place.lstat()
            if stat.st_uid != os.getuid() or time.time() - stat.st_mtime < _YOUNG_S or not place.is_dir():
                continue
            with open(place / _LOCK, "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)


def _leave_and_end(number: int, _: FrameType | None) -> None:
    leave()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
