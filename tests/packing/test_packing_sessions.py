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
            pretend_gpu.compute(0.1)
            trial.report(0.0, step)
        return 0.0
"""


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
    {resources}
    """


def most_at_once(rows: list[Any]) -> int:
    """The most trials that ran on one GPU at the same time."""
    spans = [(row.device, row.started_at, row.ended_at) for row in rows]
    return max(sum(d == device and start <= at < end for d, start, end in spans) for device, at, _ in spans)


def test_trials_are_packed_by_what_earlier_ones_needed(session: Make, pretended: Make) -> None:
    pretended(gpus=1, total_mib=8192)
    s = session(SCRIPT, study(16, ""))
    s.start()
    s.finish()

    rows = list(s.trials().values())
    assert {row.state for row in rows} == {"COMPLETE"}
    assert 2 <= most_at_once(rows) <= 7
    peaks = [row.attrs["gpu_memory_peak_bytes"] / 2**20 for row in rows if "gpu_memory_peak_bytes" in row.attrs]
    assert len(peaks) >= 12 and all(900 <= peak <= 1100 for peak in peaks)
    starts = [event.reason for event in s.events("starting")]
    assert "what a trial needs is not known yet" in starts[0]
    assert any("by the peaks of" in reason and "beside" in reason for reason in starts)


def test_who_runs_out_of_memory_beside_others_is_tried_again_and_the_rest_goes_on(
    session: Make, pretended: Make
) -> None:
    """Memory hangs on nothing that anybody could learn from: some guesses must be wrong."""
    pretended(gpus=1, total_mib=8192)
    script = SCRIPT.replace('int(trial.params["mib"])', "3500 if trial.number in (6, 7, 9) else 600")
    s = session(script, study(12, "", steps=15))
    s.start()
    s.finish()

    rows = s.trials()
    assert all(row.state == "COMPLETE" or row.cause == "oom" for row in rows.values())
    assert sum(row.state == "COMPLETE" for row in rows.values()) >= 12


def test_a_declared_need_is_kept_to_and_the_wait_says_the_numbers(session: Make, pretended: Make) -> None:
    pretended(gpus=1, total_mib=8192)
    s = session(SCRIPT, study(6, "gpu_memory = '3 GiB'", mib="[1000]"))
    s.start()
    waiting = s.until(lambda: [row for row in s.trials().values() if row.state == "WAITING" and "needs" in row.reason])
    s.finish()

    assert waiting[0].reason.startswith("waiting: needs 3 GiB, GPU 0 has 1.8 GiB that no trial is to have")
    assert most_at_once(list(s.trials().values())) == 2


def test_quarters_of_a_gpu_are_shared_by_two_sessions_without_oversubscribing_it(
    session: Make, pretended: Make
) -> None:
    pretended(gpus=1, total_mib=8192)
    text = study(8, "gpus = 0.25", mib="[500]")
    one, two = session(SCRIPT, text, name="one"), session(SCRIPT, text, name="two")
    one.start()
    two.start()
    one.finish()
    two.finish()

    rows = [*one.trials().values(), *two.trials().values()]
    assert {row.state for row in rows} == {"COMPLETE"} and len(rows) == 16
    assert most_at_once(rows) == 4


def test_a_trial_gets_two_gpus_at_once(session: Make, pretended: Make) -> None:
    pretended(gpus=3)
    script = SCRIPT.replace("pretend_gpu.allocate", "assert len(pretend_gpu.gpus()) == 2; pretend_gpu.allocate")
    s = session(script, study(4, "gpus = 2", mib="[500]", steps=5))
    s.start()
    s.finish()

    rows = list(s.trials().values())
    assert {row.state for row in rows} == {"COMPLETE"}
    assert all(len(row.device.split(",")) == 2 for row in rows)
    assert most_at_once(rows) == 1


def test_trials_leave_a_gpu_that_a_stranger_comes_to_and_go_on_when_he_has_gone(
    session: Make, pretended: Make
) -> None:
    ledger = pretended(gpus=1)
    s = session(SCRIPT, study(1, "gpus = 1\n    yield = true", mib="[500]", steps=150))
    s.start()
    s.wait_for(0, "RUNNING")
    stranger = subprocess.Popen(["sleep", "120"])
    try:
        (ledger / f"0.{stranger.pid}").write_text("2000")
        assert s.wait_for(0, "PAUSED").why == "yielded"
        who = f"1 other process (pid {stranger.pid}), 2.0 GiB"
        told = [event.reason for event in s.events("gpu-strangers")]
        assert told == [f"GPU 0 is also used by {who}: trials leave it until it is free again"]
    finally:
        stranger.kill()
        stranger.wait()
    s.wait_for(0, "RUNNING")


def test_a_drained_gpu_gets_nothing_new_until_it_is_brought_back(session: Make, pretended: Make) -> None:
    pretended(gpus=2)
    s = session(SCRIPT, study(8, "gpus = 1", mib="[500]", steps=10))
    s.start()
    s.wait_for(1, "RUNNING")
    assert s.wish("drain", device="1").kind == "wished"
    s.wait_for(4, "COMPLETE")
    drained = s.events("gpu-closed")[0]
    late = [row for row in s.trials().values() if row.started_at and row.started_at > drained.at]
    assert {row.device[-1] for row in late} == {"0"}
    assert s.wish("drain", device="1").reason == "GPU 1 is drained by you already"
    assert s.wish("drain", device="7").reason == "there is no GPU 7 here: GPU 0, GPU 1"
    s.wish("bring-back", device="1")
    s.finish()

    back = s.events("gpu-opened")[0]
    assert back.reason == "GPU 1 takes trials again, brought back by you"
    assert {row.device[-1] for row in s.trials().values() if row.started_at > back.at} == {"0", "1"}


def test_in_a_container_peaks_are_told_by_the_memory_of_the_device(session: Make, pretended: Make) -> None:
    """NVML counts pids as the host does: none of them is anybody's here."""
    pretended(gpus=1, total_mib=8192, FAKE_PID_SHIFT="4000000")
    s = session(SCRIPT, study(3, "", mib="[1000]", steps=20))
    s.start()
    s.finish()

    rows = s.trials().values()
    assert {row.state for row in rows} == {"COMPLETE"}
    assert 1000 in [round(row.attrs.get("gpu_memory_peak_bytes", 0) / 2**20) for row in rows]
    assert s.events("gpu-strangers") == []


def test_trials_of_a_lost_gpu_are_tried_elsewhere(session: Make, pretended: Make, tmp_path: Path) -> None:
    pretended(gpus=2)
    s = session(SCRIPT, study(2, "gpus = 1", mib="[500]", steps=40))
    s.start()
    s.wait_for(0, "RUNNING")
    s.wait_for(1, "RUNNING")
    gone = s.trials()[0]
    broken = int(gone.device[-1])
    lines = ["512 0 35 0 0 15" if gpu == broken else "512" for gpu in range(2)]
    (tmp_path / "gpus.new").write_text("\n".join(lines) + "\n")
    (tmp_path / "gpus.new").rename(tmp_path / "gpus")

    failed = s.wait_for(0, "FAIL")
    assert (failed.cause, failed.may_retry) == ("lost", True)
    assert failed.reason.startswith(f"GPU {broken} was lost: it has fallen off the bus")
    s.finish()
    again = next(row for row in s.trials().values() if row.retry_of == 0)
    assert again.state == "COMPLETE" and int(again.device[-1]) == 1 - broken
    assert s.events("gpu-lost")[0].data["device"] == gone.device


def test_a_scheduler_that_is_killed_leaves_the_shares_to_the_trials_and_the_next_one_knows_them(
    session: Make, pretended: Make
) -> None:
    pretended(gpus=1)
    s = session(SCRIPT, study(5, "gpus = 0.5", mib="[500]", steps=20))
    s.start()
    s.wait_for(0, "RUNNING")
    s.wait_for(1, "RUNNING")
    uuid = s.trials()[0].device
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    held = leases.UNITS - leases.free_units(leases_home(), uuid)
    s.start()
    s.finish()

    rows = list(s.trials().values())
    assert held == leases.UNITS
    assert {row.state for row in rows} == {"COMPLETE"} and len(rows) == 5
    assert most_at_once(rows) == 2
    assert s.until(lambda: leases.free_units(leases_home(), uuid) == leases.UNITS)
