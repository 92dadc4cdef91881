"""Spaces, histories and curves for the laws that every sampler and pruner keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hptui.core.search.protocol import Curve, History, Kind
from hptui.core.space.space import Space

SPACES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "one float": {"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True}},
    "one value": {
        "a": {"type": "int", "low": 3, "high": 3},
        "b": ["only"],
        "c": {"type": "float", "low": 1.0, "high": 1.0},
    },
    "finite": {"o": ["sgd", "adam", "rms"], "n": {"type": "int", "low": 1, "high": 4}},
    "stepped": {
        "d": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
        "w": {"type": "int", "low": 8, "high": 40, "step": 16},
    },
    "conditions": {
        "optimizer": ["sgd", "adam"],
        "lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
        "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
        "nesterov": {"type": "categorical", "choices": [True, False], "when": {"optimizer": "sgd"}},
    },
    "finite conditions": {
        "optimizer": ["sgd", "adam"],
        "layers": {"type": "int", "low": 1, "high": 3},
        "nesterov": {"type": "categorical", "choices": [True, False], "when": {"optimizer": "sgd"}},
    },
    "scaled": {
        "batch": [16, 32, 64],
        "lr": {"type": "float", "low": 0.01, "high": 1.0, "log": True, "scaled_by": {"parameter": "batch", "base": 16}},
        "warmup": {
            "type": "int", "low": 1, "high": 5, "scaled_by": {"parameter": "batch", "rule": "sqrt", "base": 64}
        },
    },
    "fifty": {f"p{i}": {"type": "float", "low": -1.0, "high": 1.0} for i in range(50)},
}  # fmt: skip

# a grid of fifty floats is refused, as it should be
GRIDDABLE = [name for name in SPACES if name != "fifty"]


def space(name: str) -> Space:
    return Space.parse(SPACES[name])


def spaces_for(sampler: str) -> list[str]:
    return GRIDDABLE if sampler == "grid" else list(SPACES)


@st.composite
def histories(draw: st.DrawFn, dim: int, max_size: int = 30) -> History:
    """Histories with ties, inactive coordinates, unknown and infinite losses, and trials of every kind."""
    n = draw(st.integers(0, max_size))
    unit = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0, np.nan]))
    x = draw(arrays(np.float64, (n, dim), elements=unit)) if n * dim else np.empty((n, dim))
    loss = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf]))
    y = np.array(draw(st.lists(loss, min_size=n, max_size=n)), float)
    kind = np.array(draw(st.lists(st.sampled_from([int(k) for k in Kind]), min_size=n, max_size=n)), np.int64)
    steps = np.array(draw(st.lists(st.integers(-1, 100), min_size=n, max_size=n)), np.int64)
    return History(x, y, kind, np.arange(n, dtype=np.int64), steps)


def random_history(dim: int, n: int, seed: int = 0) -> History:
    rng = np.random.default_rng(seed)
    return History(
        rng.random((n, dim)),
        rng.normal(size=n),
        np.zeros(n, np.int64),
        np.arange(n, dtype=np.int64),
        np.full(n, 9, np.int64),
    )


finite_losses = st.floats(-1e6, 1e6)
any_losses = st.one_of(finite_losses, st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf]))


@st.composite
def curves(
    draw: st.DrawFn, number: int, losses: st.SearchStrategy[float] = any_losses, kind: Kind | None = None
) -> Curve:
    steps = sorted(draw(st.sets(st.integers(0, 12), max_size=10)))
    values = draw(st.lists(losses, min_size=len(steps), max_size=len(steps)))
    of = draw(st.sampled_from(list(Kind))) if kind is None else kind
    return Curve(number, np.array(steps, np.int64), np.array(values, float), of)


@st.composite
def crowds(draw: st.DrawFn, losses: st.SearchStrategy[float] = any_losses) -> tuple[Curve, list[Curve]]:
    """A running trial's curve, and those of the others."""
    count = draw(st.integers(0, 12))
    others = [draw(curves(i + 1, losses)) for i in range(count)]
    return draw(curves(0, losses, Kind.PENDING)), others
