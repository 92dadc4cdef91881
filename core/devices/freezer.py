"""Moves a process's GPU memory to the machine's and back, by CUDA process checkpointing: the user's code need not help.

`python -m hptui.core.devices.freezer out|back PID NEED_BYTES LOCK_FILE` prints one line of JSON: {"ok", "reason",
"seconds"}: the driver's part. A process of its own because the driver may block for seconds, or crash its caller.

Needs driver 580 or newer, one whole GPU (no MIG) and cuda-core. A failure may cost the process: CUDA "does not attempt
to keep the process in a good state if an error is encountered" (github.com/NVIDIA/cuda-checkpoint, README).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from hptui.core.devices.held import room
from hptui.core.devices.inventory import Device
from hptui.core.devices.nvml import Absent, Nvml

FIRST_DRIVER = 580
LOCK_MS = 10_000  # work that was handed to the GPU must end first
SPARE_BYTES = 1 << 30  # left to the machine beside what is moved


def why_not(devices: Sequence[Device]) -> str:
    """Why no memory can be moved on this machine; "" when it may work."""
    if all(device.kind == "cpu" for device in devices):
        return "trials run on the CPU"
    if any(device.kind == "gpu" and device.index is None for device in devices):
        return "CUDA can't do it on MIG instances"
    nvml = Nvml.open()
    if isinstance(nvml, Absent):
        return nvml.reason
    version = nvml.driver_version or ""
    nvml.close()
    major = version.partition(".")[0]
    if not major.isdecimal() or int(major) < FIRST_DRIVER:
        return f"the NVIDIA driver is {version or 'of unknown version'}; {FIRST_DRIVER} or newer is needed"
    return ""


def out(process: Any, need_bytes: int) -> str:
    """Move it out. Returns why that did not work, "" when it did."""
    seen = room()
    if seen is not None and seen.available_bytes < need_bytes + SPARE_BYTES:
        need, free = need_bytes / 2**30, seen.available_bytes / 2**30
        return f"it needs {need:.1f} GiB of the machine's memory, and {free:.1f} are free"
    process.lock(timeout_ms=LOCK_MS)
    try:
        process.checkpoint()
    except Exception:
        with contextlib.suppress(Exception):
            process.unlock()
        raise
    return ""


def back(process: Any) -> str:
    """Bring it back, from wherever an earlier attempt left it."""
    state = str(process.state).rpartition(".")[2].lower()
    if state == "failed":
        return "CUDA says that its state is lost"
    if state == "checkpointed":
        process.restore()
        state = "locked"
    if state == "locked":
        process.unlock()
    return ""


def main(arguments: list[str]) -> None:
    verb, pid, need, lock = arguments
    began = time.monotonic()
    fd = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)  # one at a time: a scheduler that was killed may have left one at work
    try:
        from cuda.core import checkpoint

        with contextlib.suppress(ImportError):
            from cuda.bindings import driver

            driver.cuInit(0)  # else a driver without persistence mode has gone to sleep by the time of the restore
        process = checkpoint.Process(int(pid))
        began = time.monotonic()
        reason = out(process, int(need)) if verb == "out" else back(process)
    except ImportError:
        reason = "the Python package cuda-core is not installed: pip install 'hptui[freeze]'"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    print(json.dumps({"ok": not reason, "reason": reason, "seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
