"""Whose processes are on a GPU, when trials have just ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hptui.core.devices.nvml import GpuProcess
from hptui.core.devices.readings import DeviceReading
from hptui.core.scheduler.gpu_eyes import GpuEyes

NOBODY = 1 << 30  # more than any pid: as NVML counts in a container


def seen(at: float, left_at: float, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the scheduler is told of strangers on GPU `g`, where a process that nobody knows was read at `at`."""
    monkeypatch.setenv("HPTUI_HOME", str(home))
    reading = DeviceReading("g", at, memory_used_bytes=1 << 30, processes=(GpuProcess(NOBODY, 1 << 30),))
    gear: Any = SimpleNamespace(
        watch=SimpleNamespace(latest=lambda: (reading,)), places=SimpleNamespace(on_gpus=True),
        children=SimpleNamespace(all={}), clock=SimpleNamespace(now=lambda: at),
        held_units=Counter(), left_at={"g": left_at},
    )  # fmt: skip
    (looked,) = GpuEyes().look(gear)
    return str(looked.looks[0].strangers)  # type: ignore[attr-defined]


def test_a_process_that_nobody_knows_is_no_stranger_where_a_trial_of_ours_has_just_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen(100.0, 100.4, tmp_path, monkeypatch) == ""  # read before the trial left
    assert seen(100.9, 100.4, tmp_path, monkeypatch) == ""
    assert seen(102.0, 100.4, tmp_path, monkeypatch) == f"used by 1 other process (pid {NOBODY}), 1.0 GiB"


def test_a_clock_that_is_set_back_blinds_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path))
    looks = [DeviceReading("g", at, memory_used_bytes=round(at)) for at in (9000.0, 9000.0, 50.0)]
    gear: Any = SimpleNamespace(
        watch=SimpleNamespace(latest=lambda: (looks.pop(0),)), places=SimpleNamespace(on_gpus=True),
        children=SimpleNamespace(all={}), clock=SimpleNamespace(now=lambda: 0.0),
        held_units=Counter(), left_at={},
    )  # fmt: skip
    eyes = GpuEyes()

    heard = [[look.used_bytes for event in eyes.look(gear) for look in event.looks] for _ in range(3)]  # type: ignore[attr-defined]

    assert heard == [[9000], [], [50]]
