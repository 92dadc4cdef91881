"""The slots that a cluster has lent, as the scheduler's places and devices."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from hptui.core.devices.inventory import CPU, Device, Inventory, Place
from hptui.core.devices.readings import DeviceReading
from hptui.core.remote import words as w


@dataclass
class Nodes:
    """The slots that are there, as places and devices; the latest reading of each device."""

    asks: w.Asks
    wanted: int | None = None
    up: dict[int, w.SlotUp] = field(default_factory=dict)
    seen: dict[str, w.NodeSeen] = field(default_factory=dict)

    def inventory(self) -> Inventory:
        places = tuple(Place(device_of(one), index) for index, one in sorted(self.up.items()))
        nodes: dict[str, set[str]] = {}
        for one in self.up.values():
            nodes.setdefault(one.node, set()).update(one.gpus)
        devices = []
        for node, gpus in sorted(nodes.items()):
            devices.append(Device(f"{CPU}@{node}", node, "cpu"))
            devices += [Device(f"gpu@{node}:{x}", f"GPU {x} of {node}", "cpu", _number(x)) for x in sorted(gpus)]
        at_once = len(places) if self.wanted is None else min(self.wanted, len(places))
        return Inventory(tuple(devices), places, max(1, int(self.asks.cpus)), at_once=at_once)

    # as a Watch

    def start(self) -> None:
        """Nodes tell by themselves."""

    def latest(self) -> tuple[DeviceReading, ...]:
        now, there = time.time(), self.inventory().devices
        found = []
        for device in there:
            seen = self.seen.get(device.id, w.NodeSeen(device.id, now))
            found.append(
                DeviceReading(
                    device.id, seen.at, seen.load, seen.memory_used_bytes, seen.memory_total_bytes,
                    temperature_c=seen.temperature_c, power_w=seen.power_w,
                )
            )  # fmt: skip
        return tuple(found)

    def close(self) -> None:
        """Nothing of it runs here."""


def device_of(slot: w.SlotUp) -> str:
    return ",".join(f"gpu@{slot.node}:{gpu}" for gpu in slot.gpus) or f"{CPU}@{slot.node}"


def _number(gpu: str) -> int | None:
    return int(gpu) if gpu.isdigit() else None


def in_words(nodes: Sequence[str]) -> str:
    return f"{len(nodes)} node{'s' if len(nodes) != 1 else ''}: {', '.join(nodes[:8])}{', …' if len(nodes) > 8 else ''}"
