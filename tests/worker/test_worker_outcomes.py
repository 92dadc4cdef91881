"""How a trial ends, told by real processes of one fork server."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_standin import Standin

from hptui.core.study.trial import Cause
from hptui.core.wire.spool import End

SEVERAL = 'a study with several objectives names them: metric = ["loss", "latency"]'

SCRIPT = """
import atexit, ctypes, os, subprocess, sys, threading, time
import numpy as np
import optuna
import hptui

def number(trial): return 0.25
def numpy_scalar(trial): return np.float32(0.25)
def one_element(trial): return np.array([0.25])
def whole(trial): return 3
def one_tuple(trial): return (0.5,)
def none_after_reports(trial):
    trial.report(0.5, 0); trial.report(0.25, 1)
def none(trial): return None
def nan(trial): return float("nan")
def infinite(trial): return -np.inf
def huge(trial): return 10**400
def text(trial): return "0.5"
def array(trial): return np.zeros((2, 3))
def pair(trial): return 1.0, 2.0
def pruned(trial):
    trial.report(0.5, 0)
    raise hptui.TrialPruned("bad luck")
def optuna_pruned(trial):
    raise optuna.TrialPruned()
def helper(x):
    return {}["lr"]
def raises(trial):
    return helper(1)
def library(trial):
    return np.linalg.inv(np.zeros((2, 2)))
def exit_0(trial):
    trial.report(0.25, 0)
    sys.exit()
def exit_3(trial): sys.exit(3)
def memory(trial): raise MemoryError
def gpu_memory(trial): raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
def interrupted(trial): raise KeyboardInterrupt
def bad_str(trial):
    class Odd(Exception):
        def __str__(self): raise ValueError
    raise Odd
def segfault(trial): ctypes.string_at(0)
def killed(trial): os.kill(os.getpid(), 9)
def thread_left(trial):
    threading.Thread(target=time.sleep, args=(600,)).start()
    return 1.0
def slow_exit(trial):
    atexit.register(time.sleep, 600)
    atexit.register(print, "last words")
    return 1.0
def child_left(trial):
    subprocess.Popen(["sleep", "600"])
    return 1.0
def forks(trial):
    if os.fork() == 0:
        return 7.0  # comes back from the objective a second time
    os.wait()
    return 1.0
def fork_reports(trial):
    pid = os.fork()
    if pid == 0:
        try: trial.report(1.0, 5)
        except RuntimeError as error: print("refused:", error, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
    return 1.0
def odd_output(trial):
    print("caf\\u00e9 \\ud800 \\x1b[31mred")
    os.write(1, b"\\xff\\xfe raw\\n")
    return 1.0
def no_number(trial): trial.report(1.0, "3")
def unknown(trial): return trial.suggest_float("lrr", 0, 1)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    path = tmp_path_factory.mktemp("outcomes")
    script = path / "train.py"
    script.write_text(SCRIPT)
    made = Standin.at(path)
    made.boot(script)
    yield made
    made.close()


_number = iter(range(10_000))


def end_of(served: Standin, name: str, **fields: object) -> tuple[End, int]:
    """How a trial of this function ended, and its number."""
    start = served.request(next(_number), name=name, **fields)
    return served.end(start), start.number


@pytest.mark.parametrize(
    ("name", "outcome", "value"),
    [
        ("number", "complete", 0.25),
        ("numpy_scalar", "complete", 0.25),
        ("one_element", "complete", 0.25),
        ("whole", "complete", 3.0),
        ("one_tuple", "complete", 0.5),
        ("none_after_reports", "complete", 0.25),
        ("exit_0", "complete", 0.25),
        ("thread_left", "complete", 1.0),
        ("child_left", "complete", 1.0),
        ("forks", "complete", 1.0),
        ("optuna_pruned", "pruned", None),
    ],
)
def test_an_objective_ends_with_its_value(served: Standin, name: str, outcome: str, value: float | None) -> None:
    end, _ = end_of(served, name)

    assert (end.outcome, end.value, end.reason) == (outcome, value, "")


@pytest.mark.parametrize(
    ("name", "cause", "reason"),
    [
        ("none", Cause.CRASH, "returned None and never reported"),
        ("nan", Cause.NAN, "returned NaN"),
        ("infinite", Cause.NAN, "returned minus infinity"),
        ("huge", Cause.NAN, "returned infinity"),
        ("text", Cause.CRASH, "returned '0.5' (str), not a number"),
        ("array", Cause.CRASH, "returned a ndarray of shape (2, 3), not a number"),
        ("pair", Cause.CRASH, "returned 2 values, and the study has one objective; " + SEVERAL),
        ("raises", Cause.CRASH, "KeyError: 'lr'"),
        ("library", Cause.CRASH, "LinAlgError: Singular matrix"),
        ("exit_3", Cause.CRASH, "called sys.exit(3)"),
        ("memory", Cause.OOM, "out of the machine's memory: MemoryError"),
        (
            "gpu_memory",
            Cause.OOM,
            "out of the GPU's memory: RuntimeError: CUDA out of memory. Tried to allocate 2 GiB",
        ),
        ("interrupted", Cause.KILLED, "interrupted"),
        ("bad_str", Cause.CRASH, "Odd"),
        (
            "no_number",
            Cause.CRASH,
            "TypeError: The `step` argument is of type '<class 'str'>' but supposed to be an int.",
        ),
        ("nothing", Cause.CRASH, "objective.function: train.py has no function nothing"),
    ],
)
def test_a_failure_names_its_cause(served: Standin, name: str, cause: Cause, reason: str) -> None:
    end, _ = end_of(served, name)

    assert (end.outcome, end.cause, end.reason) == ("fail", cause, reason)


def test_a_pruned_trial_keeps_its_last_value_and_its_words(served: Standin) -> None:
    end, _ = end_of(served, "pruned")

    assert (end.outcome, end.value, end.reason) == ("pruned", 0.5, "bad luck")


def test_the_detail_shows_the_users_frames_and_the_log_shows_all_from_them_on(served: Standin) -> None:
    end, number = end_of(served, "library")

    frames = [line.strip() for line in end.detail.splitlines() if line.strip().startswith("File")]
    assert [f.rsplit(", ", 1)[1] for f in frames] == ["in library"]
    assert end.detail.endswith("numpy.linalg.LinAlgError: Singular matrix")
    log = served.log(number)
    assert "linalg/_linalg.py" in log and "runner.py" not in log


def test_a_missing_parameter_offers_the_nearest_name(served: Standin) -> None:
    end, _ = end_of(served, "unknown", params={"lr": 0.1, "width": 3})

    assert end.reason.startswith("parameter lrr: the script asks for this parameter")
    assert 'did you mean "lr"?' in end.detail


@pytest.mark.parametrize(("name", "number"), [("segfault", signal.SIGSEGV), ("killed", signal.SIGKILL)])
def test_a_violent_death_is_told_by_the_exit_status(served: Standin, name: str, number: int) -> None:
    start = served.request(next(_number), name=name)
    status = served.exited(served.start(start).pid)

    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number
    assert not served.of(End, start.number)
    if name == "segfault":
        assert "Segmentation fault" in served.log(start.number) and "in segfault" in served.log(start.number)


def test_exit_handlers_run_after_the_result_and_not_for_ever(served: Standin) -> None:
    end, number = end_of(served, "slow_exit")

    assert (end.outcome, end.value) == ("complete", 1.0)
    assert "last words" in served.log(number)


def test_a_fork_of_the_trial_may_not_report(served: Standin) -> None:
    end, number = end_of(served, "fork_reports")

    assert end.outcome == "complete"
    assert "refused: process" in served.log(number)


def test_any_output_reaches_the_log(served: Standin) -> None:
    _, number = end_of(served, "odd_output")

    written = served.trial(number).log.read_bytes()
    assert written == "café \\ud800 \x1b[31mred\n".encode() + b"\xff\xfe raw\n"


def test_a_folder_that_is_gone_fails_the_trial(served: Standin, tmp_path: Path) -> None:
    end, _ = end_of(served, "number", cwd=str(tmp_path / "nowhere"))

    assert end.outcome == "fail" and end.reason.startswith("FileNotFoundError")
