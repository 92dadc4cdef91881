"""Sessions whose trials run on a cluster: from their first trial to their last, whoever dies in between."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from hptui.core.errors import SessionError

SCRIPT = """
    import time
    def objective(trial):
        x = trial.params["x"]
        for step in range(10):
            trial.report((x - 1) ** 2 + 10 - step, step)
        print("tried", x)
        return (x - 1) ** 2
"""
SLOW = """
    import time
    def objective(trial):
        begun = trial.checkpoint.load() or 0
        for step in range(begun, 1500):
            time.sleep(0.02)
            trial.report(1500 - step, step)
            trial.checkpoint.save(step + 1, step)
        return trial.params["x"]
"""
STUDY = """
    [space]
    x = {{ type = "float", low = -5.0, high = 5.0 }}
    [sampler]
    name = "random"
    [budget]
    n_trials = {trials}
"""


def test_twenty_trials_run_on_a_cluster_and_every_value_is_exact(session, ray_cluster):
    s = session(SCRIPT, STUDY.format(trials=20), executor=ray_cluster.fact, id=f"t{time.time_ns()}")
    s.start()

    fact = s.finish(90)

    assert fact["reason"] == "all 20 trials are done: 20 complete, 0 pruned, 0 failed"
    rows = s.trials()
    assert [rows[n].value for n in range(20)] == [(rows[n].params["x"] - 1) ** 2 for n in range(20)]
    for number, row in rows.items():
        reported = [(step, (row.params["x"] - 1) ** 2 + 10 - step) for step in range(10)]
        assert s.reader.curve(number, "value") == reported
        assert f"tried {row.params['x']}" in s.folder.trial(number).log.read_text()
    assert {row.device for row in rows.values()} == {"cpu@head"}


def bridge_of(scheduler: int) -> int:
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and b"hptui.core.remote.bridge" in Path("/proc", name, "cmdline").read_bytes():
                status = Path("/proc", name, "status").read_text()
                if f"PPid:\t{scheduler}\n" in status:
                    return int(name)
    raise AssertionError("there is no bridge")


def test_steering_reaches_the_nodes_and_outlives_the_scheduler(session, ray_cluster):
    s = session(SLOW, STUDY.format(trials=2), executor=ray_cluster.fact, id=f"t{time.time_ns()}")
    s.start()
    first = s.wait_for(0, "RUNNING")
    s.wait_for(1, "RUNNING")

    s.wish("pause", 0)
    s.wait_for(0, "PAUSED")
    s.until(lambda: s.process_state(first.pid) == "T", "it was not stopped")

    os.kill(s.scheduler_pid, signal.SIGKILL)
    s.until(lambda: not s.alive, "it lives")
    s.start()
    assert s.wait_for(0, "PAUSED").pid == first.pid
    assert s.wait_for(1, "RUNNING").started_at is not None

    os.kill(bridge_of(s.scheduler_pid), signal.SIGKILL)
    s.until(lambda: any("bridge to the cluster is gone" in one.reason for one in s.events("cluster")), "not noticed")
    s.wish("resume", 0)
    s.wait_for(0, "RUNNING")
    s.until(lambda: s.process_state(first.pid) != "T", "it was not let go on by the next bridge")
    s.wish("prune", 1)
    assert s.wait_for(1, "PRUNED").reason == "pruned by you"
    s.wish("stop", now=True)
    s.finish(60)
    assert s.processes() == []


def test_what_is_wrong_with_a_cluster_is_said_with_the_nodes_name(session, ray_cluster):
    missing = session(
        "import not_on_the_node\n" + SCRIPT.replace("\n    ", "\n"), STUDY.format(trials=3), executor=ray_cluster.fact,
        id=f"t{time.time_ns()}",
    )  # fmt: skip
    missing.start()

    assert missing.finish(60)["reason"] == "head: ModuleNotFoundError: No module named 'not_on_the_node'"

    no_gpu = session(SCRIPT, STUDY.format(trials=3) + "[resources]\ngpus = 1\n", "g", executor=ray_cluster.fact)
    with pytest.raises(SessionError) as told:
        no_gpu.start()
    assert "a trial takes 1 GPU, and no node of the cluster has one (head: CPU 2, GPU 0)" in str(told.value)

    other = "import ray; ray.__version__ = '2.0.0'; from hptui.core.remote import cluster, words as w; "
    other += f"cluster.connect(w.Join('.', 's', 'n', '{ray_cluster.address}', w.Asks(), '.'))"
    done = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, timeout=60, check=False)
    assert f"the cluster at {ray_cluster.address} has Ray {version('ray')} and Python" in done.stderr
    assert "; here are Ray 2.0.0 and Python" in done.stderr
