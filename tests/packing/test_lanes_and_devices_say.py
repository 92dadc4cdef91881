"""What the panes of lanes and devices say, and `hptui gpus`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hptui.core.devices.inventory import Device
from hptui.core.errors import StudyErrors
from hptui.core.review.accounting import Account
from hptui.core.scheduler.gpu_recover import label
from hptui.core.store.rows import DeviceRow, EventRow, TrialRow
from hptui.core.study.file import load_study
from hptui.core.study.sizes import format_size, parse_size
from hptui.tui.snapshot import Facts, Snapshot, Trials
from hptui.tui.views.cells import text_of
from hptui.tui.views.devices import device_line, gpu_called, in_groups, place
from hptui.tui.views.lanes import account_line, axis_line, lane_line, timeline

A, B = "GPU-a", "GPU-b"
G2 = DeviceRow(A, "H200", 1.0, 16, 0, 0.5, 3 << 30, 80 << 30, 40.0, 90.0, number=2)
G5 = replace(G2, id=B, number=5)


def ran(number: int, device: str, start: float, end: float | None, slot: int = 0, state: str = "COMPLETE") -> TrialRow:
    return TrialRow(number, state, {}, device=device, slot=slot, started_at=start, ended_at=end)


def seen(*rows: TrialRow, at: float, **more: Any) -> Snapshot:
    return Snapshot(Facts(), Trials.of(rows), devices=(G2, G5), at=at, **more)


def test_a_lane_shows_who_ran_and_where_nobody_did() -> None:
    snapshot = seen(ran(0, A, 0.0, 10.0), ran(11, A, 15.0, 20.0, state="PRUNED"), ran(3, B, 5.0, 20.0), at=20.0)
    shown = timeline(snapshot)

    lines = [text_of(lane_line(shown, at, 32)) for at in range(2)]

    assert lines == [
        "g2      75% ████0✓████░░░░░█11╌█",
        "g5      75% ░░░░░██████3✓███████",
    ]


def test_trials_that_share_a_gpu_have_a_lane_each() -> None:
    snapshot = seen(ran(0, A, 0.0, 4.0), ran(1, A, 0.0, 4.0, slot=1), at=4.0)
    shown = timeline(snapshot)

    assert [text_of(lane_line(shown, at, 40))[:7].strip() for at in range(2)] == ["g2/0", "g2/1"]
    assert text_of(axis_line(shown, 60)).split()[1] == "4s"


def test_a_drained_gpu_is_drained_in_its_lane_and_not_idle() -> None:
    drained = (
        EventRow(10.0, "gpu-closed", None, "GPU 2 is drained by you", {"device": A, "drained": True}),
        EventRow(15.0, "gpu-opened", None, "GPU 2 takes trials again", {"device": A, "drained": True}),
    )
    rows = ran(0, A, 0.0, 5.0), ran(1, A, 15.0, 20.0), ran(2, B, 0.0, 10.0)
    snapshot = replace(seen(*rows, at=20.0, events=drained), facts=Facts(finished_at=20.0))
    shown = timeline(snapshot)
    without = timeline(replace(seen(*rows, at=20.0), facts=Facts(drained=frozenset({B}))))

    assert [text_of(lane_line(shown, at, 52)) for at in range(2)] == [
        "g2      67% ████0✓████░░░░░░░░░░─drained──████1✓████",
        "g5      50% █████████2✓█████████░░░░░░░░░░░░░░░░░░░░",
    ]
    # the wish is older than the events at hand
    assert text_of(lane_line(without, 1, 52)) == "g5     100% █████████2✓█████████──────drained───────"


def test_a_mig_instance_has_one_name_everywhere() -> None:
    """`hptui gpus` and the ledger say 2.0 and GPU 2.0."""
    first, second = replace(G2, id="MIG-z", number=None), replace(G2, id="MIG-a", number=None)
    facts = Facts(parts={"MIG-z": "2.0", "MIG-a": "2.10"})
    rows = ran(0, "MIG-a", 0.0, None, 0, "RUNNING"), ran(1, "MIG-a", 0.0, None, 1, "RUNNING")
    snapshot = replace(seen(*rows, at=1.0), devices=(second, G5, first), facts=facts)

    assert [place(snapshot, row) for row in rows] == ["g2.10", "g2.10"]
    assert [gpu_called(snapshot, name) for name in ("g2.0", "2.10", "5")] == ["MIG-z", "MIG-a", B]
    assert [gpu_called(snapshot, name) for name in ("g2", "m0")] == [None, None]
    assert [row.id for row in in_groups(snapshot.devices, facts.parts)] == ["MIG-z", "MIG-a", B]
    assert timeline(snapshot).labels == ("g2.10/0", "g2.10/1")
    assert label(Device("MIG-z", "A100", "gpu", part="2.0")) == "GPU 2.0"


def test_only_the_time_asked_for_is_shown() -> None:
    shown = timeline(seen(ran(0, A, 0.0, 10.0), ran(1, A, 90.0, 100.0), at=100.0), 20.0)

    assert (shown.start, shown.end, [span.trial for lane in shown.lanes for span in lane.spans]) == (80.0, 100.0, [1])


def test_an_account_is_one_line() -> None:
    spent = Account("GPU", 8, 7200.0, 600.0, 0.0, 62.0, 5400.0, 30.0, 10.0, 4000.0)

    assert account_line(spent, live=True) == (
        "GPU time: 2h00m useful, 10m00s on pruned trials (saved about 1h30m), 1m02s lost to failures, "
        "10s starting up, 20s idle while work waited (0.3%); about 1h06m left"
    )
    assert account_line(Account("slot", 2), live=True) == ""


def test_a_gpu_is_called_as_nvidia_smi_counts_it() -> None:
    snapshot = seen(ran(0, f"{A},{B}", 0.0, None, state="RUNNING"), at=1.0)

    assert place(snapshot, snapshot.trials[0]) == "g2+g5"
    assert (gpu_called(snapshot, "g5"), gpu_called(snapshot, "g0")) == (B, None)


def test_a_gpu_that_idles_says_why_and_ours_is_told_from_theirs() -> None:
    idle = replace(G2, idle="is drained by you", note="used by 1 other process (pid 7), 2.0 GiB")
    shared = replace(G2, used_slots=1, memory_used_bytes=61 << 30, memory_ours_bytes=48 << 30)
    snapshot = seen(ran(7, A, 0.0, None, state="RUNNING"), at=1.0, alive=True, active=(7,))

    assert text_of(device_line(replace(snapshot, active=()), idle)).endswith(
        "  idle: is drained by you  used by 1 other process (pid 7), 2.0 GiB"
    )
    assert text_of(device_line(snapshot, shared)) == "g2  ████░░░░  50%   61G/80G ours 48G 40°C 90W  ▸ 7"


@pytest.mark.parametrize(("text", "size"), [("6 GiB", 6 << 30), ("500 MB", 500_000_000), ("1.5G", 3 << 29)])
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert parse_size(format_size(6 << 30)) == 6 << 30


@pytest.mark.parametrize(
    ("resources", "problem"),
    [
        ("gpus = [0, 2]", "resources.gpus: expected a whole number or a number, not [0, 2] (gpus says how many GPUs a"),
        ('gpus = "auto"', 'gpus says how many GPUs a trial takes; which ones: devices = "all"'),
        ("gpus = 0", 'resources.gpus: 0 is too small (for no GPU write devices = "none")'),
        ("gpus = 1.5", "resources.gpus: 1.5 is neither whole nor below 1 (a trial takes whole GPUs"),
        ('gpu_memory = "6"', 'resources.gpu_memory: "6" is no size (write it as in 6 GiB, or "auto")'),
        ('gpu_memory = "much"', 'resources.gpu_memory: "much" is no size (write it as in 6 GiB or 500 MiB, or "auto")'),
        ("max_trials = 0", "resources.max_trials: 0 is too small"),
        ('yeild = true', 'resources.yeild: unknown key (did you mean "yield"?)'),
    ],
)
def test_what_is_wrong_with_resources_is_said_with_what_to_write(resources: str, problem: str) -> None:
    text = f'[objective]\ncommand = "true"\n[space]\nx = [1, 2]\n[resources]\n{resources}\n'
    with pytest.raises(StudyErrors) as refused:
        load_study(text, where="s.toml", folder=None)

    said = [f"{p.where}: {p.problem} ({p.hint})" for p in refused.value.problems]
    assert len(said) == 1 and problem in said[0], said


def test_cuda_visible_devices_is_not_for_a_study_to_set() -> None:
    text = '[objective]\ncommand = "true"\nenv = {CUDA_VISIBLE_DEVICES = "0"}\n[space]\nx = [1, 2]\n'
    with pytest.raises(StudyErrors, match="can't be set for all trials"):
        load_study(text, where="s.toml", folder=None)


def test_gpus_says_who_uses_what_and_what_a_session_would_get(
    pretended: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretended(gpus=3, total_mib=8192)
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "home"))
    (tmp_path / "gpus").write_text(f"512\n4000 70 55 {os.getpid()} 3000\n512 0 35 0 0 15\n")
    command = [sys.executable, "-m", "hptui", "gpus", "--json"]

    found = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)

    assert [(one["index"], one["slots"], one["why_not"]) for one in found] == [
        (0, 16, ""),
        (1, 16, "strangers are there (share_with_strangers = true shares it)"),
        (2, 0, "it has fallen off the bus (a reset or a reboot brings it back)"),
    ]
    assert found[1]["used_by"] == f"used by 1 other process (pid {os.getpid()}), 2.9 GiB"


def test_gpus_says_that_no_session_gets_any_where_leases_can_not_be_written(
    pretended: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretended(gpus=1)
    monkeypatch.setenv("HPTUI_LEASES", "/proc/nowhere")
    command = [sys.executable, "-m", "hptui", "gpus", "--json"]

    (found,) = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)

    assert found["why_not"].startswith("lease /proc/nowhere/") and "set HPTUI_LEASES" in found["why_not"]
