"""A made-up objective with two aims that pull apart, for the picture of a front."""

import math
from typing import Any


def objective(trial: Any) -> tuple[float, float]:
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    width = trial.suggest_int("width", 8, 256, log=True)
    act = trial.suggest_categorical("activation", ["relu", "gelu"])
    loss = 0.1 + 0.05 * (math.log10(lr) + 2.5) ** 2 + (3 if act == "relu" else 2.4) / width
    latency_ms = 0.05 * width + (0.8 if act == "gelu" else 0.2)
    for step in range(10):
        trial.report(loss + 2 * math.exp(-step / 2), step, latency_ms=latency_ms)
    return loss, latency_ms
