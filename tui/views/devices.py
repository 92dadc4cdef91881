"""What a line of the devices says. Pure."""

from __future__ import annotations

from dataclasses import replace

from hptui.core.store.rows import DeviceRow, TrialRow
from hptui.tui.glyphs import current, harmless
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells
from hptui.tui.views.numbers import percent, size, unknown

_BAR = 8


def device_name(snapshot: Snapshot, device_id: str) -> str:
    """`g0`, `g1`, … in the order of the session's devices; `cpu` for the processor; else the id, shortened."""
    if device_id.startswith("cpu"):
        return "cpu"
    gpus = [device.id for device in snapshot.devices if not device.id.startswith("cpu")]
    return f"g{gpus.index(device_id)}" if device_id in gpus else harmless(device_id)[:8]


def place(snapshot: Snapshot, trial: TrialRow) -> str:
    """Where a trial runs or is held: `g0`, or `cpu1` for the second slot of a machine without GPUs."""
    if trial.device is None or trial.state not in ("RUNNING", "PAUSED"):
        return unknown()
    name = device_name(snapshot, trial.device)
    return f"cpu{trial.slot}" if name == "cpu" and trial.slot is not None else name


def bar(share: float | None, width: int) -> str:
    """A filled share of `width` cells; empty when nobody knows."""
    if share is None or share != share:
        return " " * width
    full = round(max(0.0, min(share, 1.0)) * width)
    return current().bar * full + current().bar_rest * (width - full)


def device_line(snapshot: Snapshot, device: DeviceRow) -> Cells:
    """`g0  ███████░  97%  61G/80G  66°C  1/1  ▸ 987`: load, memory, slots taken, who is there."""
    if not snapshot.alive:  # what was read last is no news of a session that nobody schedules
        device = replace(
            device, used_slots=0, load=None, memory_used_bytes=None, temperature_c=None, power_w=None, note=""
        )
    idle = device.used_slots == 0
    memory = size(device.memory_used_bytes)
    if device.memory_total_bytes:
        memory += f"/{size(device.memory_total_bytes)}"
    readings = f" {percent(device.load):>4} {memory:>9}"
    if device.temperature_c is not None:
        readings += f" {device.temperature_c:.0f}°C"
    if device.power_w is not None:
        readings += f" {device.power_w:.0f}W"
    return (
        Cell(f"{device_name(snapshot, device.id):<4}"),
        Cell(bar(device.load, _BAR), "waiting" if idle else "good"),
        Cell(readings),
        Cell(f"  {device.used_slots}/{device.slots}", "warn" if idle else "muted"),
        *_trials_on(snapshot, device),
        Cell(f"  {device.note}" if device.note else "", "warn"),
    )


def _trials_on(snapshot: Snapshot, device: DeviceRow) -> list[Cell]:
    here = [snapshot.trials[number] for number in snapshot.active]
    here = [trial for trial in here if trial.device is not None and _same(trial.device, device.id)]
    glyphs = current()
    return [
        Cell(
            f"  {glyphs.state(trial.state)} {trial.number}",
            "running" if trial.state == "RUNNING" else "paused",
        )
        for trial in sorted(here, key=lambda trial: (trial.slot or 0, trial.number))
    ]


def _same(of_trial: str, device_id: str) -> bool:
    return of_trial == device_id or (device_id.startswith("cpu") and of_trial.startswith("cpu"))
