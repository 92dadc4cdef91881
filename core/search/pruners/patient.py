"""Stop a trial that has not improved for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.search.protocol import Compared, Curve, Every, Go, Hold, Pruner, Stop
from hptui.core.search.pruners.wording import two_numbers


@dataclass(frozen=True)
class Patient:
    """Stop when the best of the last `patience` + 1 reports is worse than the best before them.

    min_delta: by more than this. wrapped: asked only then, and its word counts; it must judge at every report.
    Decides as Optuna's PatientPruner does (optuna/pruners/_patient.py, 5.0), but for one point: where all of the
    last reports are NaN, Optuna goes on.
    """

    patience: int = 5
    min_delta: float = 0.0
    sign: float = 1.0
    wrapped: Pruner | None = None

    def milestones(self) -> Every:
        return Every(0, 1)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
        if len(curve.steps) <= self.patience + 1:
            return None
        before, since = curve.losses[: -self.patience - 1], curve.losses[-self.patience - 1 :]
        if np.isnan(before).all():
            return None
        was = float(np.nanmin(before))
        nothing = bool(np.isnan(since).all())
        best = float("nan") if nothing else float(np.nanmin(since))
        if not nothing and not was + self.min_delta < best:
            return None
        if self.wrapped is not None:
            return self.wrapped.judge(curve, others)
        if nothing:
            return Stop(f"the last {self.patience + 1} reports are not numbers")
        one, other = two_numbers(best, was, self.sign)
        said = f"no better than {other} for {self.patience + 1} reports: the best of them is {one}"
        return Stop(said, Compared(best, was, 1))
