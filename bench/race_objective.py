"""The example on handwritten digits as all sides of `bench.race` train it: every report is timed in one file."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
import digits

load_data = digits.load_data


class Judge(Protocol):
    """What both sides' trials can do."""

    number: int

    def report(self, value: float, step: int) -> None: ...
    def should_prune(self) -> bool: ...


class Timed:
    """What the example asks of its trial. Notes `time number epoch accuracy seconds`, each line in one write.

    seconds: how long the epoch took, without what its side did in between.
    """

    device = "cpu"

    def __init__(self, trial: Judge, params: dict[str, Any], shared: dict[str, np.ndarray], epochs: int) -> None:
        self.params, self.shared, self.max_steps = params, shared, epochs
        self.number, self._trial = trial.number, trial
        self._notes = os.open(os.environ["RACE_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._began = time.time()

    def report(self, value: float, step: int, **_: float) -> None:
        now = time.time()
        os.write(self._notes, f"{now:.3f} {self.number} {step} {value:.6f} {now - self._began:.4f}\n".encode())
        self._trial.report(value, step)
        self._began = time.time()

    def should_prune(self) -> bool:
        return self._trial.should_prune()


def objective(trial: Any) -> float:
    """Ours. One thread for each trial, as on the other side."""
    torch.set_num_threads(1)
    return digits.objective(Timed(trial, trial.params, trial.shared, trial.max_steps))
