"""Devices that say what a test tells them to."""

from __future__ import annotations

from collections.abc import Iterable

from hptui.core.devices.inventory import CPU, Device, Inventory, Place
from hptui.core.devices.readings import DeviceReading


class ScriptedReadings:
    """Answers `latest` with the next of `looks`; the last one stays. `show` adds one more, at once."""

    def __init__(self, looks: Iterable[tuple[DeviceReading, ...]] = ()) -> None:
        self._looks = list(looks)
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    def show(self, *readings: DeviceReading) -> None:
        self._looks = [readings]

    def latest(self) -> tuple[DeviceReading, ...]:
        if not self._looks:
            return ()
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]

    def close(self) -> None:
        self.closed = True


class ScriptedDevices(ScriptedReadings):
    """A whole machine: `inventory` as it would be found, and the readings of its devices."""

    def __init__(self, inventory: Inventory, looks: Iterable[tuple[DeviceReading, ...]] = ()) -> None:
        super().__init__(looks)
        self.inventory = inventory

    @classmethod
    def gpus(cls, count: int, memory_total_bytes: int = 80 << 30, threads: int = 1) -> ScriptedDevices:
        """`count` equal GPUs, GPU-0 ... , one slot each."""
        devices = tuple(Device(f"GPU-{i}", "Scripted", "gpu", i, memory_total_bytes) for i in range(count))
        return cls(Inventory(devices, tuple(Place(device.id, 0) for device in devices), threads))

    @classmethod
    def cpu(cls, slots: int, threads: int = 1) -> ScriptedDevices:
        places = tuple(Place(CPU, slot) for slot in range(slots))
        return cls(Inventory((Device(CPU, "Scripted", "cpu"),), places, threads))
