"""The other side of `bench.race`: Optuna's TPE and Hyperband on the same objective, space and number of epochs.

    RACE_NOTES=FILE python -m bench.race_peer SEED SECONDS EPOCHS [STORAGE]

Without STORAGE: `n_jobs = 2`, two threads. With one: a process, to be started twice, on one Optuna journal.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tomllib
from pathlib import Path
from typing import Any

import optuna
import torch

import hptui
from bench.race_objective import Timed, digits, load_data

EXAMPLE = Path(__file__).parent.parent / "examples" / "digits.toml"


def suggested(trial: optuna.Trial, space: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The space of the study file, asked parameter by parameter."""
    params: dict[str, Any] = {}
    for name, asked in space.items():
        if any(params[parent] != value for parent, value in asked.get("when", {}).items()):
            continue
        match asked["type"]:
            case "categorical":
                params[name] = trial.suggest_categorical(name, asked["choices"])
            case "int":
                params[name] = trial.suggest_int(name, asked["low"], asked["high"], log=asked.get("log", False))
            case _:
                params[name] = trial.suggest_float(name, asked["low"], asked["high"], log=asked.get("log", False))
    return params


def main(seed: int, seconds: float, epochs: int, journal: str | None) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    torch.set_num_threads(1)
    space = tomllib.loads(EXAMPLE.read_text())["space"]
    shared = load_data()

    def objective(trial: optuna.Trial) -> float:
        try:
            return digits.objective(Timed(trial, suggested(trial, space), shared, epochs))
        except hptui.TrialPruned:
            raise optuna.TrialPruned from None

    storage = None
    if journal is not None:
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal))
    study = optuna.create_study(
        storage=storage, study_name="race", load_if_exists=True, direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3),
    )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        study.optimize(objective, timeout=seconds, n_jobs=1 if journal else 2)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
