"""What `nvml` makes of a driver, through the real bindings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_driver import MIG_UUID, UUID, Machine, python

from hptui.core.devices.nvml import Absent, Gpu, GpuProcess, GpuReading, Nvml, Unreachable
from hptui.core.devices.xid import in_words

ASK = "from hptui.core.devices.nvml import *\nnvml = Nvml.open()\n"
GPUS = ASK + "answer = nvml.gpus()\n"
NAME, TOTAL = "NVIDIA H200 (fake)", 143771 << 20


def read(number: int) -> str:
    return ASK + f"answer = nvml.read({UUID(number)!r})\n"


def healthy(index: int) -> Gpu:
    return Gpu(UUID(index), NAME, index, TOTAL, "default", False)


def test_eight_gpus_are_listed_in_pci_order(machine: Machine) -> None:
    assert python(GPUS, machine.env(8)) == tuple(healthy(i) for i in range(8))


def test_a_lost_gpu_in_the_middle_is_told_apart_and_the_rest_stand(machine: Machine) -> None:
    machine.set("512", "512", "512 0 35 0 0 15", "512 0 35 0 0 16")

    found = python(GPUS, machine.env(5))

    lost = Unreachable(2, "it has fallen off the bus (a reset or a reboot brings it back)")
    stuck = Unreachable(3, "it needs a reset")
    assert found == (healthy(0), healthy(1), lost, stuck, healthy(4))


def test_a_reading_has_every_value_and_keeps_the_reserve_apart(machine: Machine) -> None:
    machine.set("2048 37 61 4242 1500")

    assert python(read(0), machine.env(1)) == GpuReading(
        memory_used_bytes=2048 << 20,
        memory_reserved_bytes=600 << 20,
        memory_total_bytes=TOTAL,
        load=0.37,
        temperature_c=61,
        power_w=75.5,
        power_limit_w=700.0,
        slowed=(),
        processes=(GpuProcess(4242, 1500 << 20),),
    )


def test_eight_gpus_two_of_them_cut_into_instances_and_one_lost(machine: Machine) -> None:
    cut = "512 0 35 0 0 0 143771 0 2"
    machine.set("512", cut, "512", "512 0 35 0 0 15", "512 0 35 0 0 0 -1", cut, "512", "512")

    found = python(GPUS, machine.env(8))

    assert [(gpu.index, getattr(gpu, "instance", "lost")) for gpu in found] == [
        (0, None), (1, None), (1, 0), (1, 1), (2, None), (3, "lost"), (4, None), (5, None), (5, 0), (5, 1), (6, None),
        (7, None),
    ]  # fmt: skip
    assert found[6].memory_total_bytes is None


def test_what_holds_the_clocks_back_is_told_in_words(machine: Machine) -> None:
    hot = python(read(0), machine.env(1, FAKE_CLOCK_REASONS=str(0x20 | 0x4 | 0x1)))

    assert hot.slowed == ("too hot", "at its power limit")


def test_an_xid_error_is_heard_once(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "xid").write_text("79")
    code = f"""
from hptui.core.devices.nvml import Nvml
nvml = Nvml.open()
errors = nvml.xid_errors([{UUID(0)!r}, {UUID(1)!r}])
answer = errors.poll(), errors.poll()
errors.close()
"""
    assert python(code, machine.env(2, FAKE_XID=str(tmp_path / "xid"))) == ([(UUID(0), 79)], [])


def test_without_events_no_error_is_ever_heard(build_library: Callable[..., Path], tmp_path: Path) -> None:
    old = Machine(build_library("NO_READINGS"), tmp_path / "gpus")
    code = f"""
from hptui.core.devices.nvml import Nvml
answer = Nvml.open().xid_errors([{UUID(0)!r}]).poll()
"""
    assert python(code, old.env(1)) == []


def test_xid_errors_are_told_in_words() -> None:
    assert in_words(79) == "Xid 79: it has fallen off the bus"
    assert in_words(31) == "Xid 31: a program touched memory that is not its own (usually the program's own fault)"


def test_a_process_whose_pid_and_memory_are_not_told_is_still_a_process(machine: Machine) -> None:
    machine.set("2048 37 61 -1 -1")

    assert python(read(0), machine.env(1)).processes == (GpuProcess(None, None),)


def test_memory_that_is_not_available_is_none_and_the_rest_stands(machine: Machine) -> None:
    machine.set("2048 37 61 0 0 0 -1")

    reading = python(read(0), machine.env(1))

    assert reading == GpuReading(
        load=0.37, temperature_c=61, power_w=75.5, power_limit_w=700.0, slowed=(), processes=()
    )


def test_an_old_driver_without_the_second_memory_call_counts_the_reserve_as_used(
    build_library: Callable[..., Path], tmp_path: Path
) -> None:
    machine = Machine(build_library("NO_MEMORY_V2"), tmp_path / "gpus")
    machine.set("2048 37 61")

    reading = python(read(0), machine.env(1))

    assert (reading.memory_used_bytes, reading.memory_reserved_bytes) == (2648 << 20, None)


def test_a_driver_without_a_call_leaves_that_value_unknown(
    build_library: Callable[..., Path], tmp_path: Path
) -> None:
    machine = Machine(build_library("NO_MEMORY_V1", "NO_MEMORY_V2", "NO_READINGS"), tmp_path / "gpus")

    assert python(GPUS, machine.env(1)) == (Gpu(UUID(0), NAME, 0, None, None, False),)
    assert python(read(0), machine.env(1)) == GpuReading()


def test_the_instances_of_a_gpu_in_mig_mode_follow_it(machine: Machine) -> None:
    machine.set("512 0 35 0 0 0 143771 0 2", "512 0 35 0 0 0 143771 0 -1")

    assert python(GPUS, machine.env(2)) == (
        Gpu(UUID(0), NAME, 0, TOTAL, "default", True),
        Gpu(MIG_UUID(0, 0), NAME, 0, TOTAL, "default", None, 0),
        Gpu(MIG_UUID(0, 1), NAME, 0, TOTAL, "default", None, 1),
        Gpu(UUID(1), NAME, 1, TOTAL, "default", None),
    )


def test_a_gpu_that_falls_off_while_its_instances_are_counted_is_lost_and_the_next_one_stands() -> None:
    class Lost(Exception):
        value = 15

    def most_instances(handle: int) -> int:
        raise Lost

    calls = {
        "nvmlDeviceGetCount": lambda: 2, "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetUUID": UUID, "nvmlDeviceGetMigMode": lambda handle: (int(handle == 0), 0),
        "nvmlDeviceGetMaxMigDeviceCount": most_instances,
    }  # fmt: skip
    library = SimpleNamespace(NVMLError=Lost, nvmlMemory_v2=2, **calls)

    assert Nvml(library).gpus() == (
        Unreachable(0, "it has fallen off the bus (a reset or a reboot brings it back)"),
        Gpu(UUID(1), "GPU", 1, None, None, mig=False),
    )


def test_the_compute_mode_is_named_and_mps_lets_many_in(machine: Machine, tmp_path: Path) -> None:
    machine.set("512 0 35 0 0 0 143771 3")
    environ = machine.env(1, CUDA_MPS_PIPE_DIRECTORY=str(tmp_path / "mps"))

    assert python(GPUS, environ)[0].compute_mode == "exclusive process"
    (tmp_path / "mps").mkdir()
    (tmp_path / "mps" / "control").touch()
    assert python(GPUS, environ)[0].compute_mode == "exclusive to MPS"


def test_the_driver_version_is_known(machine: Machine) -> None:
    assert python(ASK + "answer = nvml.driver_version", machine.env(1)) == "580.65.06"


def test_a_driver_with_no_gpu_lists_none(machine: Machine) -> None:
    assert python(GPUS, machine.env(0)) == ()


def test_a_uuid_that_is_not_here_is_unreachable(machine: Machine) -> None:
    assert isinstance(python(read(7), machine.env(1)), Unreachable)


def test_after_closing_a_reading_is_unreachable_and_closing_twice_is_harmless(machine: Machine) -> None:
    closed = ASK + f"nvml.close(); nvml.close()\nanswer = nvml.read({UUID(0)!r}), Nvml.open().gpus()"

    _, again = python(closed, machine.env(1))

    assert again == (healthy(0),)


def test_without_a_library_there_is_a_reason_and_no_exception(tmp_path: Path) -> None:
    answer = python(ASK + "answer = nvml", {"LD_LIBRARY_PATH": str(tmp_path)})

    if not isinstance(answer, Absent):
        pytest.skip("this machine has an NVIDIA driver")
    assert answer == Absent("there is no NVIDIA driver (libnvidia-ml.so.1 was not found)")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (9, "the NVIDIA driver is not loaded"),
        (18, "the NVIDIA driver was updated and its old kernel module still runs; a reboot mends that"),
        (999, "NVML did not start (an error)"),
    ],
)
def test_a_driver_that_does_not_start_says_why(machine: Machine, code: int, reason: str) -> None:
    answer = python(ASK + "answer = nvml", machine.env(1, FAKE_INIT=str(code)))

    assert answer == Absent(reason) or (code == 999 and answer.reason.startswith("NVML did not start ("))


def test_without_the_python_package_there_is_a_reason() -> None:
    code = "import sys\nsys.modules['pynvml'] = None\n" + ASK + "answer = nvml"

    assert python(code, {}) == Absent("the Python package nvidia-ml-py is not installed")
