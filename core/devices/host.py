"""The machine itself: how many cores we may use, how busy it is, how much memory is taken. From /proc."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Clock ticks since boot, over all cores."""

    busy: int
    total: int


@dataclass(frozen=True, slots=True)
class Memory:
    used_bytes: int  # not available without swapping; caches do not count
    total_bytes: int


def cores() -> int:
    """The cores this process may use: its affinity, and a container's CPU quota (cgroup v2), rounded up."""
    allowed = len(os.sched_getaffinity(0))
    quota = _quota(_read(Path("/sys/fs/cgroup/cpu.max")))
    return allowed if quota is None else max(1, min(allowed, quota))


def crowding(slots: int, cores: int) -> str:
    """What a person should know of so many trials at once on the CPU; "" for at most two on each core."""
    if slots <= 2 * cores:
        return ""
    each = f"the {cores} cores, {round(slots / cores, 1):g} each" if cores > 1 else "one core"
    return f"{slots} trials at once share {each}: all are that much slower, and their memory adds up"


def cpu_name() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Hardware"):
            return " ".join(value.split())
    return os.uname().machine


def cpu_times() -> CpuTimes | None:
    return parse_stat(_read(Path("/proc/stat")))


def memory() -> Memory | None:
    return parse_meminfo(_read(Path("/proc/meminfo")))


def load_between(before: CpuTimes | None, after: CpuTimes | None) -> float | None:
    """The busy share of all cores, 0..1; None without two different looks."""
    if before is None or after is None or after.total <= before.total:
        return None
    return min(1.0, max(0.0, (after.busy - before.busy) / (after.total - before.total)))


def parse_stat(text: str) -> CpuTimes | None:
    """From /proc/stat's first line: user nice system idle iowait irq softirq steal (guest is in user)."""
    fields = text.partition("\n")[0].split()
    if len(fields) < 5 or fields[0] != "cpu":
        return None
    ticks = [int(field) for field in fields[1:9]]
    idle = sum(ticks[3:5])  # waiting for a disk is not being busy
    return CpuTimes(sum(ticks) - idle, sum(ticks))


def parse_meminfo(text: str) -> Memory | None:
    lines = (line.partition(":") for line in text.splitlines())
    kib = {key: int(rest.split()[0]) for key, _, rest in lines if rest}
    if "MemTotal" not in kib or "MemAvailable" not in kib:
        return None
    return Memory((kib["MemTotal"] - kib["MemAvailable"]) * 1024, kib["MemTotal"] * 1024)


def _quota(cpu_max: str) -> int | None:
    fields = cpu_max.split()
    if len(fields) != 2 or fields[0] == "max":
        return None
    return math.ceil(int(fields[0]) / int(fields[1]))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
