"""What whole sessions of `auto` reach where every configuration that is proposed is really trained.

    python -m bench.multifidelity_trained [--seeds 4]

Small networks on scikit-learn's digits, 15 epochs, two workers that take turns in one process; nothing is moved to a
recorded configuration. `acc`: 50 trials of 6 parameters, error on the validation pictures. `wide`: 60 trials of 8,
validation loss, rates up to 1. Told: the best epoch of all, the last epoch of the best complete trial, the best after
5 and 10 full trainings' worth of epochs, the epochs taken.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from bench.multifidelity_adapter import Study
from hptui.core.study.study import Chosen

EPOCHS = 15
NARROW: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-5, "high": 1e-2, "log": True},
    "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
    "hidden": {"type": "cat", "choices": [16, 32, 64, 128, 256]},
    "dropout": {"type": "float", "low": 0.0, "high": 0.6, "log": False},
    "optimizer": {"type": "cat", "choices": ["adam", "sgd", "rmsprop"]},
    "idle": {"type": "cat", "choices": [False, True]},
}
WIDE = NARROW | {
    "lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
    "momentum": {"type": "float", "low": 0.0, "high": 0.99, "log": False},
    "layers": {"type": "int", "low": 1, "high": 3, "log": False},
}


@dataclass(frozen=True)
class Kind:
    space: dict[str, Any]
    trials: int
    accuracy: bool  # else the loss


KINDS = {"acc": Kind(NARROW, 50, True), "wide": Kind(WIDE, 60, False)}


class Digits:
    def __init__(self) -> None:
        x, y = load_digits(return_X_y=True)
        split = train_test_split(x / 16.0, y, random_state=0)
        self.x, self.x_val = (torch.tensor(part, dtype=torch.float32) for part in split[:2])
        self.y, self.y_val = (torch.tensor(part) for part in split[2:])

    def epochs(self, config: dict[str, Any], accuracy: bool) -> Iterator[float]:
        """The validation error, or loss, after each epoch; for ever."""
        torch.manual_seed(0)
        shuffled = torch.Generator().manual_seed(0)
        layers, width = list[nn.Module](), self.x.shape[1]
        for _ in range(config.get("layers", 1)):
            layers += [nn.Linear(width, config["hidden"]), nn.ReLU(), nn.Dropout(config["dropout"])]
            width = config["hidden"]
        model = nn.Sequential(*layers, nn.Linear(width, 10))
        optimizer = _optimizer(model, config)
        while True:
            model.train()
            for rows in torch.randperm(len(self.x), generator=shuffled).split(64):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(self.x[rows]), self.y[rows]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            model.eval()
            with torch.no_grad():
                out = model(self.x_val)
                wrong = float((out.argmax(1) != self.y_val).float().mean())
                loss = float(nn.functional.cross_entropy(out, self.y_val))
            yield wrong if accuracy else loss


def _optimizer(model: nn.Module, config: dict[str, Any]) -> torch.optim.Optimizer:
    rate, decay = config["lr"], config["weight_decay"]
    match config["optimizer"]:
        case "adam":
            return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay)
        case "rmsprop":
            return torch.optim.RMSprop(model.parameters(), lr=rate, weight_decay=decay)
        case _:
            momentum = config.get("momentum", 0.0)
            return torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum, weight_decay=decay)


def session(digits: Digits, kind: Kind, seed: int, workers: int = 2) -> list[float]:
    """Best epoch, last epoch of the best complete trial, best after 5 and 10 full trainings, epochs taken."""
    info = {
        "space": kind.space, "pool": None, "n_configs": kind.trials, "max_trials": kind.trials, "max_epoch": EPOCHS,
        "seed": seed, "workers": workers, "budget_epochs": None,
    }  # fmt: skip
    study = Study(info, Chosen(name="auto"), Chosen(name="auto"))
    trained: dict[int, Iterator[float]] = {}
    epoch: dict[int, int] = {}
    turns: list[int] = []
    best, complete = [math.inf], math.inf
    while True:
        while len(turns) < workers and not (answer := study.ask()).keys() & {"done", "wait"}:
            if "config" in answer:
                number, config = answer["start"], answer["config"]
                trained[number], epoch[number] = digits.epochs(config, kind.accuracy), 0
                study.note_start(number, config)
            turns.append(answer.get("resume", answer.get("start")))
        if not turns:
            return [best[-1], complete, *(best[min(n * EPOCHS, len(best) - 1)] for n in (5, 10)), len(best) - 1]
        number = turns.pop(0)
        loss, at = next(trained[number]), epoch[number]
        epoch[number], last = at + 1, at == EPOCHS - 1
        best.append(min(best[-1], loss) if math.isfinite(loss) else best[-1])
        complete = min(complete, loss) if last and math.isfinite(loss) else complete
        if study.report(number, at, loss, last) == "continue" and not last:
            turns.append(number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    digits = Digits()
    print("| session | best epoch | best complete | after 5 | after 10 | epochs |\n|---|---|---|---|---|---|")
    for name, kind in KINDS.items():
        found = np.array([session(digits, kind, seed) for seed in range(asked.seeds)])
        mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(asked.seeds)
        told = [f"{m:.4f} ± {e:.4f}" for m, e in zip(mean[:4], error[:4], strict=True)]
        print(f"| {name} | {' | '.join(told)} | {mean[4]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
