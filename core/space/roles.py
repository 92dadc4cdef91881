"""What a parameter is, as far as its name tells, and what is usual for it."""

from __future__ import annotations

import re
from enum import StrEnum


class Role(StrEnum):
    LEARNING_RATE = "learning rate"
    SCHEDULE = "learning-rate schedule"
    BATCH_SIZE = "batch size"
    OPTIMIZER = "optimizer"
    WEIGHT_DECAY = "weight decay"
    MOMENTUM = "momentum"
    WARMUP = "warm-up"
    WIDTH = "width or depth"
    DROPOUT = "dropout"
    CLIPPING = "gradient clipping"
    ACTIVATION = "activation"
    EPSILON = "epsilon"
    STEPS = "length of training"
    SEED = "seed"
    OTHER = "other"


# the first that fits; names are lower case with _ between words
_NAMES: tuple[tuple[Role, str], ...] = (
    (Role.SEED, r"(random_)?seed|random_state"),
    (Role.STEPS, r"(n|num|max|total|train(ing)?)?_?(train(ing)?_)?(epochs?|steps|iterations|iters|max_steps)"),
    (Role.WARMUP, r".*warm_?up.*"),
    (Role.SCHEDULE, r".*(schedule|scheduler|lr_decay|gamma|anneal).*"),
    (Role.LEARNING_RATE, r"(.*_)?(lr|eta|learning_?rate)(0|_(init|max|min|base|sgd|momentum|nesterov|adagrad|rmsprop"
                         r"|adamw?|lion|lamb))?|(base|max|peak|init|initial)_?lr"),
    (Role.BATCH_SIZE, r"(.*_)?(batch_?size|bs|batch)(_.*)?"),
    (Role.WEIGHT_DECAY, r"(.*_)?(weight_?decay|wd|l2|l1|lambda|reg|regularization|alpha_l2)(_.*)?"),
    (Role.EPSILON, r"(.*_)?(eps|epsilon)"),
    (Role.MOMENTUM, r"(.*_)?(momentum|beta_?[12]?|betas|nesterov|rho)"),
    (Role.OPTIMIZER, r"(.*_)?(optim|optimi[sz]er|opt)"),
    (Role.DROPOUT, r"(.*_)?(drop_?out|drop|drop_?path|stochastic_depth)(_.*)?"),
    (Role.CLIPPING, r".*(clip|max_grad_norm).*"),
    (Role.ACTIVATION, r"(.*_)?(activation|nonlinearity|act_?fn)"),
    (Role.WIDTH, r".*(width|hidden|units|channels|filters|layers|depth|heads|dim|embed|size|kernel).*"),
)
_PATTERNS = tuple((role, re.compile(pattern)) for role, pattern in _NAMES)

TIERS: dict[Role, int] = {
    Role.LEARNING_RATE: 1,
    Role.SCHEDULE: 1,
    Role.BATCH_SIZE: 2,
    Role.OPTIMIZER: 2,
    Role.WEIGHT_DECAY: 3,
    Role.MOMENTUM: 3,
    Role.WARMUP: 3,
    Role.WIDTH: 4,
    Role.DROPOUT: 4,
    Role.CLIPPING: 4,
    Role.OTHER: 4,
    Role.ACTIVATION: 5,
    Role.EPSILON: 5,
    Role.STEPS: 5,
    Role.SEED: 5,
}
"""How much a parameter of this kind usually matters: 1 the most, 5 hardly."""

LEARNING_RATES: dict[str, tuple[float, float]] = {
    "sgd": (1e-3, 1.0),
    "momentum": (1e-3, 1.0),
    "nesterov": (1e-3, 1.0),
    "adagrad": (1e-3, 1.0),
    "rmsprop": (1e-5, 1e-2),
    "adam": (1e-5, 1e-2),
    "adamw": (1e-5, 1e-2),
}
"""The range to search first, by optimizer: the usual values, and a decade or so around them."""

LEARNING_RATE = (1e-5, 1e-1)
"""The range to search first where the optimizer is not known."""


def role_of(name: str) -> Role:
    """`lr`, `model.learningRate`, `n_epochs` …: what it stands for."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    last = re.split(r"[./]", spaced)[-1].replace("-", "_").lower()
    for role, pattern in _PATTERNS:
        if pattern.fullmatch(last):
            return role
    return Role.OTHER
