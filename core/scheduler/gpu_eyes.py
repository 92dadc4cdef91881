"""Looks at the GPUs for the scheduler: whose processes are there, how much other sessions hold, what was lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from hptui.core.devices import leases
from hptui.core.devices.readings import DeviceReading, session_of, strangers
from hptui.core.devices.xid import in_words
from hptui.core.scheduler.events.base import Event
from hptui.core.scheduler.events.gpus import Look, Looked
from hptui.core.scheduler.events.session import Noted
from hptui.core.scheduler.gear import Gear
from hptui.core.scheduler.gpu_recover import label
from hptui.core.study.session import leases_home
from hptui.core.wire.request import TAG

LATELY_S = 30.0  # so long a process that has ended may still be told of
GONE_S = 1.0  # so long NVML may count a process that has ended


class GpuEyes:
    def __init__(self) -> None:
        self._at = 0.0
        self._heard = 0.0
        self._lately: dict[int, tuple[int, float]] = {}  # leader of a trial -> its number, when it was last there
        self._tagged: dict[int, bool | None] = {}
        self._knows = False  # processes of ours were seen: NVML counts them as we do

    def look(self, gear: Gear) -> list[Event]:
        """What is new since the last look; nothing on the CPU, or before the readings have come in."""
        readings = gear.watch.latest() if gear.places.on_gpus else ()
        if not readings or readings[0].at == self._at:  # an earlier time is news, too: a clock was set back
            return []
        self._at = readings[0].at
        now = {child.process.pid: number for number, child in gear.children.all.items() if child.process is not None}
        self._lately = {pid: one for pid, one in self._lately.items() if one[1] > self._at - LATELY_S}
        self._lately |= {pid: (number, self._at) for pid, number in now.items()}
        ours = {pid: number for pid, (number, _) in self._lately.items()}
        there = {process.pid for reading in readings for process in reading.processes or ()}
        self._tagged = {pid: said for pid, said in self._tagged.items() if pid in there}  # pids are used again
        looks = tuple(self._look(reading, ours, gear) for reading in readings)
        return [Looked(gear.clock.now(), looks), *self._errors(readings, gear)]

    def _errors(self, readings: Sequence[DeviceReading], gear: Gear) -> Iterator[Noted]:
        """The ledger hears of every Xid error once."""
        since, self._heard = self._heard, max([self._heard, *(at for one in readings for at, _ in one.xids)])
        for reading in readings:
            for at, number in reading.xids:
                if at > since:
                    name = label(gear.places.device(reading.device_id))
                    yield Noted(gear.clock.now(), None, f"{name} reports {in_words(number)}", "gpu-error")

    def _look(self, reading: DeviceReading, ours: dict[int, int], gear: Gear) -> Look:
        device = reading.device_id
        held = gear.held_units[device]
        elsewhere = max(0, leases.UNITS - leases.free_units(leases_home(), device) - held)
        leased = held + elsewhere > 0 or reading.at < gear.left_at.get(device, 0.0) + GONE_S
        others = strangers(reading, ours, leased, lambda pid: self._is_neighbour(pid, elsewhere > 0))
        had = had_by_each(reading, ours)
        self._knows |= bool(had)
        if had is None and self._knows and reading.processes is not None:
            had = {}
        return Look(
            device, reading.memory_used_bytes, reading.memory_total_bytes, reading.memory_reserved_bytes or 0,
            had, elsewhere, others, reading.note if reading.lost else "",
        )  # fmt: skip

    def _is_neighbour(self, pid: int, leased: bool) -> bool:
        """A trial of another session. Whose environment can't be read is one if other sessions hold shares there."""
        if pid not in self._tagged:
            self._tagged[pid] = is_trial(pid)
        tagged = self._tagged[pid]
        return leased if tagged is None else tagged


def had_by_each(reading: DeviceReading, ours: dict[int, int]) -> dict[int, int] | None:
    """Trial -> what its processes have there; None where they can't be told apart.

    In a container NVML counts pids as the host does: then a pid is nobody's here. So it is for an instant when a
    process has just ended; but where one of our own was ever seen, pids are ours.
    """
    if reading.processes is None:
        return None
    had: dict[int, int] = {}
    doubtful = False
    for process in reading.processes:
        leader = None if process.pid is None else session_of(process.pid)
        number = None if leader is None else ours.get(leader)
        if number is not None and process.memory_bytes is not None:
            had[number] = had.get(number, 0) + process.memory_bytes
        doubtful |= leader is None or (number is not None and process.memory_bytes is None)
    return None if doubtful and not had else had


def is_trial(pid: int) -> bool | None:
    """Whether a process belongs to a trial of any session; None when its environment may not be read."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
        return b"\0" + TAG.encode() + b"=" in b"\0" + file.read(1 << 20)
    return None
