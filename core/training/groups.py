"""Weight decay for the weights alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_NORMS = (
    nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.LocalResponseNorm,
)  # fmt: skip


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups for an optimizer: the weights with `weight_decay`, and norms, biases and other vectors without.

    Decay on them costs accuracy and regularises nothing (He et al. 2019, "Bag of Tricks", section 3.1).
    Each parameter that wants a gradient is in exactly one group; a shared one is counted once.
    """
    plain: dict[int, torch.Tensor] = {}
    decayed: dict[int, torch.Tensor] = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            spare = isinstance(module, _NORMS) or name.endswith("bias") or parameter.ndim < 2
            (plain if spare else decayed)[id(parameter)] = parameter
    rest = [p for key, p in plain.items() if key not in decayed]
    return [
        {"params": list(decayed.values()), "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
