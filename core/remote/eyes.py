"""How busy a node is, told by one of its slots; how busy its GPUs are, told by the slots that hold them."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from hptui.core.devices import host
from hptui.core.devices.inventory import inventory
from hptui.core.devices.readings import Readings
from hptui.core.errors import HptuiError
from hptui.core.remote.words import NodeSeen
from hptui.core.study.study import Resources

EVERY_S = 2.0


class Eyes:
    def __init__(self, home: Path, node_id: str, gpus: tuple[str, ...]) -> None:
        self._gpus, self._at = gpus, 0.0
        self._before = host.cpu_times()
        self._told: dict[str, tuple[object, ...]] = {}
        self._post = os.open(home / f"eyes-{node_id[:12]}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._readings: Readings | None = None
        if gpus:
            try:
                found = inventory(Resources())  # what CUDA_VISIBLE_DEVICES leaves of the node: Ray has set it
            except HptuiError:
                return
            if found.on_gpus:
                self._readings = Readings(found.devices, EVERY_S)
                self._readings.start()

    def news(self) -> tuple[NodeSeen, ...]:
        """What reads differently now; device: "" for the node, else the GPU's number there."""
        now = time.time()
        if now - self._at < EVERY_S:
            return ()
        self._at = now
        seen = [*self._node(now), *self._of_gpus()]
        new = [one for one in seen if self._told.get(one.device) != _to_the_eye(one)]
        self._told |= {one.device: _to_the_eye(one) for one in new}
        return tuple(new)

    def _node(self, now: float) -> list[NodeSeen]:
        try:
            fcntl.flock(self._post, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []  # another slot of the node tells
        before, self._before = self._before, host.cpu_times()
        memory = host.memory()
        used, total = (memory.used_bytes, memory.total_bytes) if memory is not None else (None, None)
        return [NodeSeen("", now, host.load_between(before, self._before), used, total)]

    def _of_gpus(self) -> list[NodeSeen]:
        latest = self._readings.latest() if self._readings is not None else ()
        return [
            NodeSeen(
                gpu, one.at, one.load, one.memory_used_bytes, one.memory_total_bytes, one.temperature_c, one.power_w
            )
            for gpu, one in zip(self._gpus, latest, strict=False)
        ]


def _to_the_eye(seen: NodeSeen) -> tuple[object, ...]:
    """What a screen would show of it."""
    load = None if seen.load is None else round(seen.load, 2)
    used = None if seen.memory_used_bytes is None else seen.memory_used_bytes >> 27
    watts = None if seen.power_w is None else round(seen.power_w / 5)
    return (load, used, seen.memory_total_bytes, seen.temperature_c, watts)
