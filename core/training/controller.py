"""A learning rate that follows rules instead of a schedule: it watches the training loss."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from torch.optim import Optimizer


@dataclass(frozen=True)
class Change:
    """One decision: what was done to the rate, and why."""

    step: int
    rule: str  # stall, spike, slow
    factor: float
    before: float  # the rate of the first parameter group
    rate: float  # afterwards
    reason: str

    def __str__(self) -> str:
        return f"learning rate {self.before:.4g} -> {self.rate:.4g} at step {self.step} ({self.rule}): {self.reason}"


@dataclass
class RateController:
    """Call `step(loss)` once per epoch (or every so many batches) with the training loss.

    - spike: the loss is more than `spike` times the best of the last `patience` ones, or no number: the rate is cut;
    - stall: no gain of at least `stall` (relative) for `patience` steps: the rate is decayed;
    - slow: steady gains of less than `slow` per step over `patience` steps: the rate is raised, at most `raises` times.

    After a change the rules wait for `patience` further steps. Each change is told: with `tell = trial.tell` it stands
    in the session's ledger, and `trial.report(value, epoch, **controller.metrics)` makes curves of the rate.
    """

    optimizer: Optimizer
    patience: int = 5
    stall: float = 1e-3
    slow: float = 5e-3
    spike: float = 2.0
    cut: float = 0.3
    decay: float = 0.5
    grow: float = 1.5
    raises: int = 3
    least: float = 1e-7
    tell: Callable[[str], object] | None = None
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=self.patience + 1)
        self._step = 0
        self._raised = 0

    @property
    def rate(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def metrics(self) -> dict[str, float]:
        """The rate, and how often it was changed."""
        return {"lr": self.rate, "lr_changes": float(len(self.changes))}

    def step(self, loss: float) -> Change | None:
        """Take a loss; the change it led to, if any."""
        self._step += 1
        loss = float(loss)  # a tensor would keep its graph
        known = [v for v in self._seen if math.isfinite(v)]
        if not math.isfinite(loss) or (known and loss > min(known) + (self.spike - 1) * max(abs(min(known)), 1e-12)):
            low = f"{min(known):.4g}" if known else "–"
            return self._change("spike", self.cut, f"the loss jumped to {loss:.4g}; the best of the last was {low}")
        self._seen.append(loss)
        if len(self._seen) <= self.patience:
            return None
        gain = (self._seen[0] - min(list(self._seen)[1:])) / max(abs(self._seen[0]), 1e-12)
        if gain < self.stall:
            return self._change("stall", self.decay, f"gained {gain:.2%} in {self.patience} steps")
        falling = all(b <= a for a, b in zip(self._seen, list(self._seen)[1:], strict=False))
        if falling and gain / self.patience < self.slow and self._raised < self.raises:
            self._raised += 1
            return self._change("slow", self.grow, f"gains steadily, but only {gain / self.patience:.2%} a step")
        return None

    def _change(self, rule: str, factor: float, reason: str) -> Change:
        before = self.rate
        for group in self.optimizer.param_groups:
            group["lr"] = max(group["lr"] * factor, min(group["lr"], self.least))
        self._seen.clear()
        change = Change(self._step, rule, factor, before, self.rate, reason)
        self.changes.append(change)
        if self.tell is not None:
            self.tell(str(change))
        return change
