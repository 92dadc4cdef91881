"""Watching a training from inside: has it diverged, does it overfit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field


class Diverged(FloatingPointError):
    """The loss is no number, or far above where it has been. Such a trial ends as FAIL with cause nan."""


@dataclass
class DivergenceGuard:
    """`check(loss)` after each batch or epoch; raises `Diverged` for a loss that will not come back.

    It is one that is no number, or above `factor` times the lowest so far for `patience` checks in a row. The lowest
    counts as a thousandth of the first one at least: a batch that is learned by heart says nothing of the others.
    """

    factor: float = 20.0
    patience: int = 3
    lowest: float = math.inf
    _above: int = 0
    _first: float = math.nan

    def check(self, loss: float, step: int | None = None) -> None:
        loss = float(loss)  # a tensor would keep its graph
        where = "" if step is None else f" at step {step}"
        if not math.isfinite(loss):
            raise Diverged(f"the loss is {loss}{where}")
        if math.isnan(self._first):
            self._first = loss
        scale = max(abs(self.lowest), abs(self._first) / 1000, 1e-12)
        self._above = self._above + 1 if loss > self.factor * scale else 0
        if self._above >= self.patience:
            far = f"{loss / scale:.0f} times" if scale == self.lowest else "far above"
            raise Diverged(f"the loss is {loss:.4g}{where}, {far} the lowest, {self.lowest:.4g}")
        self.lowest = min(self.lowest, loss)


@dataclass
class GapMonitor:
    """The gap between validation and training loss, and how it moves.

    `offer(train, validation)` per epoch; `gap` is the last one. `grows` tells whether validation got worse for
    `patience` epochs while training improved and the gap widened: overfitting, which is told once
    (`tell = trial.tell`). Report `gap` as a metric to see its curve. Both are losses: lower is better.
    """

    patience: int = 5
    tell: Callable[[str], object] | None = None
    gap: float = math.nan
    _train: list[float] = field(default_factory=list)
    _validation: list[float] = field(default_factory=list)
    _told: bool = False

    def offer(self, train: float, validation: float) -> float:
        train, validation = float(train), float(validation)  # tensors would keep their graphs
        self._train.append(train)
        self._validation.append(validation)
        self.gap = validation - train
        if self.tell is not None and not self._told and self.grows:
            self._told = True
            best = min(self._validation)
            self.tell(
                f"overfits: validation was best, {best:.4g}, at epoch {self._validation.index(best)}, and since then "
                f"training went on to {train:.4g}, a gap of {self.gap:.4g}"
            )
        return self.gap

    @property
    def grows(self) -> bool:
        if len(self._train) <= self.patience:
            return False
        since = self.patience
        best_before = min(self._validation[:-since])
        improves = self._train[-1] < self._train[-1 - since]
        wider = self.gap > max(self._validation[-1 - since] - self._train[-1 - since], 0.0)
        return min(self._validation[-since:]) > best_before and improves and wider
