"""Retrospective checkpoint selection: train to the end, keep the best step of the whole run."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch


@dataclass
class BestCheckpoint:
    """Keeps a copy of the best state in memory.

        best = BestCheckpoint("minimize")
        for epoch in range(n):
            ...
            best.offer(val_loss, epoch, model.state_dict())
        model.load_state_dict(best.state)

    A value that is no number is never the best. Of equal ones the first stays. Raises ValueError: unknown direction.
    """

    direction: Literal["minimize", "maximize"] = "minimize"
    value: float = math.nan
    step: int = -1
    state: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.direction not in ("minimize", "maximize"):
            raise ValueError(f"direction is {self.direction!r}, neither minimize nor maximize")

    def offer(self, value: float, step: int, state: Mapping[str, Any]) -> bool:
        """Keep a copy of `state` if `value` is the best so far; whether it was."""
        value = float(value)  # a tensor would keep its graph
        better = value > self.value if self.direction == "maximize" else value < self.value
        if not math.isfinite(value) or not (better or self.step < 0):
            return False
        self.value, self.step = value, step
        self.state = {key: _copy(v) for key, v in state.items()}
        return True


def _copy(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.deepcopy(value)
