"""Sessions that pack trials on GPUs, over pretended ones: real bindings, schedulers, processes and leases."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hptui.core.devices import leases
from hptui.core.study.session import leases_home

Make = Callable[..., Any]

SCRIPT = """
    import pretend_gpu

    def objective(trial):
        pretend_gpu.allocate(int(trial.params["mib"]))
        for step in range(int(trial.params["steps"])):
            pretend_gpu.compute(0.05)
            trial.report(0.0, step)
        return 0.0
"""

UNTIL_TOLD = SCRIPT.replace("import", "import os,").replace(
    "        return", """
            if os.path.exists("end") or os.path.exists(f"end.{trial.number}"):
                break
        return""")  # fmt: skip
LONG = 2000  # steps: more than any test waits for


def study(n_trials: int, resources: str, mib: str = "{type = 'int', low = 900, high = 1100}", steps: int = 15) -> str:
    return f"""
    sampler = "random"
    [space]
    mib = {mib}
    steps = [{steps}]
    x = {{type = "float", low = 0.0, high = 1.0}}
    [budget]
    n_trials = {n_trials}
    [resources]
    look_every = "0.1 s"
    {resources}
    """


def most_at_once(rows: list[Any]) -> int:
    """The most trials that ran on one GPU at the same time."""
    spans = [(row.device, row.started_at, row.ended_at) for row in rows]
    return max(sum(d == device and start <= at < end for d, start, end in spans) for device, at, _ in spans)


def test_trials_are_packed_by_what_earlier_ones_needed_and_a_wrong_guess_is_tried_again(
    session: Make, pretended: Make
) -> None:
    """What the two large ones need hangs on nothing that anybody could learn from."""
    pretended(gpus=1, total_mib=8192)
    script = SCRIPT.replace('int(trial.params["mib"])', '3500 if trial.number in (9, 11) else int(trial.params["mib"])')
    s = session(script, study(14, "", steps=12))
    s.start()
    s.finish()

    rows = list(s.trials().values())
    assert all(row.state == "COMPLETE" or row.cause == "oom" for row in rows)
    assert sum(row.state == "COMPLETE" for row in rows) == 14
    assert 2 <= most_at_once(rows) <= 7
    known = [row.attrs["gpu_memory_peak_bytes"] / 2**20 for row in rows if "gpu_memory_peak_bytes" in row.attrs]
    peaks = [peak for peak in known if peak != 3500]
    assert len(peaks) >= 10 and all(900 <= peak <= 1100 for peak in peaks)
    starts = [event.reason for event in s.events("starting")]
    assert "what a trial needs is not known yet" in starts[0]
    assert any("by the peaks of" in reason and "beside" in reason for reason in starts)


def test_a_declared_need_is_kept_to_and_the_wait_says_the_numbers(
    session: Make, pretended: Make, tmp_path: Path
) -> None:
    pretended(gpus=1, total_mib=8192)
    s = session(UNTIL_TOLD, study(3, "gpu_memory = '3 GiB'", mib="[1000]", steps=LONG))
    s.start()
    waiting = s.until(lambda: [row for row in s.trials().values() if row.state == "WAITING" and "needs" in row.reason])
    (tmp_path / "end").touch()
    s.finish()

    assert waiting[0].reason.startswith("waiting: needs 3 GiB, GPU 0 has 1.8 GiB that no trial is to have")
    assert most_at_once(list(s.trials().values())) == 2


def test_two_sessions_share_quarters_of_a_gpu_and_one_whose_scheduler_is_killed_keeps_its_own(
    session: Make, pretended: Make, tmp_path: Path
) -> None:
    pretended(gpus=1, total_mib=8192)
    text = study(5, "gpus = 0.25", mib="[500]", steps=LONG)
    one, two = session(UNTIL_TOLD, text, name="one"), session(UNTIL_TOLD, text, name="two")
    one.start()
    two.start()
    one.wait_for(0, "RUNNING")
    uuid = one.trials()[0].device
    one.until(lambda: leases.free_units(leases_home(), uuid) == 0, "not all quarters were taken")
    os.kill(one.scheduler_pid, signal.SIGKILL)
    one.until(lambda: not one.alive)
    assert leases.free_units(leases_home(), uuid) == 0
    one.start()
    (tmp_path / "end").touch()
    one.finish()
    two.finish()

    rows = [*one.trials().values(), *two.trials().values()]
    assert {row.state for row in rows} == {"COMPLETE"} and len(rows) == 10
    assert most_at_once(rows) == 4
    assert one.until(lambda: leases.free_units(leases_home(), uuid) == leases.UNITS)


def test_a_trial_gets_two_gpus_at_once(session: Make, pretended: Make) -> None:
    pretended(gpus=3)
    script = SCRIPT.replace("pretend_gpu.allocate", "assert len(pretend_gpu.gpus()) == 2; pretend_gpu.allocate")
    s = session(script, study(3, "gpus = 2", mib="[500]", steps=3))
    s.start()
    s.finish()

    rows = list(s.trials().values())
    assert {row.state for row in rows} == {"COMPLETE"}
    assert all(len(row.device.split(",")) == 2 for row in rows)
    assert most_at_once(rows) == 1


def test_trials_give_way_to_strangers_and_drains_and_leave_a_lost_gpu(
    session: Make, pretended: Make, tmp_path: Path
) -> None:
    ledger = pretended(gpus=3)
    s = session(UNTIL_TOLD, study(4, "gpus = 1\n    yield = true", mib="[500]", steps=LONG))
    s.start()
    places = {number: s.wait_for(number, "RUNNING").device for number in range(3)}
    first, second, third = (int(uuid[-1]) for uuid in places.values())

    stranger = subprocess.Popen(["sleep", "120"])
    try:
        (ledger / f"{first}.{stranger.pid}").write_text("2000")
        assert s.wait_for(0, "PAUSED").why == "yielded"
        who = f"1 other process (pid {stranger.pid}), 2.0 GiB"
        told = [event.reason for event in s.events("gpu-strangers")]
        assert told == [f"GPU {first} is also used by {who}: trials leave it until it is free again"]
    finally:
        stranger.kill()
        stranger.wait()
    assert s.wait_for(0, "RUNNING").device == places[0]

    assert s.wish("drain", device=str(second)).kind == "wished"
    assert s.wish("drain", device=str(second)).reason == f"GPU {second} is drained by you already"
    assert s.wish("drain", device="7").reason == "there is no GPU 7 here: GPU 0, GPU 1, GPU 2"
    (tmp_path / "end.1").touch()
    s.wait_for(1, "COMPLETE")
    assert s.wait_for(3, "WAITING").device is None
    s.wish("bring-back", device=str(second))
    assert s.wait_for(3, "RUNNING").device == places[1]
    opened = s.events("gpu-opened")[0]
    assert opened.reason == f"GPU {second} takes trials again, brought back by you"
    assert s.trials()[3].started_at >= opened.at
    wished = [event.data for event in s.events("gpu-closed", "gpu-opened")]
    assert wished == 2 * [{"device": places[1], "drained": True}]

    lines = ["512 0 35 0 0 15" if gpu == third else "512" for gpu in range(3)]
    (tmp_path / "gpus.new").write_text("\n".join(lines) + "\n")
    (tmp_path / "gpus.new").rename(tmp_path / "gpus")
    failed = s.wait_for(2, "FAIL")
    assert (failed.cause, failed.may_retry) == ("lost", True)
    assert failed.reason.startswith(f"GPU {third} was lost: it has fallen off the bus")
    (tmp_path / "end").touch()
    s.finish()
    again = next(row for row in s.trials().values() if row.retry_of == 2)
    assert again.state == "COMPLETE" and again.device != places[2]
    assert s.events("gpu-lost")[0].data["device"] == places[2]


def test_in_a_container_peaks_are_told_by_the_memory_of_the_device(session: Make, pretended: Make) -> None:
    """NVML counts pids as the host does: none of them is anybody's here."""
    pretended(gpus=1, total_mib=8192, FAKE_PID_SHIFT="4000000")
    s = session(SCRIPT, study(2, "", mib="[1000]", steps=15))
    s.start()
    s.finish()

    rows = s.trials().values()
    assert {row.state for row in rows} == {"COMPLETE"}
    assert 1000 in [round(row.attrs.get("gpu_memory_peak_bytes", 0) / 2**20) for row in rows]
    assert s.events("gpu-strangers") == []


def test_mig_instances_go_by_the_number_that_the_screen_and_the_ledger_give_them(
    session: Make, pretended: Make, tmp_path: Path
) -> None:
    pretended(gpus=1)
    (tmp_path / "gpus").write_text("512 0 35 0 0 0 8192 0 2\n")
    s = session(UNTIL_TOLD, study(2, "gpus = 1", mib="[0]", steps=LONG))
    s.start()
    devices = {s.wait_for(number, "RUNNING").device for number in range(2)}

    parts = s.reader.facts()["mig_parts"]
    assert parts.keys() == devices and sorted(parts.values()) == ["0.0", "0.1"]
    assert s.wish("drain", device="0.1").kind == "wished"
    assert s.wish("drain", device="g0.1").reason == "GPU 0.1 is drained by you already"
    (tmp_path / "end").touch()
    s.finish()
