"""What the readings say of devices, and of who else uses them."""

from __future__ import annotations

import threading
import time

from fake_driver import UUID, Machine, python

from hptui.core.devices import host
from hptui.core.devices.inventory import Device
from hptui.core.devices.nvml import GpuProcess
from hptui.core.devices.readings import DeviceReading, Readings, strangers
from hptui.core.devices.scripted import ScriptedDevices

WATCH = f"""
import time
from hptui.core.devices.inventory import Device
from hptui.core.devices.readings import Readings
def until(what):
    deadline = time.monotonic() + 20
    while not (found := what()) and time.monotonic() < deadline: time.sleep(0.005)
    return found
devices = [Device({UUID(0)!r}, "H200", "gpu", 0), Device({UUID(1)!r}, "H200", "gpu", 1)]
readings = Readings(devices, interval_s=0.02)
before = readings.latest()
readings.start()
first = until(readings.latest)
"""


def test_gpus_are_read_in_a_thread_and_nothing_is_known_before_the_first_look(machine: Machine) -> None:
    machine.set("1024 50 60 77 900", "512")

    before, first = python(WATCH + "readings.close()\nanswer = before, first", machine.env(2))

    assert before == ()
    assert [(r.device_id, r.load, r.memory_used_bytes, r.temperature_c, r.lost) for r in first] == [
        (UUID(0), 0.5, 1024 << 20, 60, False),
        (UUID(1), 0.0, 512 << 20, 35, False),
    ]
    assert first[0].processes == (GpuProcess(77, 900 << 20),)


def test_a_gpu_lost_while_reading_becomes_a_reading_that_says_so(machine: Machine) -> None:
    machine.set("512", "512")
    lose = f"""
import os
open({str(machine.state)!r} + '.new', 'w').write('512\\n512 0 35 0 0 15\\n')
os.rename({str(machine.state)!r} + '.new', {str(machine.state)!r})
until(lambda: readings.latest()[1].lost)
answer = readings.latest()
readings.close()
"""
    well, lost = python(WATCH + lose, machine.env(2))

    assert (well.lost, well.note, well.memory_used_bytes) == (False, "", 512 << 20)
    assert (lost.lost, lost.memory_used_bytes) == (True, None)
    assert lost.note == "it has fallen off the bus (a reset or a reboot brings it back)"


def test_gpus_whose_driver_went_away_read_as_lost() -> None:
    code = "import sys\nsys.modules['pynvml'] = None\n" + WATCH + "readings.close()\nanswer = first"

    assert [(r.lost, r.note) for r in python(code, {})] == [
        (True, "the Python package nvidia-ml-py is not installed")
    ] * 2


def test_the_cpu_has_a_load_and_memory_after_two_looks() -> None:
    readings = Readings([Device("cpu", "Xeon", "cpu")], interval_s=0.05)
    readings.start()
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not any(r.load is not None for r in readings.latest()):
            time.sleep(0.01)
        (seen,) = readings.latest()
    finally:
        readings.close()

    assert seen.load is not None and 0.0 <= seen.load <= 1.0
    assert seen.memory_used_bytes is not None and seen.memory_total_bytes is not None
    assert 0 < seen.memory_used_bytes < seen.memory_total_bytes
    assert not any(thread.name == "hptui-readings" for thread in threading.enumerate())


def test_load_is_the_busy_share_between_two_looks() -> None:
    before = host.parse_stat("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n")
    after = host.parse_stat("cpu  130 0 120 740 110 0 0 0 60 0\n")

    assert before == host.CpuTimes(busy=200, total=1000)
    assert host.load_between(before, after) == 0.5
    assert host.load_between(None, after) is None
    assert host.load_between(after, after) is None


def test_memory_that_is_only_cache_is_not_used() -> None:
    text = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\nHugePages_Total: 0\n"

    assert host.parse_meminfo(text) == host.Memory(400 * 1024, 1000 * 1024)


def test_an_unreadable_proc_gives_nothing() -> None:
    assert host.parse_stat("") is None
    assert host.parse_meminfo("") is None


def gpu(used_mib: int | None = 300, processes: tuple[GpuProcess, ...] | None = ()) -> DeviceReading:
    used = None if used_mib is None else used_mib << 20
    return DeviceReading(UUID(0), 1.0, memory_used_bytes=used, processes=processes)


def session(pid: int) -> int | None:
    """Processes 10, 11 and 12 are here, in the sessions of 10 and 12."""
    return {10: 10, 11: 10, 12: 12}.get(pid)


def test_our_trial_and_its_workers_are_no_strangers() -> None:
    ours = gpu(9000, (GpuProcess(10, 8 << 30), GpuProcess(11, 1 << 30)))

    assert strangers(ours, {10}, True, session=session) == ""


def test_a_process_of_somebody_else_beside_ours_is_seen() -> None:
    both = gpu(9000, (GpuProcess(10, 8 << 30), GpuProcess(12, 3 << 29)))

    assert strangers(both, {10}, True, session=session) == "also used by 1 other process (pid 12), 1.5 GiB"


def test_a_trial_of_another_session_is_no_stranger() -> None:
    both = gpu(9000, (GpuProcess(10, 8 << 30), GpuProcess(12, 3 << 29)))

    assert strangers(both, {10}, True, lambda pid: pid == 12, session) == ""


def test_a_process_nobody_knows_may_be_our_trial_seen_from_outside_a_container() -> None:
    assert strangers(gpu(9000, (GpuProcess(70123, 8 << 30),)), {10}, True, session=session) == ""


def test_a_process_nobody_knows_on_a_gpu_we_do_not_use_is_a_stranger() -> None:
    seen = gpu(9000, (GpuProcess(70123, 8 << 30), GpuProcess(None, None)))

    assert strangers(seen, (), False, session=session) == "used by 2 other processes (pid 70123)"


def test_memory_in_use_hints_at_strangers_where_processes_are_hidden() -> None:
    assert strangers(gpu(3072, None), (), False, session=session) == "used by others: 3.0 GiB"
    assert strangers(gpu(300, None), (), False, session=session) == ""
    assert strangers(gpu(3072, None), {10}, True, session=session) == ""
    assert strangers(gpu(None, None), (), False, session=session) == ""


def test_scripted_devices_say_what_they_are_told() -> None:
    one, two = DeviceReading("GPU-0", 1.0), DeviceReading("GPU-0", 2.0, lost=True)
    devices = ScriptedDevices.gpus(1)

    quiet = devices.latest()
    devices.show(one)
    shown = devices.latest(), devices.latest()
    played = ScriptedDevices(devices.inventory, [(one,), (two,)])

    assert (quiet, shown) == ((), ((one,), (one,)))
    assert [played.latest() for _ in range(3)] == [(one,), (two,), (two,)]
