"""What the tables keep of devices: a row as it is now, and averages over time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hptui.core.devices.inventory import Place
from hptui.core.devices.readings import DeviceReading
from hptui.core.devices.scripted import ScriptedDevices
from hptui.core.scheduler.device_rows import HISTORY_EVERY_S, DeviceRows, left_behind, same_to_the_eye
from hptui.core.store.create import create_session
from hptui.core.store.reader import Reader
from hptui.core.store.rows import DeviceRow, ReadingRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

GIB = 1 << 30


def gear(devices: ScriptedDevices) -> Any:
    return SimpleNamespace(
        watch=devices, places=devices.inventory,
        used_slots=Counter({"GPU-0": 2}), our_bytes=Counter({"GPU-0": 3 * GIB}),
        gpu_strangers={"GPU-0": "also used by 1 other process (pid 7)"}, idle={"GPU-1": "is drained by you"},
    )  # fmt: skip


def look(at: float, load: float) -> tuple[DeviceReading, ...]:
    return (
        DeviceReading("GPU-0", at, load, 5 * GIB, 80 * GIB, None, 60.0, 300.0, 700.0, ("too hot",)),
        DeviceReading("GPU-1", at, 0.0, GIB, 80 * GIB),
    )


def test_a_row_tells_whose_memory_it_is_who_else_is_there_and_why_nobody_of_ours() -> None:
    devices = ScriptedDevices.gpus(2)
    devices.show(*look(1.0, 0.5))

    rows, history = DeviceRows().look(gear(devices))

    said = "also used by 1 other process (pid 7); held back: too hot"
    assert rows == [
        DeviceRow("GPU-0", "Scripted", 1.0, 1, 2, 0.5, 5 * GIB, 80 * GIB, 60.0, 300.0, said, 3 * GIB, 700.0, "", 0),
        DeviceRow("GPU-1", "Scripted", 1.0, 1, 0, 0.0, GIB, 80 * GIB, idle="is drained by you", number=1),
    ]
    assert history == []
    assert devices.inventory.slots[0] == Place("GPU-0", 0)


def test_what_reads_the_same_is_not_written_again_and_averages_are_kept() -> None:
    devices, rows = ScriptedDevices.gpus(2), DeviceRows()
    devices.show(*look(0.0, 0.2))
    rows.look(gear(devices))
    devices.show(*look(HISTORY_EVERY_S / 2, 0.2))
    assert rows.look(gear(devices)) == ([], [])
    devices.show(*look(HISTORY_EVERY_S, 0.8))

    changed, history = rows.look(gear(devices))

    assert [row.id for row in changed] == ["GPU-0"]
    assert history[0] == ReadingRow("GPU-0", 30.0, history[0].load, 5 * GIB, 3 * GIB, 300.0, 60.0)
    assert history[0].load is not None and abs(history[0].load - 0.4) < 1e-12
    assert (history[1].power_w, history[1].memory_used_bytes) == (None, GIB)


def test_where_no_trial_of_ours_runs_only_a_good_deal_of_change_is_news() -> None:
    idle = DeviceRow("cpu", "a", 1.0, 2, 0, 0.5, 5 * GIB, 80 * GIB, 60.0, 300.0)
    little = replace(idle, load=0.58, memory_used_bytes=5 * GIB + GIB // 2, temperature_c=63.0, power_w=310.0)

    assert same_to_the_eye(idle, little)
    assert not same_to_the_eye(replace(idle, used_slots=1), replace(little, used_slots=1))
    for much in ({"load": 0.35}, {"load": None}, {"memory_used_bytes": 7 * GIB}, {"used_slots": 1}, {"note": "lost"}):
        assert not same_to_the_eye(idle, replace(idle, **much))  # type: ignore[arg-type]


def test_readings_over_time_are_kept_in_the_session(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "s")
    create_session(folder, 'name = "s"\n', {"name": "s"})
    first = ReadingRow("GPU-0", 30.0, 0.4, 5 * GIB, 3 * GIB, 300.0, 60.0)
    kept = [first, ReadingRow("GPU-0", 60.0), ReadingRow("x", 1.0)]
    writer = Writer(folder)
    writer.save_readings(kept)
    writer.close()

    with Reader(folder) as reader:
        assert reader.readings("GPU-0") == kept[:2]
        assert reader.readings("GPU-0", after=30.0) == kept[1:2]


def test_devices_that_a_session_went_on_without_are_forgotten_unless_trials_ran_there() -> None:
    rows = [DeviceRow(f"GPU-{i}", "Scripted", 5.0, 4, 2, 0.5, GIB, 80 * GIB, number=i) for i in range(3)]

    forgotten, kept = left_behind(rows, {"GPU-0"}, {"GPU-0", "GPU-1"})

    assert forgotten == ["GPU-2"]
    assert kept == [
        DeviceRow("GPU-1", "Scripted", 5.0, 0, note="this session does not use it any more", number=1)
    ]
