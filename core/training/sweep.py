"""The learning-rate range test inside one training: the rate rises with every batch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from hptui.core.advice.rates import RateRange, rate_range


def range_test(
    model: nn.Module,
    optimizer: Optimizer,
    loss_of: Callable[[nn.Module, Any], torch.Tensor],
    batches: Iterable[Any],
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    smooth: float = 0.9,
) -> RateRange:
    """Train for up to `steps` batches while the rate rises from `low` to `high`; then put everything back.

    loss_of: (model, batch) -> scalar tensor. batches: taken again from the start when there are too few. Ends early
    when the loss is no number or far above where it began. Raises ValueError when that leaves fewer than five batches.
    Source: Smith 2015, arXiv 1506.01186, section 3.3.
    """
    before = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    modes = [(module, module.training) for module in model.modules()]
    rates, losses = [], []
    model.train()
    try:
        for step, batch in enumerate(islice(cycle(batches), steps)):
            rate = low * (high / low) ** (step / max(steps - 1, 1))
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            loss = loss_of(model, batch)
            rates.append(rate)
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]) or (step > 5 and losses[-1] > max(4 * min(losses), 2 * losses[0])):
                break
            loss.backward()
            optimizer.step()
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        optimizer.zero_grad()
        for module, training in modes:
            module.training = training
    return rate_range(rates, losses, smooth)
