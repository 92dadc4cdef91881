"""Can the model learn one batch by heart? One that can't has a bug, or is too small: no search helps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Overfit:
    learned: bool
    first: float  # loss before the first step
    last: float
    steps: int  # taken

    def __bool__(self) -> bool:
        return self.learned

    size = 1  # as an array of one number: `def one_batch(trial): return can_overfit(...)` answers with it

    def item(self) -> float:
        """The last loss as a share of the first."""
        return self.last / self.first if self.first else 0.0

    def __str__(self) -> str:
        word = "learned" if self.learned else "did not learn"
        return f"{word} one batch by heart: loss {self.first:.4g} -> {self.last:.4g} in {self.steps} steps"


def can_overfit(
    model: nn.Module,
    loss_of: Callable[[nn.Module, Any], torch.Tensor],
    batch: Any,
    *,
    lr: float = 1e-3,
    steps: int = 200,
    share: float = 0.05,
) -> Overfit:
    """Train a copy of `model` with Adam on the one batch until its loss is `share` of the first.

    loss_of: (model, batch) -> scalar tensor. The model given stays as it is. Dropout and the like are switched to
    evaluation, so that only capacity and wiring are tried.
    """
    trained = copy.deepcopy(model).eval()
    for module in trained.modules():
        if isinstance(module, nn.RNNBase):
            module.dropout = 0.0
            module.train()  # cuDNN has no gradient of one that is evaluated
    optimizer = torch.optim.Adam(trained.parameters(), lr=lr)
    first = last = float("nan")
    for step in range(steps + 1):
        loss = loss_of(trained, batch)
        last = float(loss.detach())
        first = last if step == 0 else first
        if last <= share * first:
            return Overfit(True, first, last, step)
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return Overfit(False, first, last, steps)
