"""Which devices a session may use, and the places where trials run: one on each GPU, or slots of the CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hptui.core.devices import host
from hptui.core.devices.nvml import Absent, Gpu, Nvml, Unreachable
from hptui.core.errors import StudyError

Asked = Literal["auto", "none"] | Sequence[int | str]
CPU = "cpu"
_WHERE = "resources.gpus"


@dataclass(frozen=True, slots=True)
class Device:
    id: str  # a GPU's UUID, or "cpu"
    name: str
    kind: Literal["gpu", "cpu"]
    index: int | None = None  # in PCI order, as nvidia-smi shows it; None for the CPU and for a MIG instance
    memory_total_bytes: int | None = None
    hides_gpus: bool = False  # the CPU: there are GPUs, or may be, and trials here must not find them


@dataclass(frozen=True, slots=True)
class Place:
    """Where one trial can run at a time."""

    device_id: str
    slot: int

    def __str__(self) -> str:
        """As `wire.request.Start.device` and the tables say it: a GPU's UUID, or cpu:<slot>."""
        return f"{CPU}:{self.slot}" if self.device_id == CPU else self.device_id


@dataclass(frozen=True, slots=True)
class Inventory:
    devices: tuple[Device, ...]
    slots: tuple[Place, ...]
    threads: int  # per trial, so that all slots together have the cores
    notes: tuple[str, ...] = ()  # what a reader of the ledger should know: what was left out, and why

    def device(self, device_id: str) -> Device:
        return next(device for device in self.devices if device.id == device_id)


def inventory(gpus: Asked, slots: int | None, environ: Mapping[str, str] = os.environ) -> Inventory:
    """What is here, of what was asked.

    gpus: "auto" (all that can be used), "none", or which: indices (PCI order) and UUIDs.
    slots: trials at once, at most one per GPU, the default; on the CPU one per two cores, at least two.
    Raises StudyError, listing what exists, when a GPU was asked for that is not here.
    """
    if gpus == "none":
        return without_gpus(slots, host.cores(), 'resources.gpus is "none"', hides_gpus=True)
    nvml = Nvml.open()
    if isinstance(nvml, Absent):
        if gpus != "auto":
            hint = 'write gpus = "none" to train on the CPU'
            raise StudyError(_WHERE, f"{_say(gpus)} can't be used: {nvml.reason}", hint)
        return without_gpus(slots, host.cores(), nvml.reason, hides_gpus=False)
    try:
        found = nvml.gpus()
    finally:
        nvml.close()
    return choose(found, gpus, slots, host.cores(), environ)


def choose(
    found: Sequence[Gpu | Unreachable], gpus: Asked, slots: int | None, cores: int, environ: Mapping[str, str]
) -> Inventory:
    """`inventory`, from what NVML found. Pure."""
    notes: list[str] = []
    usable = _usable(found, notes)
    visible = seen_through(usable, environ, notes)
    chosen = visible if isinstance(gpus, str) else _named(gpus, visible, usable, environ, notes)
    if not chosen:
        why = "; ".join(notes) if found else "there is no NVIDIA GPU"
        return without_gpus(slots, cores, why, hides_gpus=bool(found))
    devices = tuple(_device(gpu) for gpu in chosen)
    count = len(devices) if slots is None else max(1, min(slots, len(devices)))
    if slots is not None and slots > count:
        notes.append(f"{slots} slots were asked for; there {_are(count)}, and each takes one trial at a time")
    places = tuple(Place(device.id, 0) for device in devices[:count])
    return Inventory(devices, places, max(1, cores // count), tuple(notes))


def without_gpus(slots: int | None, cores: int, why: str, *, hides_gpus: bool) -> Inventory:
    """Slots on the CPU. Pure but for the names of the processor and its memory."""
    count = slots if slots is not None else max(2, cores // 2)
    memory = host.memory()
    device = Device(CPU, host.cpu_name(), "cpu", None, memory.total_bytes if memory else None, hides_gpus)
    places = tuple(Place(CPU, slot) for slot in range(max(1, count)))
    note = f"trials run on the CPU, {len(places)} at once: {why}"
    return Inventory((device,), places, max(1, cores // len(places)), (note,))


def seen_through(gpus: Sequence[Gpu], environ: Mapping[str, str], notes: list[str]) -> list[Gpu]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves visible, in its order; all of them when it is not set.

    As CUDA reads it: indices or UUIDs (their beginnings are enough); the first entry that is no device ends
    the list, so "-1" and Slurm's "NoDevFiles" leave none. A GPU in MIG mode means its first instance.

    Source: CUDA C++ Programming Guide, "CUDA Environment Variables".
    """
    value = environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return list(gpus)
    mixed = len({gpu.name for gpu in gpus}) > 1
    if mixed and _has_index(value) and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        notes.append(
            f"CUDA_VISIBLE_DEVICES={value} is read in PCI order, as nvidia-smi counts; CUDA's own order may "
            "differ on this mix of GPUs: UUIDs, or CUDA_DEVICE_ORDER=PCI_BUS_ID, leave no doubt"
        )
    visible: list[Gpu] = []
    for entry in value.split(","):
        gpu = _match(entry.strip(), gpus)
        if gpu is None:
            break
        if gpu not in visible:
            visible.append(gpu)
    if len(visible) < len(gpus):
        names = ", ".join(label(gpu) for gpu in visible) or "no GPU"
        notes.append(f"CUDA_VISIBLE_DEVICES={value} leaves {names}")
    return visible


def env_for(device: Device, gpu_env: Literal["uuid", "index"]) -> dict[str, str]:
    """The variables that show a trial its device and no other.

    gpu_env: "index" for programs that read CUDA_VISIBLE_DEVICES as numbers; a MIG instance has no number.
    """
    if device.kind == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""} if device.hides_gpus else {}
    if gpu_env == "index" and device.index is not None:
        return {"CUDA_VISIBLE_DEVICES": str(device.index), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return {"CUDA_VISIBLE_DEVICES": device.id}


def label(gpu: Gpu) -> str:
    instance = "" if gpu.instance is None else f", instance {gpu.instance}"
    return f"{gpu.index}{instance} ({gpu.uuid})"


def _usable(found: Sequence[Gpu | Unreachable], notes: list[str]) -> list[Gpu]:
    cut = {gpu.index for gpu in found if isinstance(gpu, Gpu) and gpu.instance is not None}
    usable = []
    for gpu in found:
        if isinstance(gpu, Unreachable):
            notes.append(f"GPU {gpu.index} is not used: {gpu.reason}")
        elif gpu.compute_mode == "prohibited":
            notes.append(f"GPU {gpu.index} is not used: its compute mode is prohibited")
        elif not gpu.mig:
            usable.append(gpu)
        elif gpu.index not in cut:
            notes.append(f"GPU {gpu.index} is not used: it is in MIG mode and has no instances")
    return usable


def _device(gpu: Gpu) -> Device:
    index = gpu.index if gpu.instance is None else None
    return Device(gpu.uuid, gpu.name, "gpu", index, gpu.memory_total_bytes)


def _named(
    asked: Sequence[int | str],
    visible: list[Gpu],
    usable: list[Gpu],
    environ: Mapping[str, str],
    notes: list[str],
) -> list[Gpu]:
    chosen: list[Gpu] = []
    for name in asked:
        gpu = _match(str(name), visible)
        if gpu is None:
            hidden = _match(str(name), usable)
            problem = (
                f"there is no GPU {name} to use"
                if hidden is None
                else (f"GPU {name} is hidden by CUDA_VISIBLE_DEVICES={environ.get('CUDA_VISIBLE_DEVICES')}")
            )
            here = "; ".join(label(gpu) for gpu in visible) or "none"
            raise StudyError(_WHERE, problem, f"here: {here}" + "".join(f"\n  {note}" for note in notes))
        if gpu not in chosen:
            chosen.append(gpu)
    if not chosen:
        raise StudyError(_WHERE, "the list names no GPU", 'write "auto" for all of them, or "none"')
    return chosen


def _match(name: str, gpus: Sequence[Gpu]) -> Gpu | None:
    if name.isdecimal():
        return next((gpu for gpu in gpus if gpu.index == int(name)), None)
    if not name.startswith(("GPU-", "MIG-")):
        return None
    matches = [gpu for gpu in gpus if gpu.uuid.startswith(name)]
    return matches[0] if len(matches) == 1 else None


def _has_index(value: str) -> bool:
    return any(entry.strip().isdecimal() for entry in value.split(","))


def _say(gpus: Asked) -> str:
    return f"GPU {gpus}" if isinstance(gpus, str) else "GPU " + ", ".join(map(str, gpus))


def _are(count: int) -> str:
    return "is 1 GPU" if count == 1 else f"are {count} GPUs"


__all__ = ["CPU", "Device", "Inventory", "Place", "choose", "env_for", "inventory", "label", "seen_through"]
