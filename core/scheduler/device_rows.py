"""What the tables tell of devices: a row for each as it is now, and its readings over time, averaged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from hptui.core.devices.readings import DeviceReading
from hptui.core.scheduler.gear import Gear
from hptui.core.store.rows import DeviceRow, ReadingRow

HISTORY_EVERY_S = 30.0  # one row of averages for each device: 23,000 a day on eight GPUs
_GONE = "is not there any more"


@dataclass
class DeviceRows:
    _shown: dict[str, DeviceRow] = field(default_factory=dict)
    _gathered: list[DeviceRow] = field(default_factory=list)
    _since: float | None = None

    def look(self, gear: Gear) -> tuple[list[DeviceRow], list[ReadingRow]]:
        """Rows that read differently now, and averages of the last HISTORY_EVERY_S when it is time."""
        rows = [row_of(reading, gear) for reading in gear.watch.latest()]
        changed = [row for row in rows if not same_to_the_eye(self._shown.get(row.id), row)]
        there = {row.id for row in rows}
        left = [row for id, row in self._shown.items() if rows and id not in there and row.note != _GONE]
        changed += [_blank(row, _GONE) for row in left]
        self._shown |= {row.id: row for row in changed}
        return changed, self._history(rows)

    def _history(self, rows: Sequence[DeviceRow]) -> list[ReadingRow]:
        if not rows:
            return []
        now = rows[0].at
        self._since = now if self._since is None else self._since
        self._gathered += rows
        if now - self._since < HISTORY_EVERY_S:
            return []
        gathered, self._gathered, self._since = self._gathered, [], now
        return [_average(id, [row for row in gathered if row.id == id]) for id in sorted({row.id for row in gathered})]


def left_behind(
    rows: Sequence[DeviceRow], here: Collection[str], ran_on: Collection[str]
) -> tuple[list[str], list[DeviceRow]]:
    """Of devices that an earlier scheduler knew and this one does not use: those to forget, and rows that say so.

    here: the devices of now. ran_on: those that trials ran on; their rows stay, for lanes are called after them.
    """
    away = [row for row in rows if row.id not in here]
    kept = [_blank(row, "this session does not use it any more") for row in away if row.id in ran_on]
    return [row.id for row in away if row.id not in ran_on], kept


def _blank(row: DeviceRow, why: str) -> DeviceRow:
    """What is left to say of a device that nothing is read of any more."""
    return DeviceRow(row.id, row.name, row.at, slots=0, note=why, number=row.number)


def row_of(reading: DeviceReading, gear: Gear) -> DeviceRow:
    places = gear.places
    device = places.device(reading.device_id)
    slowed = f"held back: {', '.join(reading.slowed)}" if reading.slowed else ""
    return DeviceRow(
        device.id,
        device.name,
        reading.at,
        sum(place.device_id == device.id for place in places.slots),
        gear.used_slots[device.id],
        reading.load,
        reading.memory_used_bytes,
        reading.memory_total_bytes,
        reading.temperature_c,
        reading.power_w,
        "; ".join(said for said in (reading.note, gear.gpu_strangers.get(device.id, ""), slowed) if said),
        gear.our_bytes.get(device.id),
        reading.power_limit_w,
        gear.idle.get(device.id, ""),
        device.index,
    )


def same_to_the_eye(before: DeviceRow | None, after: DeviceRow) -> bool:
    """Whether a screen would show the same: such a row is not written again.

    Where no trial of ours runs, what others do there is news only when it is a good deal.
    """
    if before is None:
        return False
    if not before.used_slots and not after.used_slots:
        kept = ("slots", "note", "idle", "memory_total_bytes")
        far = {"load": 0.1, "memory_used_bytes": 1 << 30, "temperature_c": 5.0, "power_w": 25.0}
        return all(getattr(before, name) == getattr(after, name) for name in kept) and all(
            _near(getattr(before, name), getattr(after, name), least) for name, least in far.items()
        )

    def shown(row: DeviceRow) -> tuple[object, ...]:
        used = None if row.memory_used_bytes is None else row.memory_used_bytes >> 27  # 128 MiB
        ours = None if row.memory_ours_bytes is None else row.memory_ours_bytes >> 27
        load = None if row.load is None else round(row.load, 2)
        watts = None if row.power_w is None else round(row.power_w / 5)
        return (row.slots, row.used_slots, load, used, ours, row.temperature_c, watts, row.note, row.idle)

    return shown(before) == shown(after)


def _near(one: float | None, other: float | None, least: float) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < least)


def _average(device: str, rows: Sequence[DeviceRow]) -> ReadingRow:
    def mean(value: Callable[[DeviceRow], float | None]) -> float | None:
        known = [one for row in rows if (one := value(row)) is not None]
        return sum(known) / len(known) if known else None

    def whole(value: Callable[[DeviceRow], float | None]) -> int | None:
        found = mean(value)
        return None if found is None else round(found)

    return ReadingRow(
        device,
        rows[-1].at,
        mean(lambda row: row.load),
        whole(lambda row: row.memory_used_bytes),
        whole(lambda row: row.memory_ours_bytes),
        mean(lambda row: row.power_w),
        mean(lambda row: row.temperature_c),
    )
