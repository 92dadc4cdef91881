"""Which GPUs CUDA_VISIBLE_DEVICES leaves, and what a GPU is called in a list or a message. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hptui.core.devices.nvml import Gpu


def seen_through(gpus: Sequence[Gpu], environ: Mapping[str, str], notes: list[str]) -> list[Gpu]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves visible, in its order; all of them when it is not set.

    As CUDA reads it: indices or UUIDs (their beginnings are enough); the first entry that is no device ends
    the list, so "-1" and Slurm's "NoDevFiles" leave none. A GPU in MIG mode means its first instance.

    Source: CUDA C++ Programming Guide, "CUDA Environment Variables".
    """
    value = environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return list(gpus)
    if _has_index(value) and doubt(gpus, environ):
        notes.append(
            f"CUDA_VISIBLE_DEVICES={value} is read in PCI order, as nvidia-smi counts; CUDA's own order may "
            "differ on this mix of GPUs: UUIDs, or CUDA_DEVICE_ORDER=PCI_BUS_ID, leave no doubt"
        )
    visible: list[Gpu] = []
    for entry in value.split(","):
        gpu = match(entry.strip(), gpus)
        if gpu is None:
            break
        if gpu not in visible:
            visible.append(gpu)
    if len(visible) < len(gpus):
        names = ", ".join(label(gpu) for gpu in visible) or "no GPU"
        notes.append(f"CUDA_VISIBLE_DEVICES={value} leaves {names}")
    return visible


def doubt(gpus: Sequence[Gpu], environ: Mapping[str, str]) -> bool:
    """Whether an index may mean another GPU to CUDA, which counts the fastest first unless it is told not to."""
    return len({gpu.name for gpu in gpus}) > 1 and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID"


def label(gpu: Gpu) -> str:
    instance = "" if gpu.instance is None else f", instance {gpu.instance}"
    return f"{gpu.index}{instance} ({gpu.uuid})"


def match(name: str, gpus: Sequence[Gpu]) -> Gpu | None:
    """The GPU of this index or UUID (its beginning is enough); None when there is none, or more than one."""
    if name.isdecimal():
        return next((gpu for gpu in gpus if gpu.index == int(name)), None)
    if not name.startswith(("GPU-", "MIG-")):
        return None
    matches = [gpu for gpu in gpus if gpu.uuid.startswith(name)]
    return matches[0] if len(matches) == 1 else None


def _has_index(value: str) -> bool:
    return any(entry.strip().isdecimal() for entry in value.split(","))
