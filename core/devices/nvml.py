"""GPUs as NVML tells them, by UUID. Any call may be unsupported: its value is None and the rest stands.

NVML's index is neither CUDA's nor stable over reboots, so nothing here is keyed by it. Open it in the process
that asks, and again after a fork.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hptui.core.devices.xid import XidErrors

_NOT_AVAILABLE = 2**64 - 1  # how NVML writes an unknown 64-bit size
ONE_PROCESS = ("exclusive thread", "exclusive process")
_COMPUTE_MODES = {0: "default", 1: "exclusive thread", 2: "prohibited", 3: "exclusive process"}
_SLOWED = {  # nvmlClocksEventReason...
    0x20: "too hot", 0x40: "too hot for its hardware", 0x80: "too little power comes in", 0x04: "at its power limit",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no NVML to ask, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, or one MIG instance of a GPU."""

    uuid: str
    name: str
    index: int  # NVML's index of the whole GPU: PCI order, as nvidia-smi shows it
    memory_total_bytes: int | None
    compute_mode: str | None = None  # default, prohibited, exclusive process, exclusive thread, exclusive to MPS
    mig: bool | None = None  # the whole GPU is cut into instances; CUDA runs on those only
    instance: int | None = None  # which MIG instance of GPU `index` this is; None for a whole GPU


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A GPU that is counted but can't be asked: it fell off the bus, or wants a reset."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class GpuProcess:
    pid: int | None  # as the host counts: in a container it may be nobody's, or None
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuReading:
    """None: not to be had on this GPU or driver."""

    memory_used_bytes: int | None = None  # without `reserved`, where that is told apart
    memory_reserved_bytes: int | None = None  # what the driver keeps for itself
    memory_total_bytes: int | None = None
    load: float | None = None  # 0..1, the share of time a kernel ran
    temperature_c: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    slowed: tuple[str, ...] | None = None  # what holds its clocks back, in words; () for nothing
    processes: tuple[GpuProcess, ...] | None = None


class Nvml:
    """An open NVML. Close it when done; a closed one reads as lost."""

    def __init__(self, library: Any) -> None:
        self._lib = library
        self.driver_version: str | None = self._value("nvmlSystemGetDriverVersion")

    @classmethod
    def open(cls) -> Nvml | Absent:
        try:
            import pynvml
        except ImportError:
            return Absent("the Python package nvidia-ml-py is not installed")
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            return Absent(_why_no_nvml(error.value, str(error)))
        return cls(pynvml)

    def close(self) -> None:
        with contextlib.suppress(_Failed):
            self._call("nvmlShutdown")

    def gpus(self) -> tuple[Gpu | Unreachable, ...]:
        """Every GPU the driver counts, in PCI order; the instances of a GPU in MIG mode follow it."""
        count = self._value("nvmlDeviceGetCount") or 0
        return tuple(gpu for index in range(count) for gpu in self._gpu(index))

    def read(self, uuid: str) -> GpuReading | Unreachable:
        try:
            handle = self._call("nvmlDeviceGetHandleByUUID", uuid)
            return self._read(handle)
        except _Failed as error:
            return Unreachable(-1, error.reason)

    def xid_errors(self, uuids: Sequence[str]) -> XidErrors:
        """Hears of errors of these GPUs from now on."""
        handles = {}
        for uuid in uuids:
            with contextlib.suppress(_Failed):
                handles[uuid] = self._call("nvmlDeviceGetHandleByUUID", uuid)
        return XidErrors(self._lib, handles)

    def _gpu(self, index: int) -> list[Gpu | Unreachable]:
        try:
            handle = self._call("nvmlDeviceGetHandleByIndex", index)
            whole = self._describe(handle, index)
            return [whole, *(self._instances(handle, index) if whole.mig else ())]
        except _Failed as error:
            return [Unreachable(index, error.reason)]

    def _describe(self, handle: Any, index: int, instance: int | None = None) -> Gpu:
        """Raises _Failed when there is no UUID: such a GPU can't be given to anybody."""
        mode = self._value("nvmlDeviceGetComputeMode", handle)
        mig = self._value("nvmlDeviceGetMigMode", handle) if instance is None else None
        _, _, total = self._memory(handle)
        return Gpu(
            uuid=self._call("nvmlDeviceGetUUID", handle),
            name=self._value("nvmlDeviceGetName", handle) or "GPU",
            index=index,
            memory_total_bytes=total,
            compute_mode=None if mode is None else _compute_mode(mode),
            mig=None if mig is None else mig[0] == 1,
            instance=instance,
        )

    def _instances(self, handle: Any, index: int) -> list[Gpu | Unreachable]:
        """Raises _Failed when the whole GPU went away meanwhile."""
        found: list[Gpu | Unreachable] = []
        for instance in range(self._value("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
            part = self._value("nvmlDeviceGetMigDeviceHandleByIndex", handle, instance)
            try:
                if part is not None:  # instances that do not exist are gaps in the numbering
                    found.append(self._describe(part, index, instance))
            except _Failed as error:
                if error.gone:
                    raise
                found.append(Unreachable(index, error.reason))
        return found

    def _read(self, handle: Any) -> GpuReading:
        used, reserved, total = self._memory(handle)
        rates = self._value("nvmlDeviceGetUtilizationRates", handle)
        power_mw = self._value("nvmlDeviceGetPowerUsage", handle)
        limit_mw = self._value("nvmlDeviceGetEnforcedPowerLimit", handle)
        reasons = self._value("nvmlDeviceGetCurrentClocksEventReasons", handle)
        if reasons is None:  # its name before driver 535
            reasons = self._value("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        processes = self._value("nvmlDeviceGetComputeRunningProcesses", handle)
        return GpuReading(
            memory_used_bytes=used,
            memory_reserved_bytes=reserved,
            memory_total_bytes=total,
            load=None if rates is None else rates.gpu / 100,
            temperature_c=self._value("nvmlDeviceGetTemperature", handle, self._lib.NVML_TEMPERATURE_GPU),
            power_w=None if power_mw is None else power_mw / 1000,
            power_limit_w=None if limit_mw is None else limit_mw / 1000,
            slowed=None if reasons is None else tuple(word for bit, word in _SLOWED.items() if reasons & bit),
            processes=None if processes is None else tuple(map(_process, processes)),
        )

    def _memory(self, handle: Any) -> tuple[int | None, int | None, int | None]:
        """(used, reserved, total). Drivers before 510 know no `reserved` and count it as used."""
        memory = self._value("nvmlDeviceGetMemoryInfo", handle, version=self._lib.nvmlMemory_v2)
        if memory is not None:
            return _size(memory.used), _size(memory.reserved), _size(memory.total)
        memory = self._value("nvmlDeviceGetMemoryInfo", handle)
        return (None, None, None) if memory is None else (_size(memory.used), None, _size(memory.total))

    def _value(self, call: str, *args: Any, **options: Any) -> Any:
        """What the call says, or None where it is unsupported. Raises _Failed when the GPU itself is gone."""
        try:
            return self._call(call, *args, **options)
        except _Failed as error:
            if error.gone:
                raise
            return None

    def _call(self, call: str, *args: Any, **options: Any) -> Any:
        lib = self._lib
        try:
            return getattr(lib, call)(*args, **options)
        except lib.NVMLError as error:
            raise _failed(error.value, str(error)) from None
        # a binding older or newer than the driver: no such function, or its own error for a changed one
        except (AttributeError, getattr(lib, "NVMLLibraryMismatchError", AttributeError)) as error:
            raise _Failed(str(error), gone=False) from None


def _compute_mode(mode: int) -> str:
    """MPS lets many processes into a GPU that is exclusive to its own."""
    said = _COMPUTE_MODES.get(mode, str(mode))
    mps = Path(os.environ.get("CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps"), "control")
    return "exclusive to MPS" if said in ONE_PROCESS and mps.exists() else said


class _Failed(Exception):
    def __init__(self, reason: str, gone: bool) -> None:
        super().__init__(reason)
        self.reason, self.gone = reason, gone


_GONE = {
    15: "it has fallen off the bus (a reset or a reboot brings it back)",  # GPU_IS_LOST
    16: "it needs a reset",  # RESET_REQUIRED
    28: "it is no longer found",  # GPU_NOT_FOUND
}


def _failed(code: int, text: str) -> _Failed:
    return _Failed(_GONE.get(code, text), code in _GONE)


_NO_NVML = {
    6: "there is no NVIDIA GPU",  # NOT_FOUND
    9: "the NVIDIA driver is not loaded",  # DRIVER_NOT_LOADED
    12: "there is no NVIDIA driver (libnvidia-ml.so.1 was not found)",  # LIBRARY_NOT_FOUND
    # LIB_RM_VERSION_MISMATCH
    18: "the NVIDIA driver was updated and its old kernel module still runs; a reboot mends that",
}


def _why_no_nvml(code: int, text: str) -> str:
    return _NO_NVML.get(code, f"NVML did not start ({text})")


def _size(value: int) -> int | None:
    return None if value == _NOT_AVAILABLE else int(value)


def _process(process: Any) -> GpuProcess:
    used = process.usedGpuMemory
    return GpuProcess(process.pid or None, None if used is None else _size(used))
