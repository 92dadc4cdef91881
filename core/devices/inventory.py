"""Which devices a session may use, and the places where trials run: on GPUs, or in slots of the CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from hptui.core.devices import host
from hptui.core.devices.nvml import ONE_PROCESS, Absent, Gpu, Nvml, Unreachable
from hptui.core.devices.visible import doubt, label, match, seen_through
from hptui.core.errors import StudyError

Asked = Literal["all", "none"] | Sequence[int | str]
CPU = "cpu"
_NODE = "@"  # `cpu@NODE`, `gpu@NODE:INDEX`: on another machine
_WHERE = "resources.devices"
_USUAL = 4  # trials that share a GPU while nobody knows how many fit: for the number of threads alone


class Wanted(Protocol):
    """What a study asks for: `study.Resources` is one."""

    @property
    def slots(self) -> int | None: ...
    @property
    def gpus(self) -> float | None: ...
    @property
    def gpu_memory_bytes(self) -> int | None: ...
    @property
    def devices(self) -> Asked: ...
    @property
    def max_trials(self) -> int: ...


def on_cpu(device_id: str) -> bool:
    """Whether trials there keep nothing but the memory of their machine when they are frozen."""
    return device_id == CPU or device_id.startswith(CPU + _NODE)


@dataclass(frozen=True, slots=True)
class Device:
    id: str  # a GPU's UUID, or "cpu"
    name: str
    kind: Literal["gpu", "cpu"]
    index: int | None = None  # in PCI order, as nvidia-smi shows it; None for the CPU and for a MIG instance
    memory_total_bytes: int | None = None
    part: str = ""  # of a MIG instance: its GPU and its own number, 2.0
    hides_gpus: bool = False  # the CPU: there are GPUs, or may be, and trials here must not find them
    one_process: bool = False  # its compute mode lets one process in at a time


class Place(NamedTuple):  # a tuple: thousands of them are looked up for a free one
    """Where one trial can run at a time.

    device_id: a device's, or several GPUs' with commas between, as CUDA_VISIBLE_DEVICES has them.
    """

    device_id: str
    slot: int

    @property
    def devices(self) -> tuple[str, ...]:
        return tuple(self.device_id.split(","))

    @property
    def is_elsewhere(self) -> bool:
        """On another machine, which lends it and shows the trial its devices."""
        return _NODE in self.device_id

    def __str__(self) -> str:
        """As `wire.request.Start.device` and the tables say it: a GPU's UUID, or cpu:<slot>."""
        return f"{CPU}:{self.slot}" if on_cpu(self.device_id) else self.device_id


@dataclass(frozen=True, slots=True)
class Inventory:
    devices: tuple[Device, ...]
    slots: tuple[Place, ...]  # on a GPU as many as it may hold; whether there is room is for placement to say
    threads: int  # per trial, so that all slots together have the cores
    notes: tuple[str, ...] = ()  # what a reader of the ledger should know: what was left out, and why

    at_once: int = 0  # trials in all; 0: as many as there are slots

    def __post_init__(self) -> None:
        object.__setattr__(self, "at_once", self.at_once or len(self.slots))

    @property
    def on_gpus(self) -> bool:
        return any(device.kind == "gpu" for device in self.devices)

    def device(self, device_id: str) -> Device:
        return next(device for device in self.devices if device.id == device_id)


def inventory(wanted: Wanted, environ: Mapping[str, str] = os.environ) -> Inventory:
    """What is here, of what was asked.

    wanted.devices: "all" (that can be used), "none", or which: indices (PCI order) and UUIDs. wanted.slots: trials
    at once; the default is what the GPUs may hold, on the CPU one per two cores, at least two.
    Raises StudyError, listing what exists, when a GPU was asked for that is not here, or more than there is.
    """
    if wanted.devices == "none":
        return without_gpus(wanted.slots, host.cores(), 'resources.devices is "none"', hides_gpus=True)
    nvml = Nvml.open()
    if isinstance(nvml, Absent):
        _refuse_the_cpu(wanted, nvml.reason)
        return without_gpus(wanted.slots, host.cores(), nvml.reason, hides_gpus=False)
    try:
        found = nvml.gpus()
    finally:
        nvml.close()
    return choose(found, wanted, host.cores(), environ)


def choose(
    found: Sequence[Gpu | Unreachable], wanted: Wanted, cores: int, environ: Mapping[str, str]
) -> Inventory:
    """`inventory`, from what NVML found. Pure."""
    notes: list[str] = []
    usable = _usable(found, notes)
    visible = seen_through(usable, environ, notes)
    asked = wanted.devices
    chosen = visible if isinstance(asked, str) else _named(asked, visible, usable, environ, notes)
    whole = [gpu for gpu in chosen if gpu.instance is None]
    if _gpus_each(wanted) > 1 and isinstance(asked, str) and 0 < len(whole) < len(chosen):
        notes.append(f"MIG instances are not used: a trial takes {_gpus_each(wanted)} GPUs")
        chosen = whole
    if not chosen:
        why = "; ".join(notes) if found else "there is no NVIDIA GPU"
        _refuse_the_cpu(wanted, why)
        return without_gpus(wanted.slots, cores, why, hides_gpus=bool(found))
    _check_room(wanted, chosen)
    devices = tuple(_device(gpu) for gpu in chosen)
    each = _trials_on_one(wanted)
    notes += [f"GPU {gpu.index} takes one trial at a time: its compute mode is {gpu.compute_mode}"
              for gpu in chosen if gpu.compute_mode in ONE_PROCESS]  # fmt: skip
    places = tuple(
        Place(device.id, slot) for slot in range(each) for device in devices if not (slot and device.one_process)
    )
    most = len(places) // _gpus_each(wanted)
    at_once = most if wanted.slots is None else min(wanted.slots, most)
    if wanted.slots is not None and wanted.slots > most:
        notes.append(f"{wanted.slots} slots were asked for; there {_are(len(devices))}, and {_holds(wanted, each)}")
    usual = min(len(places), len(devices) * _USUAL) // _gpus_each(wanted)
    return Inventory(devices, places, max(1, cores // min(at_once, usual)), tuple(notes), at_once)


def _gpus_each(wanted: Wanted) -> int:
    return max(1, int(wanted.gpus or 1))


def _trials_on_one(wanted: Wanted) -> int:
    """How many trials one GPU takes at once, at most."""
    if wanted.gpus is None:
        return wanted.max_trials
    return min(wanted.max_trials, 1 if wanted.gpus >= 1 else int(1 / wanted.gpus + 1e-9))


def _holds(wanted: Wanted, each: int) -> str:
    if _gpus_each(wanted) > 1:
        return f"a trial takes {_gpus_each(wanted)} of them"
    return "each takes one trial at a time" if each == 1 else f"each takes {each} trials at a time"


def _refuse_the_cpu(wanted: Wanted, why: str) -> None:
    """Who asks for a GPU by name, number or memory does not mean the CPU."""
    hint = 'write devices = "none" to train on the CPU'
    if not isinstance(wanted.devices, str):
        raise StudyError(_WHERE, f"{_say(wanted.devices)} can't be used: {why}", hint)
    if wanted.gpus is not None:
        raise StudyError("resources.gpus", f"a trial takes {_count(wanted.gpus)}, and none can be used: {why}", hint)
    if wanted.gpu_memory_bytes is not None:
        said = _gib(wanted.gpu_memory_bytes)
        raise StudyError("resources.gpu_memory", f"a trial takes {said}, and no GPU can be used: {why}", hint)


def _check_room(wanted: Wanted, chosen: Sequence[Gpu]) -> None:
    here = _listed([f"{label(gpu)}, {_gib(gpu.memory_total_bytes)}" for gpu in chosen])
    each = _gpus_each(wanted)
    if each > 1 and any(gpu.instance is not None for gpu in chosen):
        hint = "CUDA shows a process one MIG instance at a time: gpus = 1, or name whole GPUs in devices"
        raise StudyError("resources.gpus", f"a trial takes {each} GPUs, and these are instances:{here}", hint)
    if each > len(chosen):
        problem = f"a trial takes {each} GPUs; there {_are(len(chosen))} to use"
        raise StudyError("resources.gpus", problem, f"here:{here}")
    need, sizes = wanted.gpu_memory_bytes, [gpu.memory_total_bytes for gpu in chosen]
    if need is not None and sum(size is None or size >= need for size in sizes) < each:
        problem = f"{_gib(need)} is more than any GPU has: the largest has {_gib(max(size or 0 for size in sizes))}"
        raise StudyError("resources.gpu_memory", problem, f"here:{here}")


def without_gpus(slots: int | None, cores: int, why: str, *, hides_gpus: bool) -> Inventory:
    """Slots on the CPU. Pure but for the names of the processor and its memory."""
    count = slots if slots is not None else max(2, cores // 2)
    memory = host.memory()
    device = Device(CPU, host.cpu_name(), "cpu", None, memory.total_bytes if memory else None, "", hides_gpus)
    places = tuple(Place(CPU, slot) for slot in range(max(1, count)))
    caution = host.crowding(len(places), cores)
    notes = (f"trials run on the CPU, {len(places)} at once: {why}", *([caution] if caution else []))
    return Inventory((device,), places, max(1, cores // len(places)), notes)


def env_for(devices: Sequence[Device], gpu_env: Literal["uuid", "index"]) -> dict[str, str]:
    """The variables that show a trial its devices and no other.

    gpu_env: "index" for programs that read CUDA_VISIBLE_DEVICES as numbers; a MIG instance has no number.
    """
    if devices[0].kind == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""} if devices[0].hides_gpus else {}
    if gpu_env == "index" and all(one.index is not None for one in devices):
        return {"CUDA_VISIBLE_DEVICES": ",".join(str(one.index) for one in devices), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return {"CUDA_VISIBLE_DEVICES": ",".join(one.id for one in devices)}


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
    part = "" if gpu.instance is None else f"{gpu.index}.{gpu.instance}"
    one_process = gpu.compute_mode in ONE_PROCESS
    return Device(gpu.uuid, gpu.name, "gpu", index, gpu.memory_total_bytes, part, one_process=one_process)


def _named(
    asked: Sequence[int | str],
    visible: list[Gpu],
    usable: list[Gpu],
    environ: Mapping[str, str],
    notes: list[str],
) -> list[Gpu]:
    chosen: list[Gpu] = []
    if any(isinstance(name, int) for name in asked) and doubt(usable, environ):
        notes.append("devices are counted in PCI order, as nvidia-smi counts; UUIDs leave no doubt on this mix of GPUs")
    for name in asked:
        gpu = match(str(name), visible)
        if gpu is None:
            hidden = match(str(name), usable)
            problem = (
                f"there is no GPU {name} to use"
                if hidden is None
                else (f"GPU {name} is hidden by CUDA_VISIBLE_DEVICES={environ.get('CUDA_VISIBLE_DEVICES')}")
            )
            here = _listed([label(gpu) for gpu in visible])
            raise StudyError(_WHERE, problem, f"here:{here}" + "".join(f"\n  {note}" for note in notes))
        if gpu not in chosen:
            chosen.append(gpu)
    if not chosen:
        raise StudyError(_WHERE, "the list names no GPU", 'write "all" for all of them, or "none"')
    return chosen


def _listed(names: Sequence[str]) -> str:
    """On one line, or on a line each."""
    one_line = " " + ("; ".join(names) or "none")
    return one_line if len(names) < 3 else "".join(f"\n    {name}" for name in names)


def _say(gpus: Sequence[int | str]) -> str:
    return "GPU " + ", ".join(map(str, gpus))


def _count(gpus: float) -> str:
    return f"{gpus:g} GPU{'' if gpus == 1 else 's'}" if gpus >= 1 else f"{gpus:g} of a GPU"


def _gib(size_bytes: int | None) -> str:
    return "– GiB" if size_bytes is None else f"{size_bytes / 2**30:.1f} GiB"


def _are(count: int) -> str:
    return "is 1 GPU" if count == 1 else f"are {count} GPUs"


__all__ = ["CPU", "Asked", "Device", "Inventory", "Place", "Wanted", "choose", "env_for", "inventory", "on_cpu"]
