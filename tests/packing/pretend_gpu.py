"""A GPU that is none, for trials: its memory is a ledger that the stub NVML reads, its cores are sleep. Real processes.

Memory is given back when a process ends, however it ends. Steps slow down once more trials compute than the GPU has
room for.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

AT_ONCE = 4  # trials that compute without slowing each other down


def _ledger() -> Path:
    return Path(os.environ["FAKE_GPU_LEDGER"])


def gpus() -> list[int]:
    """The indices of the GPUs that this process is shown."""
    return [int(uuid[-1]) for uuid in os.environ["CUDA_VISIBLE_DEVICES"].split(",")]


def _there(gpu: int) -> dict[int, int]:
    """pid -> MiB of whoever lives."""
    found = {}
    for path in _ledger().glob(f"{gpu}.*"):
        pid = int(path.name.split(".")[1])
        if Path(f"/proc/{pid}").exists():
            found[pid] = int(path.read_text() or 0)
    return found


def allocate(mib: int) -> None:
    """Have `mib` in all on every GPU that is shown. Raises what torch raises when there is not that much."""
    with open(_ledger() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for gpu in gpus():
            others = sum(had for pid, had in _there(gpu).items() if pid != os.getpid())
            total = int(os.environ["FAKE_TOTAL_MIB"]) - 600 - 512  # reserved, and what the driver has
            if others + mib > total:
                raise RuntimeError(f"CUDA out of memory. Tried to allocate {mib} MiB; {total - others} MiB is free")
            (_ledger() / f"{gpu}.{os.getpid()}").write_text(str(mib))


def compute(seconds: float, at_once: int = AT_ONCE) -> None:
    """One step, that takes so long on a GPU which is not crowded."""
    time.sleep(seconds * max(1.0, len(_there(gpus()[0])) / at_once))
