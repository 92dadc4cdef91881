"""Who holds how much of a GPU: whoever holds locks on that many bytes of its file, in any session of this machine.

A GPU's file stands for the GPU, and UNITS bytes of it for all of it. The locks belong to the open file description,
so a trial's processes inherit them, and the kernel lets go when the last of those ends, killed or not. No heartbeat.
Slots of the CPU are not leased: sessions share the CPU, and only each session's number of slots limits it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hptui.core.errors import SessionError

UNITS = 10_000
"""A whole GPU."""

_ODD = re.compile(r"[^A-Za-z0-9_.-]")
_FOR_ALL_DIR = 0o1777  # sticky: nobody removes another's file, which would make two GPUs of one
_FOR_ALL_FILE = 0o666
_PATIENCE_S = 0.02
_FLOCK = "hhqqi4x"  # struct flock: type, whence, start, length, pid


@dataclass
class Lease:
    """A share that is ours for as long as this object, or any process that inherited `fd`, lives.

    Pass `fd` on with `pass_fds` or as SCM_RIGHTS. Otherwise it is closed on exec: nobody else keeps the share.
    """

    device_id: str
    fd: int
    path: Path
    units: int
    pieces: list[tuple[int, int]]  # (start, length) of what is locked

    def close(self) -> None:
        """Give up our hold of it; a process that inherited the share keeps it while it lives."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def resize(self, units: int) -> bool:
        """Hold `units` of the GPU from now on, also in whoever inherited it; False when there is not enough free."""
        if self.fd < 0 or units == self.units:
            return units == self.units
        if units > self.units:
            grown = _lock(self.fd, units - self.units, self.pieces)
        else:
            grown = True
            _unlock(self.fd, self.units - units, self.pieces)
        self.units = sum(length for _, length in self.pieces)
        return grown


def take(home: Path, device_id: str, units: int = UNITS) -> Lease | None:
    """A share of `units`, or None when less than that is free: other sessions, or a trial that has not ended yet.

    Raises SessionError when lease files can't be made in `home`.
    """
    path = _file(home, device_id)
    fd = _open(path)
    pieces: list[tuple[int, int]] = []
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while True:
            if _lock(fd, units, pieces):
                return Lease(device_id, fd, path, units, pieces)
            if time.monotonic() > deadline or sum(n for _, n in _free(fd)) < units:
                break
            time.sleep(0.001)  # somebody was faster by a hair; what is left may do
    except OSError as error:
        os.close(fd)
        raise _trouble(path, error) from error
    os.close(fd)
    return None


def free_units(home: Path, device_id: str) -> int:
    """How much of a GPU nobody holds just now. Only a look: `take` is the way to have it.

    Raises SessionError when the GPU's file can't be read.
    """
    path = _file(home, device_id)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return UNITS
    except OSError as error:
        raise _trouble(path, error) from error
    try:
        return sum(n for _, n in _free(fd))
    finally:
        os.close(fd)


def check(home: Path) -> None:
    """Raise SessionError when leases can't be taken in `home`."""
    if (lease := take(home, "check", 1)) is not None:
        lease.close()


def _lock(fd: int, units: int, held: list[tuple[int, int]]) -> bool:
    """Lock `units` bytes that are free, in as many pieces as it takes; nothing when somebody else was faster.

    held: the pieces that are locked by this description, to which the new ones are added.
    """
    pieces, missing = [], units
    for start, length in _free(fd, held):
        pieces.append((start, min(length, missing)))
        missing -= pieces[-1][1]
        if not missing:
            break
    if missing:
        return False
    for done, (start, length) in enumerate(pieces):
        try:
            _set(fd, fcntl.F_WRLCK, start, length)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            for start, length in pieces[:done]:
                _set(fd, fcntl.F_UNLCK, start, length)
            return False
    held += pieces
    return True


def _unlock(fd: int, units: int, held: list[tuple[int, int]]) -> None:
    """Let go of `units` bytes of the pieces held, the latest first."""
    while units > 0:
        start, length = held.pop()
        kept = max(0, length - units)
        _set(fd, fcntl.F_UNLCK, start + kept, length - kept)
        units -= length - kept
        if kept:
            held.append((start, kept))


def _set(fd: int, kind: int, start: int, length: int) -> None:
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, start, length, 0))


def _free(fd: int, held: Sequence[tuple[int, int]] = ()) -> Iterator[tuple[int, int]]:
    """(start, length) of the pieces that nobody has locked. held: by this description, which the kernel leaves out."""
    start = 0
    for mine, length in sorted(held):
        if mine > start:
            yield from _between(fd, start, mine)
        start = mine + length
    if start < UNITS:
        yield from _between(fd, start, UNITS)


def _between(fd: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The pieces of a stretch that no other open file description has locked, in order."""
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, end - start, 0)
    kind, _, at, length, _ = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_OFD_GETLK, asked))
    if kind == fcntl.F_UNLCK:
        yield start, end - start
        return
    # the lock that the kernel tells of need not be the first one in the file
    if at > start:
        yield from _between(fd, start, at)
    if length and at + length < end:
        yield from _between(fd, max(start, at + length), end)


def _file(home: Path, device_id: str) -> Path:
    return home / f"{_ODD.sub('_', device_id)}.share"


def _open(path: Path) -> int:
    """The lease file, open for writing (only such a file can be locked), never removed once made."""
    try:
        _make_home(path.parent)
        fd = _open_or_create(path)
    except OSError as error:
        raise _trouble(path, error) from error
    with contextlib.suppress(OSError):
        os.utime(fd)  # it is in use, and not to be tidied away with what lies there untouched for weeks
    return fd


def _open_or_create(path: Path) -> int:
    """Opened before it is created: with fs.protected_regular, O_CREAT on another user's file is refused."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, _FOR_ALL_FILE)
                os.fchmod(fd, _FOR_ALL_FILE)  # whatever the umask takes away, other users need
                return fd
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.002)  # another user may be between creating the file and opening it to all


def _make_home(home: Path) -> None:
    if home.is_dir():
        return
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):  # another user made it in the same instant
        if stat.S_IMODE(home.stat().st_mode) != _FOR_ALL_DIR:
            home.chmod(_FOR_ALL_DIR)


def _trouble(path: Path, error: OSError) -> SessionError:
    denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR)
    hint = (
        "set HPTUI_LEASES to a folder that all who use these GPUs may write"
        if denied
        else "look at the disk that holds this folder"
    )
    return SessionError(f"lease {path}", error.strerror or str(error), hint)
