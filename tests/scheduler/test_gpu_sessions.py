"""Sessions on GPUs: the real bindings over a stub driver, real schedulers, real trials. No GPU is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
STUB = Path(__file__).parent.parent / "devices"
UUIDS = ["GPU-fa4e0000-0000-0000-0000-000000000000", "GPU-fa4e0000-0000-0000-0000-000000000001"]

SCRIPT = """
    import os, time

    def objective(trial):
        trial.set_user_attr("sees", os.environ["CUDA_VISIBLE_DEVICES"])
        trial.set_user_attr("device", trial.device)
        for step in range(20):
            trial.report(0.0, step)
            time.sleep(0.02)
        while WAITS and not os.path.exists("end"):
            trial.report(0.0, step := step + 1)
            time.sleep(0.02)
        return 0.0
""".replace("WAITS", "False")
UNTIL_TOLD = SCRIPT.replace("False", "True")

STUDY = """
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 4
"""


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) to build the stub NVML with")
    library = tmp_path / "nvml"
    library.mkdir()
    output = library / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", output, STUB / "fake_nvml.c"], check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library))
    monkeypatch.setenv("FAKE_GPUS", "2")
    monkeypatch.setenv("FAKE_NVML_STATE", str(tmp_path / "gpus"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def overlaps(rows: list[Any]) -> list[tuple[int, int]]:
    """Pairs of trials that ran on one GPU at the same time."""
    spans = sorted((row.device, row.started_at, row.ended_at, row.number) for row in rows if row.started_at)
    return [
        (one[3], two[3]) for one, two in pairwise(spans) if one[0] == two[0] and two[1] < one[2]
    ]


@pytest.mark.usefixtures("two_gpus")
def test_each_trial_has_a_gpu_of_its_own_by_uuid(session: Make) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    s.finish()

    rows = list(s.trials().values())
    assert {row.state for row in rows} == {"COMPLETE"}
    assert {row.device for row in rows} == set(UUIDS)
    assert all(row.attrs["sees"] == row.device and row.attrs["device"] == "cuda" for row in rows)
    assert overlaps(rows) == []
    assert {device.id for device in s.reader.devices()} == set(UUIDS)


@pytest.mark.usefixtures("two_gpus")
def test_two_sessions_never_share_a_gpu_and_the_ledger_says_who_waits(session: Make, tmp_path: Path) -> None:
    one, two = session(UNTIL_TOLD, STUDY, name="one"), session(UNTIL_TOLD, STUDY, name="two")
    one.start()
    one.wait_for(0, "RUNNING")
    one.wait_for(1, "RUNNING")
    two.start()
    two.until(lambda: two.events("waiting"))
    (tmp_path / "end").touch()
    one.finish()
    two.finish()

    rows = [*one.trials().values(), *two.trials().values()]
    assert {row.state for row in rows} == {"COMPLETE"} and len(rows) == 8
    assert overlaps(rows) == []
    waits = [event.reason for event in [*one.events("waiting"), *two.events("waiting")]]
    assert waits and all("leased by another session" in reason for reason in waits)


@pytest.mark.usefixtures("two_gpus")
def test_a_paused_trial_keeps_its_gpu_because_its_memory_is_there(session: Make) -> None:
    s = session(UNTIL_TOLD, STUDY)
    s.start()
    s.wait_for(0, "RUNNING")
    s.wait_for(1, "RUNNING")
    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")

    s.wish("prune", 1)
    s.wait_for(1, "PRUNED")
    third = s.wait_for(2, "RUNNING")

    assert third.device == s.trials()[1].device != s.trials()[0].device
    s.wait_for(3, "WAITING")
    s.wish("resume", 0)
    s.wait_for(0, "RUNNING")


@pytest.mark.usefixtures("two_gpus")
def test_gpus_that_cuda_visible_devices_hides_are_left_alone(session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    s = session(SCRIPT, STUDY)
    s.start()
    s.finish()

    assert {row.device for row in s.trials().values()} == {UUIDS[1]}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"


SAVES = """
    import hptui, os, time

    def objective(trial):
        state = trial.checkpoint.load()
        first = 0 if state is None else state["step"] + 1
        for step in range(first, 10):
            time.sleep(0.02)
            trial.checkpoint.save({"step": step}, step)
            trial.report(trial.params["x"] + 1.0 / (step + 1), step, gpu=int(os.environ["CUDA_VISIBLE_DEVICES"][-1]))
            if trial.should_prune():
                raise hptui.TrialPruned()
        return trial.params["x"]
"""


@pytest.mark.usefixtures("two_gpus")
def test_held_trials_that_saved_leave_their_gpus_to_others_and_go_on_from_there(session: Make) -> None:
    rungs = '[pruner]\nname = "asha"\n'
    s = session(SAVES, f"seed = 1\n{rungs}" + STUDY.replace("n_trials = 4", "n_trials = 9\n    max_steps = 10"))
    s.start()
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and len(rows) == 9 and {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    away = [event.reason for event in s.events("put-away")]
    assert away and all("gives GPU " in reason and "goes on from its checkpoint of step" in reason for reason in away)
    pruned = [row.reason for row in rows.values() if row.state == "PRUNED"]
    assert s.events("promoted") and all(reason.startswith("held at") for reason in pruned)
    for number, row in rows.items():
        assert [step for step, _ in s.reader.curve(number, "value")] == list(range((row.step or 0) + 1))
    s.until(lambda: not s.processes(), "processes were left behind")
