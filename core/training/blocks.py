"""What the presets of `hptui presets` state, built from `trial.params`: optimizer, schedule, layers.

A parameter that the study does not search has torch's own default, so any part of a block may be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from hptui.core.errors import ObjectiveError
from hptui.core.training.groups import parameter_groups
from hptui.core.training.schedules import make_schedule

Params = Mapping[str, Any]


def build_optimizer(model: nn.Module, params: Params, name: str | None = None) -> Optimizer:
    """The optimizer that `params` chooses, its weight decay on the weights alone (`parameter_groups`).

    params: optimizer, lr (or sgd_lr ...), weight_decay, momentum, beta1, beta2, eps, alpha, as a block has them.
    name: of the optimizer, where `params` has no `optimizer`. Raises ObjectiveError: unknown name, no learning rate.
    """
    name = str(params.get("optimizer", name or ""))
    rate = _own(params, name, "lr")
    if rate is None:
        raise ObjectiveError("trial.params", f"has neither lr nor {name}_lr", "hptui init --preset writes such a block")
    decay = _own(params, name, "weight_decay")
    groups = parameter_groups(model, 0.0 if decay is None else float(decay))
    betas = (float(params.get("beta1", 0.9)), float(params.get("beta2", 0.999)))
    eps = float(params.get("eps", 1e-8))
    momentum = float(params.get("momentum", 0.9))
    optim = torch.optim
    match name:
        case "sgd":
            return optim.SGD(groups, lr=rate)
        case "momentum":
            return optim.SGD(groups, lr=rate, momentum=momentum)
        case "nesterov":
            return optim.SGD(groups, lr=rate, momentum=momentum, nesterov=True)
        case "adagrad":
            return optim.Adagrad(groups, lr=rate)
        case "rmsprop":
            return optim.RMSprop(groups, lr=rate, alpha=float(params.get("alpha", 0.99)))
        case "adam":
            return optim.Adam(groups, lr=rate, betas=betas, eps=eps)
        case "adamw":
            return optim.AdamW(groups, lr=rate, betas=betas, eps=eps)
        case _:
            hint = "sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw"
            raise ObjectiveError("trial.params", f"there is no optimizer {name!r} to build", hint)


def build_schedule(optimizer: Optimizer, params: Params, total_steps: int, name: str | None = None) -> LRScheduler:
    """The schedule that `params` chooses, over `total_steps` calls of its `step()`.

    params: schedule, warmup_share, final_share, step_drops, step_factor, cycle_rise. name: where `params` has no
    `schedule`; without either the rate stays. Raises ValueError: unknown name, no steps.
    """
    name = str(params.get("schedule", name or "constant"))
    share = 0.0 if name in ("constant", "onecycle") else float(params.get("warmup_share", 0.0))
    return make_schedule(
        optimizer,
        "constant" if name == "warmup" else name,  # type: ignore[arg-type]  # it says which names there are
        total_steps,
        warmup=min(int(share * total_steps), total_steps - 1),
        final=float(params.get("final_share", 0.01)),
        drops=int(params.get("step_drops", 3)),
        factor=float(params.get("step_factor", 0.1)),
        rise=float(params.get("cycle_rise", 0.3)),
    )


def units_of(params: Params) -> tuple[int, ...]:
    """The units of each hidden layer: `units_1` to as many as `layers` says."""
    return tuple(int(params[f"units_{k}"]) for k in range(1, int(params["layers"]) + 1))


def build_layers(params: Params, inputs: int, outputs: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """A plain network with the layers that `params` states, `dropout` after each where it has one.

    params: layers, units_1 ..., dropout. (n, inputs) -> (n, outputs), without a final activation.
    """
    dropout = float(params.get("dropout", 0.0))
    parts: list[nn.Module] = []
    wide = inputs
    for units in units_of(params):
        parts += [nn.Linear(wide, units), activation(), *([nn.Dropout(dropout)] if dropout else [])]
        wide = units
    return nn.Sequential(*parts, nn.Linear(wide, outputs))


def clip_gradients(parameters: Iterable[torch.Tensor], params: Params) -> None:
    """Between `backward()` and `step()`: the gradient's norm to at most `clip_norm`, where `params` has one."""
    if "clip_norm" in params:
        nn.utils.clip_grad_norm_(parameters, float(params["clip_norm"]))


def _own(params: Params, optimizer: str, name: str) -> Any:
    """An optimizer's own parameter: `adamw_lr`, or `lr` where the study has one optimizer."""
    return params.get(f"{optimizer}_{name}", params.get(name))
