"""A session as diagnosis looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hptui.core.space.space import Space

Array = NDArray[np.float64]
End = Literal["complete", "pruned", "nan", "infeasible", "failed", "open"]


@dataclass(frozen=True)
class SeenTrial:
    """One trial, in losses (lower is better)."""

    number: int
    end: End  # nan: its loss was not finite; infeasible: out of memory or said so itself; open: not ended
    params: Mapping[str, Any]
    x: tuple[float | None, ...]  # the point in the unit cube
    loss: float | None = None  # final for complete ones, else the last; None where a constraint was broken
    origin: str = "sampler"  # baseline, enqueued, sampler, retry
    step: int = -1  # last one reported
    steps: Array = field(default_factory=lambda: np.empty(0))  # (k,) of its curve, where curves were read
    losses: Array = field(default_factory=lambda: np.empty(0))  # (k,)
    training: Array = field(default_factory=lambda: np.empty(0))  # (k,) the training twin of the metric, NaN: not told


@dataclass(frozen=True)
class Seen:
    """All trials of a session, by number.

    definitions: the space as the study file writes it, for edits. max_steps: how far a trial can go, where known.
    pruner: its name, where known.
    """

    space: Space
    trials: tuple[SeenTrial, ...]
    sign: float = 1.0  # value in the user's sign = sign * loss
    metric: str = "value"
    max_steps: int | None = None
    pruner: str = ""

    def of(self, *ends: End) -> list[SeenTrial]:
        return [t for t in self.trials if t.end in ends]

    @cached_property
    def complete(self) -> list[SeenTrial]:
        """Complete trials in the order of their numbers."""
        return [t for t in self.trials if t.end == "complete" and t.loss is not None and np.isfinite(t.loss)]

    @cached_property
    def ranked(self) -> list[SeenTrial]:
        """Complete trials, the best first."""
        return sorted(self.complete, key=lambda t: (t.loss, t.number))

    @cached_property
    def ended(self) -> list[SeenTrial]:
        return [t for t in self.trials if t.end != "open"]

    def value(self, loss: float | None) -> str:
        """A loss in the user's sign, to four digits."""
        return "–" if loss is None or not np.isfinite(loss) else f"{self.sign * loss:.4g}"
