"""`hptui gpus`: what is here, who uses it, what a session would get, and why not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from hptui.core.devices.inventory import Inventory, inventory
from hptui.core.devices.leases import UNITS, check, free_units
from hptui.core.devices.nvml import Absent, Nvml, Unreachable
from hptui.core.devices.readings import read_cpu, read_gpu, strangers
from hptui.core.errors import SessionError
from hptui.core.scheduler.gpu_eyes import is_trial
from hptui.core.study.session import leases_home
from hptui.core.study.study import Resources
from hptui.tui.commands.answers import UNKNOWN, cut, folded, print_json, size, table


@dataclass(frozen=True)
class Found:
    """A device, or a GPU that can't be used. leased: the share that sessions hold. why_not: "" when it can be had."""

    id: str
    name: str
    kind: str
    index: int | None
    memory_total_bytes: int | None
    slots: int  # trials at once there, at most
    memory_used_bytes: int | None = None
    load: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    leased: float = 0.0
    used_by: str = ""
    why_not: str = ""
    part: str = ""  # of a MIG instance: its GPU and its own number, 2.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="[{id name kind index slots leased used_by why_not ...}]")
def gpus(as_json: bool) -> None:
    """Show the devices that trials can run on: who uses them, and what a study without [resources] would get."""
    here = inventory(Resources())
    found = [*_devices(here), *_others(here)]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    heads = ("gpu", "name", "memory", "load", "", "", "used by", "a session gets")
    print(cut(table(heads, [_line(one) for one in found], right=frozenset({0, 2, 3, 4, 5}))))
    for note in here.notes:
        print(folded(note, "  "))


def _devices(here: Inventory) -> Iterator[Found]:
    """Those that a session would use."""
    nvml, unleased = Nvml.open(), _no_leases() if here.on_gpus else ""
    for device in here.devices:
        slots = sum(device.id in place.devices for place in here.slots)
        if device.kind == "cpu":
            cpu = read_cpu(device, time.time(), None, None)
            yield Found(device.id, device.name, "cpu", None, device.memory_total_bytes, slots, cpu.memory_used_bytes)
            continue
        reading = read_gpu(device, time.time(), nvml)
        leased = 0 if unleased else UNITS - free_units(leases_home(), device.id)
        who = strangers(reading, (), leased > 0, _is_trial_or_hidden if leased else _is_none)
        yield Found(
            device.id, device.name, "gpu", device.index, reading.memory_total_bytes, slots, reading.memory_used_bytes,
            reading.load, reading.temperature_c, reading.power_w, leased / UNITS, who,
            _why_not(reading.note if reading.lost else "", leased, who) or unleased, device.part,
        )  # fmt: skip
    if isinstance(nvml, Nvml):
        nvml.close()


def _no_leases() -> str:
    """Why no GPU can be leased here; "" when they can."""
    try:
        check(leases_home())
    except SessionError as error:
        return f"{error.where} can't be written ({error.problem}): {error.hint}"
    return ""


def _is_trial_or_hidden(pid: int) -> bool:
    return is_trial(pid) is not False


def _is_none(pid: int) -> bool:
    return False


def _why_not(lost: str, leased: int, who: str) -> str:
    if lost:
        return f"lost: {lost}"
    if leased >= UNITS:
        return "leased as a whole by another session"
    return "strangers are there (share_with_strangers = true shares it)" if who else ""


def _others(here: Inventory) -> Iterator[Found]:
    """GPUs of this machine that a session would not use."""
    nvml = Nvml.open()
    if isinstance(nvml, Absent):
        return
    chosen = {device.id for device in here.devices}
    for gpu in nvml.gpus():
        if isinstance(gpu, Unreachable):
            yield Found("", "GPU", "gpu", gpu.index, None, 0, why_not=gpu.reason)
        elif gpu.uuid not in chosen and not gpu.mig:
            prohibited = gpu.compute_mode == "prohibited"
            why = "its compute mode is prohibited" if prohibited else "CUDA_VISIBLE_DEVICES hides it"
            part = "" if gpu.instance is None else f"{gpu.index}.{gpu.instance}"
            index = gpu.index if gpu.instance is None else None
            yield Found(gpu.uuid, gpu.name, "gpu", index, gpu.memory_total_bytes, 0, why_not=why, part=part)
    nvml.close()


def _line(one: Found) -> tuple[str, ...]:
    memory = size(one.memory_total_bytes)
    if one.memory_used_bytes is not None:
        memory = f"{size(one.memory_used_bytes)} of {memory}"
    who = [one.used_by.removeprefix("also ").removeprefix("used by ")] if one.used_by else []
    if one.leased:
        who.insert(0, f"sessions of hptui ({100 * one.leased:.0f} %)")
    many = f"as many trials as fit, up to {one.slots}" if one.kind == "gpu" else f"{one.slots} trials at once"
    gets = many if one.slots > 1 else "one trial at a time"
    if one.kind == "gpu" and one.memory_total_bytes is None:
        gets = "one trial at a time: its memory is not told, so nobody knows what fits"
    number = UNKNOWN if one.index is None else str(one.index)
    return (
        one.part or number,
        f"{one.name}, {one.id}" if one.part else one.name,
        memory,
        "" if one.load is None else f"{100 * one.load:.0f} %",
        "" if one.temperature_c is None else f"{one.temperature_c:.0f} °C",
        "" if one.power_w is None else f"{one.power_w:.0f} W",
        ", ".join(who) or ("nobody" if one.memory_used_bytes is not None else UNKNOWN),
        f"nothing: {one.why_not}" if one.why_not else gets,
    )
