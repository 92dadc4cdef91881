"""The processes of this machine that belong to a trial, whoever started them: by its tag, or by descent."""

from __future__ import annotations

import contextlib
import os
import signal

from hptui.core.wire import request as r


def sweep(tag: str, newer_than: int = 0) -> list[int]:
    """Kill every process that carries HPTUI_TRIAL=`tag` (or one below it, when `tag` ends in '/'); the pids killed.

    newer_than: as for `tagged`.
    """
    killed = []
    for pid in tagged(tag, newer_than):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
    return killed


def tagged(tag: str, newer_than: int = 0) -> list[int]:
    """The processes that carry HPTUI_TRIAL=`tag`, or one below it when `tag` ends in '/'.

    newer_than: only those that may have begun after this pid did, lately. Pids count up until they begin anew.
    """
    wanted = f"\0{r.TAG}={tag}".encode() + (b"" if tag.endswith("/") else b"\0")
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    first = newer_than if newer_than <= _latest_pid() else 0
    return [pid for pid in pids if pid > first and pid != os.getpid() and wanted in _environ(pid)]


def astray(leader: int) -> list[int]:
    """The descendants of a process outside its process group: torchrun gives each worker a session of its own."""
    found: list[int] = []
    unseen = _children(leader)
    while unseen:
        pid = unseen.pop()
        unseen += _children(pid)
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(pid) != leader:
                found.append(pid)
    return found


def _children(pid: int) -> list[int]:
    """None where it is gone, or the kernel does not tell."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found


def _latest_pid() -> int:
    """The pid that was given out last; 0 when that can't be told."""
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/loadavg") as file:
        return int(file.read().split()[4])
    return 0


def _environ(pid: int) -> bytes:
    try:
        fd = os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return b"\0" + os.read(fd, 1 << 20) + b"\0"
    except OSError:
        return b""
    finally:
        os.close(fd)
