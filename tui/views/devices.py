"""What a line of the devices says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hptui.core.store.rows import DeviceRow, TrialRow
from hptui.tui.glyphs import current, harmless
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells
from hptui.tui.views.numbers import percent, size, unknown

_BAR = 8
_LONGEST_NODE = 16
_WORTH_TELLING = 1 << 30  # what the driver and a desktop have is less


def device_name(snapshot: Snapshot, device_id: str) -> str:
    """`g0`, `g1`, … as nvidia-smi counts, or in their order; `cpu` for the processor; else the id, shortened.

    `g2.0` is the first instance of GPU 2 in MIG mode. On a cluster: a node by its name, and `north:0` for its first
    GPU.
    """
    if "@" in device_id:
        return harmless(device_id.partition("@")[2])
    if device_id.startswith("cpu"):
        return "cpu"
    gpus = [device for device in snapshot.devices if not device.id.startswith("cpu")]
    number = next((device.number for device in gpus if device.id == device_id), None)
    own = snapshot.facts.parts.get(device_id) if number is None else number
    if own is not None:
        return f"g{harmless(str(own))}"
    unnumbered = [device.id for device in gpus if device.number is None and device.id not in snapshot.facts.parts]
    nobody_counts = len(unnumbered) == len(gpus)
    known = nobody_counts and device_id in unnumbered
    return f"g{unnumbered.index(device_id)}" if known else harmless(device_id)[:8]


def gpu_called(snapshot: Snapshot, name: str) -> str | None:
    """The UUID of the GPU that the screen calls so, `g2.0`, or `hptui gpus`: `2.0`."""
    gpus = {device_name(snapshot, one.id): one.id for one in snapshot.devices if one.id != "cpu"}
    return gpus.get(name, gpus.get(f"g{name}"))


def place(snapshot: Snapshot, trial: TrialRow) -> str:
    """Where a trial runs or is held: `g0`, or `cpu1` for the second slot of a machine without GPUs."""
    if trial.device is None or trial.state not in ("RUNNING", "PAUSED"):
        return unknown()
    name = "+".join(device_name(snapshot, one) for one in trial.device.split(","))
    return f"cpu{trial.slot}" if name == "cpu" and trial.slot is not None else name


def bar(share: float | None, width: int) -> str:
    """A filled share of `width` cells; empty when nobody knows."""
    if share is None or share != share:
        return " " * width
    full = round(max(0.0, min(share, 1.0)) * width)
    return current().bar * full + current().bar_rest * (width - full)


def device_line(snapshot: Snapshot, device: DeviceRow) -> Cells:
    """`g0  ███████░  97%  61G/80G ours 48G 66°C 310W  ▸ 987`: load, memory, who is there; ours if others have some."""
    if not snapshot.alive:  # what was read last is no news of a session that nobody schedules
        device = replace(
            device, used_slots=0, load=None, memory_used_bytes=None, memory_ours_bytes=None, temperature_c=None,
            power_w=None,
        )  # fmt: skip
    gpu, empty = not device.id.startswith("cpu"), device.used_slots == 0
    memory = size(device.memory_used_bytes)
    if device.memory_total_bytes:
        memory += f"/{size(device.memory_total_bytes)}"
    readings = f" {percent(device.load):>4} {memory:>9}"
    if gpu and _others_bytes(device) > _WORTH_TELLING:
        readings += f" ours {size(device.memory_ours_bytes)}"
    if device.temperature_c is not None:
        readings += f" {device.temperature_c:.0f}°C"
    if device.power_w is not None:
        readings += f" {device.power_w:.0f}W"
    slots = "" if device.slots == 0 or (gpu and device.slots > 1) else f"  {device.used_slots}/{device.slots}"
    return (
        Cell(_label(snapshot, device)),
        Cell(bar(device.load, _BAR), "waiting" if empty else "good"),
        Cell(readings),
        Cell(slots, "warn" if empty else "muted"),
        *_trials_on(snapshot, device),
        *_remarks(snapshot, device),
    )


def in_groups(devices: Sequence[DeviceRow], parts: Mapping[str, str]) -> tuple[DeviceRow, ...]:
    """As they are listed: GPUs as they are counted; on a cluster every node, and below it its GPUs.

    parts: MIG instances, as `Facts` has them.
    """
    return tuple(sorted(devices, key=lambda device: _counted(device.id, device.number, parts)))


def order_of(snapshot: Snapshot, device_id: str) -> tuple[str, tuple[int, ...], str]:
    """By which what is told of devices is sorted, the same everywhere."""
    number = next((device.number for device in snapshot.devices if device.id == device_id), None)
    return _counted(device_id, number, snapshot.facts.parts)


def _counted(device_id: str, number: int | None, parts: Mapping[str, str]) -> tuple[str, tuple[int, ...], str]:
    node, _, gpu = device_id.partition("@")[2].partition(":")
    written = parts.get(device_id, "") if number is None else str(number)
    return node, tuple(int(one) for one in written.split(".") if one.isdecimal()), gpu or device_id


def _label(snapshot: Snapshot, device: DeviceRow) -> str:
    name = device_name(snapshot, device.id)
    if "@" not in device.id:
        return f"{name:<4}"
    names = [device_name(snapshot, one.id).partition(":")[0] for one in snapshot.devices]
    width = min(_LONGEST_NODE, max(len(one) for one in names))
    if ":" in name:
        return f"  g{name.partition(':')[2]}".ljust(width + 1)
    return f"{name[:width]:<{width}} "


def _others_bytes(device: DeviceRow) -> int:
    if device.memory_ours_bytes is None or device.memory_used_bytes is None:
        return 0
    return device.memory_used_bytes - device.memory_ours_bytes


def _remarks(snapshot: Snapshot, device: DeviceRow) -> list[Cell]:
    """Why nothing of ours is there, and what else is to know."""
    said = []
    if device.idle and device.used_slots == 0 and snapshot.alive:
        said.append(Cell(f"  idle: {device.idle}", "warn"))
    if device.note and device.note not in device.idle:
        said.append(Cell(f"  {device.note}", "warn"))
    return said


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
    both_here = "@" not in device_id and device_id.startswith("cpu") and of_trial.startswith("cpu")
    return device_id in of_trial.split(",") or both_here
