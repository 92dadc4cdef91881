"""Spaces with every kind of parameter, and histories with every kind of trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from hptui.core.search.protocol import Array, History, Kind
from hptui.core.space.space import Space

MIXED: dict[str, Any] = {
    "optimizer": ["sgd", "adam", "rms"],
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": ["sgd", "rms"]}},
    "layers": {"type": "int", "low": 1, "high": 5},
    "width": {"type": "int", "low": 4, "high": 128, "log": True, "when": {"layers": [2, 3, 4, 5]}},
    "drop": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
    "nesterov": {"type": "categorical", "choices": [True, False], "when": {"optimizer": "sgd"}},
    "decay": {"type": "float", "low": 0.1, "high": 1.0, "when": {"nesterov": True}},
}


def mixed() -> Space:
    return Space.parse(MIXED)


def floats(dim: int) -> Space:
    return Space.parse({f"p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(dim)})


def history(x: Array, y: Array, kind: Array | None = None) -> History:
    n = len(y)
    kinds = np.zeros(n, np.int64) if kind is None else np.asarray(kind, np.int64)
    return History(np.asarray(x, float), np.asarray(y, float), kinds, np.arange(n), np.full(n, -1))


def trials(space: Space, n: int, seed: int = 0) -> History:
    """Complete trials at random points, as values give them back, with random losses."""
    rng = np.random.default_rng(seed)
    points = [space.point(space.values(u)) for u in rng.random((n, space.dim))]
    return history(np.array(points).reshape(n, space.dim), rng.normal(size=n))


def every_kind(space: Space, n: int, seed: int = 0) -> History:
    """As `trials`, but of all kinds, with ties and losses that are no numbers."""
    rng = np.random.default_rng(seed)
    seen = trials(space, n, seed)
    kind = rng.choice([int(k) for k in Kind], n, p=[0.6, 0.1, 0.1, 0.1, 0.1])
    y = np.round(seen.y, 1)
    y[rng.random(n) < 0.05] = np.inf
    y[(kind == Kind.INFEASIBLE) | (kind == Kind.FAILED) | (rng.random(n) < 0.05)] = np.nan
    return history(seen.x, y, kind)
