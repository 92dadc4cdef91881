"""Who holds a slot of a GPU: whoever holds the lock on its file, in whichever session of this machine.

The kernel lets go when the last process that inherited the lease ends, killed or not. No heartbeat.
Slots of the CPU are not leased: sessions share the CPU, and only each session's number of slots limits it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from pathlib import Path

from hptui.core.errors import SessionError

_ODD = re.compile(r"[^A-Za-z0-9_.-]")
_FOR_ALL_DIR = 0o1777  # sticky: nobody removes another's file, which would make two locks of one slot
_FOR_ALL_FILE = 0o666
_PATIENCE_S = 0.02  # `is_free` holds a lock for an instant


class Lease:
    """A slot that is ours for as long as this object, or any process that inherited `fd`, lives.

    Pass `fd` on with `pass_fds` or as SCM_RIGHTS. Otherwise it is closed on exec: nobody else keeps the slot.
    """

    def __init__(self, fd: int, path: Path) -> None:
        self.fd = fd
        self.path = path

    def close(self) -> None:
        """Give up our share; a process that inherited the slot keeps it while it lives."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


def take(home: Path, device_id: str, slot: int) -> Lease | None:
    """The slot, or None when somebody has it: another session, or a trial of ours that has not ended yet.

    Raises SessionError when lease files can't be made in `home`.
    """
    path = _file(home, device_id, slot)
    fd = _open(path)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(fd)
                return None
            time.sleep(0.002)
        except OSError as error:
            os.close(fd)
            raise _trouble(path, error) from error
        else:
            return Lease(fd, path)


def is_free(home: Path, device_id: str, slot: int) -> bool:
    """Whether nobody holds the slot just now. Only a look: `take` is the way to have it."""
    try:
        fd = os.open(_file(home, device_id, slot), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise _trouble(_file(home, device_id, slot), error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def _file(home: Path, device_id: str, slot: int) -> Path:
    return home / f"{_ODD.sub('_', device_id)}.{slot}"


def _open(path: Path) -> int:
    """The lease file, open for writing (a network file system locks no other), never removed once made."""
    try:
        _make_home(path.parent)
        return _open_or_create(path)
    except OSError as error:
        raise _trouble(path, error) from error


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
    denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    hint = "set HPTUI_HOME to a folder you may write" if denied else "look at the disk that holds this folder"
    return SessionError(f"lease {path}", error.strerror or str(error), hint)
