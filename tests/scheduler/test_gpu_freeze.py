"""Paused trials whose GPU memory is moved away: real schedulers and processes, stand-ins for NVML and cuda.core."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hptui.core.devices.freezer import out, why_not
from hptui.core.devices.inventory import Device, Place
from hptui.core.scheduler import events as e
from hptui.core.scheduler.apply import apply
from hptui.core.scheduler.state import Rules, SchedulerState
from hptui.core.study.trial import Process, Why

Make = Callable[..., Any]
STUB = Path(__file__).parent.parent / "devices"

SCRIPT = """
    import os, time

    def objective(trial):
        for step in range(10_000):
            trial.report(trial.params["x"], step)
            if SAVES and step % 5 == 0:
                trial.checkpoint.save(step)
            if step >= 6 and os.path.exists("end"):
                break
            time.sleep(0.02)
        return trial.params["x"]
"""

STUDY = """
    sampler = "random"
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 1
    [resources]
    freeze = true
"""


@pytest.fixture
def one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the stand-in keeps what it did."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) to build the stub NVML with")
    stand_in = tmp_path / "stand-in"
    package = stand_in / "cuda" / "core"
    package.mkdir(parents=True)
    (stand_in / "cuda" / "__init__.py").touch()
    (package / "__init__.py").touch()
    shutil.copy(STUB / "fake_checkpoint.py", package / "checkpoint.py")
    library = stand_in / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, STUB / "fake_nvml.c"], check=True)
    path = [str(stand_in), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    monkeypatch.setenv("STAND_IN", str(stand_in))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(stand_in))
    monkeypatch.setenv("FAKE_GPUS", "1")
    monkeypatch.setenv("FAKE_NVML_STATE", str(tmp_path / "gpus"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return stand_in


def end(one_gpu: Path) -> None:
    """From now on trials end."""
    (one_gpu.parent / "end").touch()


def paused(s: Any, number: int = 0) -> Any:
    s.wait_for(number, "RUNNING")
    s.until(lambda: (s.trials()[number].step or 0) > 6)
    s.wish("pause", number)
    return s.wait_for(number, "PAUSED")


def test_a_paused_trial_leaves_its_gpu_to_another_and_goes_on_in_the_same_process(session: Make, one_gpu: Path) -> None:
    s = session(SCRIPT.replace("SAVES", "False"), STUDY.replace("n_trials = 1", "n_trials = 2"))
    s.start()
    row = paused(s)
    assert row.pid and (one_gpu / str(row.pid)).read_text() == "checkpointed"
    s.until(lambda: s.process_state(row.pid) == "T", "it was not frozen")
    s.wait_for(1, "RUNNING")  # on the GPU that it left
    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive)
    s.start()

    s.wish("resume", 0)
    assert s.trials()[0].state == "PAUSED"
    end(one_gpu)
    s.finish()

    rows = s.trials()
    assert {row.state for row in rows.values()} == {"COMPLETE"} and len(rows) == 2
    assert (one_gpu / str(row.pid)).read_text() == "running"
    assert rows[0].ended_at > rows[1].ended_at > rows[1].started_at > row.paused_at
    assert [step for step, _ in s.reader.curve(0, "value")] == list(range((rows[0].step or 0) + 1))
    said = [event.reason for event in s.events("gpu-memory")]
    assert len(said) == 2 and "moved to the machine's memory in" in said[0] and "brought back in" in said[1]
    assert "gpu_memory" not in rows[0].attrs


def test_where_it_can_not_be_moved_it_stays_and_the_ledger_says_why(session: Make, one_gpu: Path) -> None:
    (one_gpu / "fail-in-lock").touch()
    s = session(SCRIPT.replace("SAVES", "False"), STUDY.replace("n_trials = 1", "n_trials = 2"))
    s.start()
    row = paused(s)

    assert row.device is not None and row.attrs["gpu_memory"] == "kept"
    assert [e.reason for e in s.events("warning")] == [
        "its GPU memory could not be moved to the machine's memory: RuntimeError: CUDA_ERROR_NOT_SUPPORTED"
    ]
    s.wait_for(1, "WAITING")
    s.wish("resume", 0)
    end(one_gpu)
    s.finish()
    assert {row.state for row in s.trials().values()} == {"COMPLETE"}


@pytest.mark.parametrize("breaks", ["kill-in-checkpoint", "fail-in-restore"])
def test_a_trial_that_cuda_loses_goes_on_from_its_checkpoint(session: Make, one_gpu: Path, breaks: str) -> None:
    s = session(SCRIPT.replace("SAVES", "True"), STUDY)
    s.start()
    (one_gpu / breaks).touch()
    paused(s)
    if breaks == "fail-in-restore":
        s.wish("resume", 0)
    away = s.until(lambda: s.events("put-away"), "it was not put away")[0].reason
    (one_gpu / breaks).unlink()
    if breaks == "kill-in-checkpoint":
        s.wish("resume", 0)
    end(one_gpu)
    s.finish()

    assert "goes on from its checkpoint of step" in away
    assert {row.state for row in s.trials().values()} == {"COMPLETE"} and len(s.trials()) == 1


def test_without_a_checkpoint_it_is_tried_again_and_what_is_lost_is_said(session: Make, one_gpu: Path) -> None:
    s = session(SCRIPT.replace("SAVES", "False"), STUDY)
    s.start()
    (one_gpu / "fail-in-restore").touch()
    paused(s)
    s.wish("resume", 0)
    lost = s.wait_for(0, "FAIL")
    (one_gpu / "fail-in-restore").unlink()
    end(one_gpu)
    s.finish()

    assert lost.cause == "lost"
    assert lost.reason == f"its GPU memory could not be brought back: {(lost.step or 0) + 1} steps are lost"
    (again,) = [row for row in s.trials().values() if row.retry_of == 0]
    assert again.state == "COMPLETE"


class Never:
    def lock(self, timeout_ms: int) -> None:
        raise AssertionError("the machine's memory is looked at first")


def test_the_machines_memory_is_looked_at_before_anything_is_moved() -> None:
    assert "of the machine's memory, and" in out(Never(), 1 << 60)


def test_what_rules_it_out_is_known_before_a_trial_runs(one_gpu: Path) -> None:
    assert why_not([Device("cpu", "", "cpu")]) == "trials run on the CPU"
    assert why_not([Device("MIG-1", "", "gpu")]) == "CUDA can't do it on MIG instances"


def test_news_of_a_move_that_comes_after_its_process_has_died_changes_nothing() -> None:
    x = e.Proposed(1.0, 0, {"x": 0.5}, (0.5,), "", "sampler", 1)
    begun = (x, e.Placed(1.0, 0, Place("GPU-a", 0), ""), e.Launched(1.0, 0), e.Started(1.0, 0, Process(7, 1)))
    state = SchedulerState(Rules(freeze=True), (Place("GPU-a", 0),), 1)
    for event in (*begun, e.AttrSet(1.0, 0, "checkpoint_step", 3), e.ParkAsked(1.0, 0, Why.USER), e.Parked(1.0, 0),
                  e.MemoryMoving(1.0, 0, "leaving"), e.Exited(2.0, 0, None), e.PutAway(2.0, 0, "")):  # fmt: skip
        state = apply(state, event)

    assert apply(state, e.MemoryMoved(3.0, 0, "no such process", 0.1, True)) == replace(state, now=3.0)
