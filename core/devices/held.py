"""What processes hold of the machine's memory, and how much of it is left. From /proc and the cgroup."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hptui.core.devices import host

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Room:
    """Memory that could be had without swapping, and all there is: the machine's, or the container's if less."""

    available_bytes: int
    total_bytes: int


def room() -> Room | None:
    """None where /proc does not tell."""
    memory = host.memory()
    if memory is None:
        return None
    seen = Room(memory.total_bytes - memory.used_bytes, memory.total_bytes)
    limit = _number(_CGROUP / "memory.max")
    current = _number(_CGROUP / "memory.current")
    if limit is None or current is None or limit >= seen.total_bytes:
        return seen
    cache = _stat(_CGROUP / "memory.stat", "inactive_file")  # the kernel takes this back before it kills
    return Room(max(0, min(seen.available_bytes, limit - current + cache)), limit)


def members(leaders: Collection[int]) -> dict[int, list[int]]:
    """Leader -> the processes of its session, itself among them."""
    found: dict[int, list[int]] = {leader: [] for leader in leaders}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                leader = os.getsid(int(name))
                if leader in found:
                    found[leader].append(int(name))
    return found


def held_bytes(pids: Collection[int]) -> int:
    """Their share of memory: a page that n processes map counts 1/n for each (PSS); RSS where that is hidden."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _number(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def _stat(path: Path, key: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0
