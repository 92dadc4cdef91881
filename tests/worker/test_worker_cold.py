"""A trial in a Python of its own, without the fork server."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from worker_standin import Standin

from hptui.core.wire.request import Function, encode
from hptui.core.wire.spool import Attr, Begin, End

SCRIPT = """
import os, random
def load_data():
    return [1, 2, 3]
def objective(trial):
    trial.set_user_attr("env", [os.environ.get(k) for k in ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "HPTUI_TRIAL")])
    trial.set_user_attr("tag", "HPTUI_TRIAL=a session/3" in open("/proc/self/environ").read().split(chr(0)))
    trial.set_user_attr("leader", os.getsid(0) == os.getpid())
    trial.set_user_attr("draw", random.random())
    return float(sum(trial.shared))
"""


def test_a_cold_trial_is_like_a_forked_one(standin: Standin, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    standin.boot(script, shared="load_data")
    forked = standin.request(2, threads=2, env={"CUDA_VISIBLE_DEVICES": "GPU-1"}, seed=5)
    standin.run(forked)
    cold = standin.request(3, threads=2, env={"CUDA_VISIBLE_DEVICES": "GPU-1"}, seed=5)

    assert run_cold(standin, cold, tmp_path) == 0

    assert standin.wait_for(End, 3) == End(standin.wait_for(End, 3).at, "complete", 6.0)
    assert [standin.wait_for(Begin, n).cold for n in (2, 3)] == [False, True]
    attrs = [{a.key: a.value for a in standin.of(Attr, n)} for n in (2, 3)]
    assert attrs[1] == {"env": ["GPU-1", "2", "a session/3"], "tag": True, "leader": True, "draw": attrs[0]["draw"]}


def test_a_cold_trial_whose_script_is_broken_says_so(standin: Standin, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("def objective(trial)\n    return 1\n")
    start = standin.request(objective=Function(str(script)))

    assert run_cold(standin, start, tmp_path) == 1

    end = standin.wait_for(End)
    assert (end.outcome, end.reason) == ("fail", "SyntaxError: expected ':' (train.py, line 1)")
    assert "def objective(trial)\n" in end.detail and "^" in end.detail


def run_cold(standin: Standin, start: object, folder: Path) -> int:
    request = folder / "request.json"
    request.write_bytes(encode(start))
    return subprocess.run([sys.executable, "-m", "hptui.core.worker.runner", str(request)], timeout=60).returncode


def test_a_cold_trial_holds_its_lease_and_its_programs_do_not(standin: Standin, tmp_path: Path) -> None:
    lease = os.open(tmp_path / "lease", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lease, fcntl.LOCK_EX)
    program = standin.program("sh", "-c", "ls -l /proc/$$/fd; echo ---; ls -l /proc/$PPID/fd; echo hptui: value=1")
    request = tmp_path / "request.json"
    request.write_bytes(encode(standin.request(objective=program)))
    command = [sys.executable, "-m", "hptui.core.worker.runner", str(request)]
    subprocess.run(command, pass_fds=[lease], timeout=60, check=True)
    os.close(lease)

    own, parents = standin.log().split("---\n")
    assert str(tmp_path / "lease") in parents and str(tmp_path / "lease") not in own
