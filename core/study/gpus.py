"""The [resources] of a study: what of a machine its trials take, with every problem of it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hptui.core.errors import HptuiError, StudyError
from hptui.core.study.checks import at_least
from hptui.core.study.durations import parse_duration
from hptui.core.study.held import read_held_memory
from hptui.core.study.sizes import parse_size

_WHERE = "resources"
MOST_SLOTS = 10_000  # trials at once: more is a slip of the keyboard
LOOK_S = (0.1, 60.0)  # how often GPUs may be looked at: a real driver takes milliseconds for each
_WHICH = "gpus says how many GPUs a trial takes; which ones: devices = {}"


def read_resources(read: Mapping[str, Any], written: Any, problems: list[HptuiError]) -> dict[str, Any]:
    """`Resources` from what was read of the table.

    written: what stands there; a wrong `gpus` that was right as `devices` is told where it belongs.
    """
    out = dict(read)
    at_least(1, out, _WHERE, ("slots", "threads", "max_trials"), problems)
    if (out.get("slots") or 0) > MOST_SLOTS:
        problems.append(StudyError("resources.slots", f"{out['slots']} is too large", f"{MOST_SLOTS} at most"))
    _check_gpus(out, written, problems)
    _read_memory(out, problems)
    _read_look(out, problems)
    _check_devices(out.get("devices"), problems)
    read_held_memory(out, problems)
    if "yield" in out:
        out["yields"] = out.pop("yield")
    return out


def _check_gpus(out: dict[str, Any], written: Any, problems: list[HptuiError]) -> None:
    said = written.get("gpus") if isinstance(written, Mapping) else None
    if isinstance(said, list | str) and problems and problems[-1].where == "resources.gpus":
        which = f'"{said}"'.replace('"auto"', '"all"') if isinstance(said, str) else str(said).replace("'", '"')
        problems[-1] = StudyError("resources.gpus", problems[-1].problem, _WHICH.format(which))
    gpus = out.get("gpus")
    if gpus is None:
        return
    if not gpus > 0:
        problems.append(StudyError("resources.gpus", f"{gpus:g} is too small", 'for no GPU write devices = "none"'))
    elif gpus > 1 and not float(gpus).is_integer():
        hint = "a trial takes whole GPUs (1, 2, ...) or a share of one (0.5, 0.25, ...)"
        problems.append(StudyError("resources.gpus", f"{gpus:g} is neither whole nor below 1", hint))
    elif gpus < 0.01:
        problems.append(StudyError("resources.gpus", f"{gpus:g} is less than a hundredth of a GPU"))


def _read_memory(out: dict[str, Any], problems: list[HptuiError]) -> None:
    memory = out.pop("gpu_memory", "auto")
    if memory == "auto":
        return
    try:
        out["gpu_memory_bytes"] = parse_size(memory)
    except ValueError as wrong:
        problem, hint = str(wrong).split(": ", 1)
        problems.append(StudyError("resources.gpu_memory", problem, f'{hint}, or "auto"'))


def _read_look(out: dict[str, Any], problems: list[HptuiError]) -> None:
    where, written = "resources.look_every", out.pop("look_every", None)
    if written is None:
        return
    try:
        out["look_every_s"] = parse_duration(written)
    except ValueError as wrong:
        problems.append(StudyError(where, *str(wrong).split(": ", 1)))
        return
    low, high = LOOK_S
    if not low <= out["look_every_s"] <= high:
        hint = f"{low:g} s to {high:g} s; the default is 1 s"
        problems.append(StudyError(where, f"{out['look_every_s']:g} s is out of range", hint))


def _check_devices(devices: Any, problems: list[HptuiError]) -> None:
    where = "resources.devices"
    if not isinstance(devices, list):
        return
    if not devices:
        problems.append(StudyError(where, "the list is empty", 'write "none" for no GPU, or leave it out for all'))
    for i, gpu in enumerate(devices):
        if isinstance(gpu, int) and gpu < 0:
            problems.append(StudyError(where, f"{gpu} is no GPU's index"))
        elif isinstance(gpu, str) and not re.match(r"(GPU|MIG)-", gpu):
            hint = "use indices, or UUIDs as `nvidia-smi -L` lists them"
            problems.append(StudyError(where, f'"{gpu}" is neither an index nor a UUID', hint))
        if gpu in devices[:i]:
            problems.append(StudyError(where, f"{gpu} is there twice"))
