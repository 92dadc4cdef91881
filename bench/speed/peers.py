"""The same null objective with others. None where one is not installed; nothing is installed for it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

OPTUNA_TRIALS, RAY_TRIALS = 40, 8

_OPTUNA_WORKER = """
import sys, optuna, warnings
warnings.filterwarnings("ignore"); optuna.logging.set_verbosity(optuna.logging.ERROR)
print("ready", flush=True); sys.stdin.readline()
study = optuna.load_study(storage=sys.argv[1], study_name="s", sampler=optuna.samplers.RandomSampler())
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=int(sys.argv[2]))
print("done", flush=True)
"""

_RAY = """
import sys, time, ray
from ray import tune
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
def objective(config): return {"loss": config["x"]}
def run(n):
    begun = time.perf_counter()
    tune.run(objective, config={"x": tune.uniform(0, 1)}, num_samples=n, verbose=0, max_concurrent_trials=2)
    return time.perf_counter() - begun
run(2)
print("seconds", run(int(sys.argv[1])))
"""


def optuna_study(path: Path) -> Any:
    """An Optuna study in a SQLite file, or None without Optuna."""
    if importlib.util.find_spec("optuna") is None:
        return None
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(
        storage=f"sqlite:///{path}", study_name="s", sampler=optuna.samplers.RandomSampler(),
        pruner=optuna.pruners.NopPruner(),
    )  # fmt: skip


def optuna_trials_per_second(home: Path, turn: int) -> float | None:
    """Null trials of two processes on one SQLite file; their start is not counted."""
    path = home / f"trials-{turn}.db"
    if optuna_study(path) is None:
        return None
    command = [sys.executable, "-c", _OPTUNA_WORKER, f"sqlite:///{path}", str(OPTUNA_TRIALS // 2)]
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    try:
        for worker in workers:
            assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
        begun = time.perf_counter()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            assert worker.stdout is not None and worker.stdout.readline() == "done\n"
        return OPTUNA_TRIALS / (time.perf_counter() - begun)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def ray_trials_per_second() -> float | None:
    """Null trials of Ray Tune, two at once, after a first fit that warms it up."""
    if importlib.util.find_spec("ray") is None:
        return None
    command = [sys.executable, "-c", _RAY, str(RAY_TRIALS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    words = [line.split() for line in done.stdout.splitlines() if line.startswith("seconds ")]
    return RAY_TRIALS / float(words[-1][1]) if words else None
