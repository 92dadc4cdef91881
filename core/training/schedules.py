"""Learning-rate schedules by name, through torch's own classes; and the rate that goes with a batch size."""

from __future__ import annotations

import math
from typing import Literal

from torch.optim import Optimizer
from torch.optim import lr_scheduler as torch_schedules
from torch.optim.lr_scheduler import LRScheduler

Name = Literal["constant", "step", "exponential", "cosine", "onecycle"]


def make_schedule(
    optimizer: Optimizer,
    name: Name,
    total_steps: int,
    *,
    warmup: int | float = 0,
    final: float = 0.01,
    drops: int = 3,
    factor: float = 0.1,
    rise: float = 0.3,
) -> LRScheduler:
    """A schedule over `total_steps` calls of its `step()`, from the rate that the optimizer has.

    warmup: steps (whole number) or share of all steps (below 1) over which the rate first rises linearly.
    final: the last rate as a share of the first (exponential, cosine). drops: how often `step` multiplies by `factor`.
    rise: the share of all steps in which `onecycle` rises.
    Raises ValueError: unknown name, total_steps < 1, a warm-up that leaves nothing, an exponential that ends at 0.
    """
    if total_steps < 1:
        raise ValueError(f"total_steps is {total_steps}; a schedule has at least one step")
    first = math.ceil(warmup * total_steps) if isinstance(warmup, float) and warmup < 1 else int(warmup)
    if not 0 <= first < total_steps:
        raise ValueError(f"a warm-up of {first} steps leaves nothing of {total_steps}")
    left = total_steps - first
    main = _main(optimizer, name, left, final, (drops, factor), (total_steps, rise))
    if first == 0 or name == "onecycle":  # one-cycle warms up by itself
        return main
    warm = torch_schedules.LinearLR(optimizer, start_factor=1.0 / (first + 1), end_factor=1.0, total_iters=first)
    return torch_schedules.SequentialLR(optimizer, [warm, main], milestones=[first])


def _main(
    optimizer: Optimizer, name: str, left: int, final: float, drops: tuple[int, float], cycle: tuple[int, float]
) -> LRScheduler:
    match name:
        case "constant":
            return torch_schedules.ConstantLR(optimizer, factor=1.0, total_iters=1)
        case "step":
            return torch_schedules.StepLR(optimizer, step_size=max(1, math.ceil(left / (drops[0] + 1))), gamma=drops[1])
        case "exponential":
            if final <= 0:
                raise ValueError(f"an exponential schedule never comes to {final:g} of its first rate: more than 0")
            return torch_schedules.ExponentialLR(optimizer, gamma=final ** (1 / left))
        case "cosine":
            lowest = final * max(group["lr"] for group in optimizer.param_groups)
            return torch_schedules.CosineAnnealingLR(optimizer, T_max=left, eta_min=lowest)
        case "onecycle":
            rates = [group["lr"] for group in optimizer.param_groups]
            has_momentum = all(group.get("momentum") or group.get("betas") for group in optimizer.param_groups)
            return torch_schedules.OneCycleLR(
                optimizer, max_lr=rates, total_steps=cycle[0], pct_start=cycle[1], cycle_momentum=has_momentum
            )
        case _:
            raise ValueError(f"there is no schedule {name!r}: constant, step, exponential, cosine, onecycle")


def scaled_rate(rate: float, batch_size: int, *, base: int, rule: Literal["linear", "sqrt"] = "linear") -> float:
    """The rate for `batch_size` when `rate` is right for `base`.

    linear: Goyal et al. 2017, arXiv 1706.02677, section 2.1. sqrt: Krizhevsky 2014, arXiv 1404.5997, section 5. Both
    are starting points: the best rate often follows neither (Shallue et al. 2018), so search it all the same.
    """
    if batch_size < 1 or base < 1:
        raise ValueError(f"batch sizes are at least 1, not {batch_size} and {base}")
    if rule not in ("linear", "sqrt"):
        raise ValueError(f"there is no rule {rule!r}: linear, sqrt")
    ratio = batch_size / base
    return rate * (ratio if rule == "linear" else math.sqrt(ratio))
