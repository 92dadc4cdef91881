"""How busy the devices are, looked at once a second in a thread. Hints for people and placement, no proof."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from hptui.core.devices import host
from hptui.core.devices.inventory import Device
from hptui.core.devices.nvml import Absent, GpuProcess, GpuReading, Nvml, Unreachable

_XIDS = 8  # latest Xid errors that are kept of a GPU
QUIET_BYTES = 512 << 20  # a driver, a desktop or a monitor keep about this much without anybody computing


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One look at one device. None: not to be had here."""

    device_id: str
    at: float  # seconds since the epoch; an old one means that the driver does not answer
    load: float | None = None  # 0..1
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    memory_reserved_bytes: int | None = None  # what the driver keeps for itself
    temperature_c: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    slowed: tuple[str, ...] | None = None  # what holds its clocks back; () for nothing
    xids: tuple[tuple[float, int], ...] = ()  # (when, number) of its latest Xid errors
    processes: tuple[GpuProcess, ...] | None = None
    lost: bool = False  # it was there and can't be asked any more
    note: str = ""


class Watch(Protocol):
    """What the scheduler needs: `Readings` on a machine, `ScriptedReadings` in a test."""

    def start(self) -> None: ...
    def latest(self) -> tuple[DeviceReading, ...]: ...
    def close(self) -> None: ...


class Readings:
    """Looks every `interval_s`. `latest` never waits or raises, and is empty before the first look."""

    def __init__(self, devices: Sequence[Device], interval_s: float = 1.0) -> None:
        self._devices = tuple(devices)
        self._interval_s = interval_s
        self._latest: tuple[DeviceReading, ...] = ()
        self._stop = threading.Event()
        # a daemon: a driver in trouble can hold a call for minutes, and leaving must not wait for it
        self._thread = threading.Thread(target=self._run, name="hptui-readings", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def latest(self) -> tuple[DeviceReading, ...]:
        return self._latest

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        gpus = any(device.kind == "gpu" for device in self._devices)
        nvml = Nvml.open() if gpus else Absent("no GPU is used")
        errors = nvml.xid_errors([device.id for device in self._devices]) if isinstance(nvml, Nvml) else None
        xids: dict[str, tuple[tuple[float, int], ...]] = {}
        before = None
        while not self._stop.is_set():
            now, times = time.time(), host.cpu_times()
            for uuid, number in errors.poll() if errors is not None else ():
                for device in self._devices if uuid is None else [one for one in self._devices if one.id == uuid]:
                    xids[device.id] = (*xids.get(device.id, ()), (now, number))[-_XIDS:]
            self._latest = tuple(
                read_cpu(device, now, before, times)
                if device.kind == "cpu"
                else replace(read_gpu(device, now, nvml), xids=xids.get(device.id, ()))
                for device in self._devices
            )
            before = times
            self._stop.wait(self._interval_s)
        if errors is not None:
            errors.close()
        if isinstance(nvml, Nvml):
            nvml.close()


def read_cpu(
    device: Device, now: float, before: host.CpuTimes | None, times: host.CpuTimes | None
) -> DeviceReading:
    """The whole machine: its load between two looks, and the memory that is not available."""
    memory = host.memory()
    return DeviceReading(
        device.id,
        now,
        load=host.load_between(before, times),
        memory_used_bytes=memory.used_bytes if memory else None,
        memory_total_bytes=memory.total_bytes if memory else None,
    )


def read_gpu(device: Device, now: float, nvml: Nvml | Absent) -> DeviceReading:
    if isinstance(nvml, Absent):
        return DeviceReading(device.id, now, lost=True, note=nvml.reason)
    match nvml.read(device.id):
        case Unreachable(reason=reason):
            return DeviceReading(device.id, now, lost=True, note=reason)
        case GpuReading() as seen:
            return DeviceReading(
                device.id,
                now,
                load=seen.load,
                memory_used_bytes=seen.memory_used_bytes,
                memory_total_bytes=seen.memory_total_bytes,
                memory_reserved_bytes=seen.memory_reserved_bytes,
                temperature_c=seen.temperature_c,
                power_w=seen.power_w,
                power_limit_w=seen.power_limit_w,
                slowed=seen.slowed,
                processes=seen.processes,
            )


def session_of(pid: int) -> int | None:
    """The leader of a process's session (for a trial's processes, the trial); None when it can't be told."""
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return None


def strangers(
    reading: DeviceReading,
    ours: Collection[int],
    leased: bool,
    neighbour: Callable[[int], bool] = lambda pid: False,
    session: Callable[[int], int | None] = session_of,
) -> str:
    """Who else uses a GPU, for a person to read; "" when nobody does, or nothing can be told.

    ours: the pids of this session's trials. leased: some session holds a share of it. neighbour: whether a process
    belongs to one. In a container NVML counts pids as the host does, or hides them: a process that nobody knows here
    may then be a trial, and only on a GPU that no session holds is it a stranger.
    """
    here = f"{'also ' if leased else ''}used by"
    known = [(p, None if p.pid is None else session(p.pid)) for p in reading.processes or ()]
    foreign = [
        p for p, leader in known
        if p.pid is not None and leader is not None and not {p.pid, leader} & set(ours) and not neighbour(p.pid)
    ]  # fmt: skip
    if foreign:
        return f"{here} {_processes(foreign)}"
    if leased:
        return ""
    if others := [p for p, leader in known if leader is None]:
        return f"{here} {_processes(others)}"
    if reading.processes is None and (reading.memory_used_bytes or 0) > QUIET_BYTES:
        return f"used by others: {_gib(reading.memory_used_bytes or 0)}"
    return ""


def _processes(processes: Sequence[GpuProcess]) -> str:
    pids = ", ".join(str(p.pid) for p in processes if p.pid is not None)
    who = f"{len(processes)} other process{'es' if len(processes) != 1 else ''}"
    who += f" (pid {pids})" if pids else ""
    sizes = [p.memory_bytes for p in processes]
    known = sum(size for size in sizes if size is not None)
    return who if None in sizes or not known else f"{who}, {_gib(known)}"


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"
