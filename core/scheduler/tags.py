"""The processes of this machine that carry a trial's tag, whoever started them."""

from __future__ import annotations

import contextlib
import os
import signal

from hptui.core.wire import request as r


def sweep(tag: str) -> list[int]:
    """Kill every process that carries HPTUI_TRIAL=`tag` (or one below it, when `tag` ends in '/'); the pids killed."""
    killed = []
    for pid in tagged(tag):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
    return killed


def tagged(tag: str) -> list[int]:
    """The processes that carry HPTUI_TRIAL=`tag`, or one below it when `tag` ends in '/'."""
    wanted = f"\0{r.TAG}={tag}".encode() + (b"" if tag.endswith("/") else b"\0")
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and wanted in _environ(name) and int(name) != os.getpid():
            found.append(int(name))
    return found


def _environ(pid: str) -> bytes:
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
