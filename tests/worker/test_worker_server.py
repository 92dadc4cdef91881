"""The fork server: what it imports, when it refuses, and what a forked process inherits."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from worker_standin import Standin, until

from hptui.core.wire.request import ImportFailed, Ready, Start
from hptui.core.wire.spool import Attr, Begin, End

PLAIN = """
import os, random, sys, threading
import numpy as np
from beside import ANSWER
print("imported by", os.getpid())
loads = 0
def load_data():
    global loads
    loads += 1
    return {"data": [1, 2, 3], "pid": os.getpid(), "loads": loads}
def objective(trial):
    trial.set_user_attr("draws", [random.random(), float(np.random.rand())])
    trial.set_user_attr("env", {k: os.environ.get(k) for k in ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "PYTORCH_NVML_BASED_CUDA_CHECK", "HPTUI_TRIAL", "OWN")})
    trial.set_user_attr("where", [os.getcwd(), sys.path[0], __name__, sys.argv])
    trial.set_user_attr("group", [os.getsid(0) == os.getpid(), sys.stdin.read()])
    trial.set_user_attr("device", [trial.device, trial.max_steps, trial.seed])
    return float(ANSWER)
def data(trial):
    trial.set_user_attr("shared", trial.shared)
    return 1.0
"""


def write(folder: Path, text: str, name: str = "train.py") -> Path:
    (folder / "beside.py").write_text("ANSWER = 42\n")
    script = folder / name
    script.write_text(text)
    return script


def attrs(standin: Standin, number: int = 0) -> dict[str, object]:
    return {a.key: a.value for a in standin.of(Attr, number)}


def boot(standin: Standin, script: Path, **options: object) -> Ready:
    ready = standin.boot(script, **options)  # type: ignore[arg-type]  # keywords of boot
    assert isinstance(ready, Ready), ready
    return ready


def test_a_trial_finds_the_world_that_it_was_promised(
    standin: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    script = write(tmp_path, PLAIN)
    ready = boot(standin, script)
    assert (ready.level, ready.reason, ready.shared, ready.torch) == ("script", "", False, False)

    env = {"CUDA_VISIBLE_DEVICES": "GPU-1", "OWN": "yes", "OPENBLAS_NUM_THREADS": "3"}
    end = standin.end(standin.request(4, env=env, threads=2, device="GPU-1", max_steps=9, seed=11))

    assert (end.outcome, end.value) == ("complete", 42.0)
    got = attrs(standin, 4)
    assert got["env"] == {
        "CUDA_VISIBLE_DEVICES": "GPU-1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "3",
        "PYTORCH_NVML_BASED_CUDA_CHECK": None,
        "HPTUI_TRIAL": "a session/4",
        "OWN": "yes",
    }
    assert got["where"] == [str(standin.folder.path), str(tmp_path), "train", [str(script)]]
    assert got["group"] == [True, ""]
    assert got["device"] == ["cuda", 9, 11]
    assert "imported by" in standin.server_log and "imported by" not in standin.log(4)


def test_what_was_set_while_importing_is_as_before_in_a_trial(
    standin: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    boot(standin, write(tmp_path, PLAIN))
    standin.run(standin.request(threads=None))

    env = attrs(standin)["env"]
    assert isinstance(env, dict) and (env["OPENBLAS_NUM_THREADS"], env["OMP_NUM_THREADS"]) == ("7", None)


def test_the_seed_alone_decides_the_draws(standin: Standin, tmp_path: Path) -> None:
    boot(standin, write(tmp_path, PLAIN))
    for number, seed in enumerate((1, 1, 2)):
        standin.run(standin.request(number, seed=seed))

    first, again, other = (attrs(standin, number)["draws"] for number in range(3))
    assert first == again != other


def test_the_tag_is_seen_in_the_environment_of_the_trial_and_all_its_processes(
    standin: Standin, tmp_path: Path
) -> None:
    script = write(
        tmp_path,
        """
import os, subprocess, time
def objective(trial):
    subprocess.Popen(["setsid", "sleep", "600"])
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    trial.report(0.0, 0)
    time.sleep(600)
""",
    )
    boot(standin, script)
    pid = standin.start(standin.request(12)).pid

    tagged = until(lambda: found if len(found := with_tag(b"a session/12")) == 3 else None, "three tagged processes")

    assert pid in tagged
    assert not with_tag(b"a session/1")
    for process in tagged:
        os.kill(process, signal.SIGKILL)


def with_tag(tag: bytes) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                entries = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"HPTUI_TRIAL=" + tag in entries:
                found.append(int(name))
    return found


def test_a_lease_lives_as_long_as_the_trial(standin: Standin, tmp_path: Path) -> None:
    script = write(
        tmp_path,
        "import os, time\ndef objective(trial):\n    os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '5'); time.sleep(600)\n",
    )
    boot(standin, script)
    lease = tmp_path / "lease"
    fd = os.open(lease, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    pid = standin.start(standin.request(), [fd]).pid
    os.close(fd)
    standin.wait_for(Begin)
    assert not is_free(lease)

    os.kill(pid, signal.SIGKILL)
    standin.exited(pid)

    until(lambda: is_free(lease), "the lease is free")


def is_free(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def test_shared_data_is_loaded_once_for_all(standin: Standin, tmp_path: Path) -> None:
    ready = boot(standin, write(tmp_path, PLAIN), shared="load_data", function="objective")
    assert ready.shared
    for number in range(2):
        standin.run(standin.request(number, name="data"))

    assert standin.server is not None
    expected = {"data": [1, 2, 3], "pid": standin.server.pid, "loads": 1}
    assert [attrs(standin, n)["shared"] for n in range(2)] == [expected, expected]


THREADED = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True, name="watcher").start()
"""


def test_a_script_that_starts_a_thread_at_import_is_left_to_each_trial(standin: Standin, tmp_path: Path) -> None:
    ready = boot(standin, write(tmp_path, THREADED + PLAIN), shared="load_data")

    assert ready.level == "modules"
    assert ready.reason == "train.py: 1 thread left running (watcher), so each trial imports it itself"
    forked = standin.start(standin.request(name="data"))
    standin.exited(forked.pid)
    assert attrs(standin)["shared"] == {"data": [1, 2, 3], "pid": forked.pid, "loads": 1}
    assert not standin.of(Begin)[0].cold


def test_a_shared_function_that_leaves_a_thread_is_called_by_each_trial(standin: Standin, tmp_path: Path) -> None:
    text = PLAIN.replace("    global loads\n", "    global loads\n" + THREADED.replace("\n", "\n    ").rstrip() + "\n")
    ready = boot(standin, write(tmp_path, text.replace("import os", "import time, os", 1)), shared="load_data")

    assert (ready.level, ready.shared) == ("script", False)
    assert ready.reason == "load_data(): 1 thread left running (watcher), so each trial calls it itself"
    forked = standin.start(standin.request(name="data"))
    standin.exited(forked.pid)
    assert attrs(standin)["shared"] == {"data": [1, 2, 3], "pid": forked.pid, "loads": 1}


def test_a_preloaded_module_with_threads_means_that_nothing_is_forked(standin: Standin, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(THREADED)
    script = write(tmp_path, PLAIN)
    ready = boot(standin, script, modules=("auto", "busy"))

    assert ready.level == "cold"
    assert "1 thread left running (watcher)" in ready.reason
    with pytest.raises(AssertionError, match="Refused"):
        standin.start(standin.request())


def test_cuda_initialised_at_import_is_told_and_the_script_left_to_each_trial(standin: Standin, tmp_path: Path) -> None:
    package = tmp_path / "torch"
    package.mkdir()
    (package / "__init__.py").write_text("from torch import cuda\n")
    (package / "cuda.py").write_text("ready = False\ndef is_initialized():\n    return ready\n")
    script = write(tmp_path, "import torch\ntorch.cuda.ready = True\ndef objective(trial):\n    return 1.0\n")

    ready = boot(standin, script)

    assert (ready.level, ready.torch) == ("modules", True)
    assert ready.reason == "train.py: CUDA was initialised, so each trial imports it itself"
    assert standin.end(standin.request()).value == 1.0


def test_a_thread_that_starts_later_makes_the_server_refuse(standin: Standin, tmp_path: Path) -> None:
    text = "import signal, threading, time\n" + THREADED.splitlines()[-1].replace(
        "threading.Thread", "late = lambda *_: threading.Thread"
    )
    script = write(tmp_path, text + "\nsignal.signal(signal.SIGWINCH, late)\n" + PLAIN)
    assert boot(standin, script).level == "script"
    assert standin.server is not None
    os.kill(standin.server.pid, signal.SIGWINCH)
    until(lambda: len(os.listdir(f"/proc/{standin.server.pid}/task")) == 2 if standin.server else None, "a thread")

    with pytest.raises(AssertionError, match=r"Refused.*1 thread left running"):
        standin.start(standin.request())


@pytest.mark.parametrize(
    ("text", "reason", "detail"),
    [
        ("def objective(trial:\n    pass\n", r"SyntaxError: '\(' was never closed \(train.py, line 1\)", r"\^"),
        (
            "import no_such_thing\n",
            "ModuleNotFoundError: No module named 'no_such_thing'",
            r'(?s)train.py", line 1.*hint: trials run in .*python.*, which lacks no_such_thing: install it there',
        ),
        ("from .data import load\n", "ImportError: attempted relative import", "from PACKAGE.MODULE import objective"),
        (
            "import json\ndef read():\n    return json.loads('{')\nread()\n",
            "JSONDecodeError: Expecting property name",
            r"(?s)line 4, in <module>.*line 3, in read.*\njson\.decoder\.JSONDecodeError",
        ),
        ("import sys\nsys.exit(2)\n", r"the script called sys.exit\(2\) while it was imported", "__main__"),
        ("def objectve(trial):\n    pass\n", "objective.function: train.py has no function objective", "objectve"),
        ("objective = 3\n", "objective.function: objective in train.py is a int, not a function", ""),
        ("def objective(t):\n    pass\n", "objective.shared: train.py has no function load_data", ""),
        (
            "def load_data():\n    1 / 0\ndef objective(t): pass\n",
            "ZeroDivisionError: division by zero",
            "in load_data",
        ),
    ],
)
def test_a_script_that_cannot_be_imported_is_told_in_the_users_own_frames(
    standin: Standin, tmp_path: Path, text: str, reason: str, detail: str
) -> None:
    failed = standin.boot(write(tmp_path, text), shared="load_data", function="objective")

    assert isinstance(failed, ImportFailed)
    assert re.match(reason, failed.reason), failed.reason
    assert re.search(detail, failed.detail), failed.detail
    theirs = failed.detail.replace(sys.executable, "python")
    assert "hptui" not in theirs and "importlib" not in theirs


def test_a_missing_script_is_an_import_failure(standin: Standin, tmp_path: Path) -> None:
    failed = standin.boot(tmp_path / "gone.py")

    assert isinstance(failed, ImportFailed) and failed.reason.startswith("objective.script: there is no file")


def test_a_script_may_be_named_like_a_module_and_have_a_folder_named_core(standin: Standin, tmp_path: Path) -> None:
    for name in ("core", "tui"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True\n")
    script = write(
        tmp_path,
        "import random, core, tui\nassert core.MINE and tui.MINE\ndef objective(trial):\n    return 1.0\n",
        "threading.py",
    )
    boot(standin, script)

    assert standin.end(standin.request()).outcome == "complete"


def test_handlers_that_the_script_registers_run_in_each_trial_and_temporary_folders_stay(
    standin: Standin, tmp_path: Path
) -> None:
    text = """
import atexit, os, tempfile
folder = tempfile.TemporaryDirectory()
atexit.register(print, "goodbye")
def objective(trial):
    own = tempfile.TemporaryDirectory()
    trial.set_user_attr("own", own.name)
    trial.kept = own
    return float(os.path.isdir(folder.name))
"""
    boot(standin, write(tmp_path, text))
    for number in range(2):
        assert standin.end(standin.request(number)).value == 1.0
        assert standin.log(number).count("goodbye") == 1
        own = attrs(standin, number)["own"]
        assert isinstance(own, str) and not os.path.exists(own)


def test_many_trials_at_once_are_each_told_apart(standin: Standin, tmp_path: Path) -> None:
    boot(standin, write(tmp_path, "def objective(trial):\n    return float(trial.number)\n"))
    pids = [standin.start(standin.request(number)).pid for number in range(20)]
    statuses = [standin.exited(pid) for pid in pids]

    assert statuses == [0] * 20
    assert [standin.wait_for(End, n).value for n in range(20)] == [float(n) for n in range(20)]
    assert len(set(pids)) == 20


def test_no_script_serves_programs(standin: Standin) -> None:
    ready = standin.boot(None)
    assert isinstance(ready, Ready) and ready.level == "script"
    start: Start = standin.request(objective=standin.program(sys.executable, "-c", "print('hptui: value=3')"))

    assert standin.end(start).value == 3.0


def test_a_process_forked_ahead_ends_with_the_server(standin: Standin, tmp_path: Path) -> None:
    boot(standin, write(tmp_path, PLAIN))
    assert standin.server is not None
    server = standin.server.pid
    spare = until(lambda: children_of(server), "a process forked ahead")[0]

    standin.server.kill()
    standin.server.wait()

    until(lambda: not os.path.exists(f"/proc/{spare}") or "Z" in Path(f"/proc/{spare}/stat").read_text(), "gone")
    assert standin.connection is not None and standin.connection.recv(100) == b""


def test_a_process_forked_ahead_that_was_killed_is_not_missed(standin: Standin, tmp_path: Path) -> None:
    boot(standin, write(tmp_path, PLAIN))
    assert standin.server is not None
    server = standin.server.pid
    spare = until(lambda: children_of(server), "a process forked ahead")[0]
    os.kill(spare, signal.SIGKILL)
    until(lambda: spare not in children_of(server), "reaped")

    assert standin.end(standin.request()).outcome == "complete"
    assert standin.of(Begin)[0].pid != spare


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread")
def test_numpy_gets_its_threads_back_in_the_trial(standin: Standin, tmp_path: Path) -> None:
    text = """
import os
import numpy as np
def objective(trial):
    a = np.ones((600, 600))
    assert (a @ a)[0, 0] == 600
    return float(len(os.listdir("/proc/self/task")))
"""
    boot(standin, write(tmp_path, text))

    assert [standin.end(standin.request(n, threads=n + 1)).value for n in range(2)] == [1.0, 2.0]
