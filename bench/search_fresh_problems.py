"""Twelve problems that no sampler was tuned on: classical functions moved and turned by a seed, and made-up trainings.

Each seed is another instance. The lowest loss is 0 and is reached. Spaces are as in study files.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Params = Mapping[str, Any]
Definition = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    name: str
    space: dict[str, Definition]
    loss: Callable[[Params], float]


def floats(dim: int) -> dict[str, Definition]:
    return {f"x{i}": {"type": "float", "low": -1.0, "high": 1.0} for i in range(dim)}


def turned(dim: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """A rotation, and a bottom that is not near the rim."""
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return q * np.sign(np.diagonal(r)), rng.uniform(-0.7, 0.7, dim)


def of_vector(dim: int, loss: Callable[[Array], float]) -> tuple[dict[str, Definition], Callable[[Params], float]]:
    return floats(dim), lambda p: loss(np.array([p[f"x{i}"] for i in range(dim)]))


def rosenbrock(rng: np.random.Generator) -> Any:
    turn, bottom = turned(4, rng)

    def loss(x: Array) -> float:
        z = 1.5 * turn @ (x - bottom) + 1.0
        return float(np.sum(100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2))

    return of_vector(4, loss)


def ackley(rng: np.random.Generator) -> Any:
    turn, bottom = turned(5, rng)

    def loss(x: Array) -> float:
        z = 8 * turn @ (x - bottom)
        ripples = math.exp(float(np.mean(np.cos(2 * math.pi * z))))
        return 20 - 20 * math.exp(-0.2 * math.sqrt(float(np.mean(z * z)))) + math.e - ripples

    return of_vector(5, loss)


def levy(rng: np.random.Generator) -> Any:
    _, bottom = turned(3, rng)

    def loss(x: Array) -> float:
        w = 1 + 2 * (x - bottom)
        middle = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)
        last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
        return float(math.sin(math.pi * w[0]) ** 2 + middle.sum() + last)

    return of_vector(3, loss)


_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(rng: np.random.Generator) -> Any:
    order, flip = rng.permutation(6), rng.random(6) < 0.5

    def loss(x: Array) -> float:
        u = (x + 1) / 2
        u = np.where(flip, 1 - u, u)[order]
        return 3.32237 - float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-np.sum(_A * (u - _P) ** 2, axis=1)))

    return of_vector(6, loss)


def styblinski_tang(rng: np.random.Generator) -> Any:
    shift = rng.uniform(-1.0, 1.0, 4)

    def loss(x: Array) -> float:
        z = 4 * x + shift
        return float(np.sum(z**4 - 16 * z**2 + 5 * z) / 2) + 4 * 39.16616570377142

    return of_vector(4, loss)


def ellipsoid(rng: np.random.Generator) -> Any:
    turn, bottom = turned(6, rng)
    return of_vector(6, lambda x: float(10 ** np.linspace(0, 3, 6) @ (turn @ (x - bottom)) ** 2))


def steps(rng: np.random.Generator) -> Any:
    """As an accuracy on few pictures is: flat in steps."""
    turn, bottom = turned(4, rng)
    return of_vector(4, lambda x: math.floor(100 * math.tanh(float(np.sum((turn @ (x - bottom)) ** 2)) / 2)) / 100)


def cliff(rng: np.random.Generator) -> Any:
    """Beyond a border near the bottom trainings diverge: losses a thousand times larger."""
    turn, bottom = turned(4, rng)

    def loss(x: Array) -> float:
        z = turn @ (x - bottom)
        return float(np.sum(z * z) + (1000 * math.expm1(min(8 * (z[0] - 0.15), 8)) if z[0] > 0.15 else 0.0))

    return of_vector(4, loss)


def training(rng: np.random.Generator) -> Any:
    """Learning rate, depth, width, decay, dropout and optimizer, as they tend to depend on each other."""
    best = dict(zip(("sgd", "adam", "lion"), rng.permutation([0.0, 0.03, 0.1]).tolist(), strict=True))
    middle = dict(zip(best, rng.uniform(-3.2, -1.2, 3).tolist(), strict=True))
    decay, drop, depth, width, momentum = rng.uniform([-5, 0.05, 2, 6, 0.6], [-2, 0.4, 5, 8, 0.95]).tolist()

    def loss(p: Params) -> float:
        lr = math.log10(p["lr"]) - middle[p["optimizer"]] + 0.15 * (p["layers"] - round(depth))
        over = math.log10(p["decay"]) - decay + 0.8 * (p["dropout"] - drop) * 5
        size = 0.05 * (p["layers"] - round(depth)) ** 2 + 0.06 * (math.log2(p["width"] / round(2**width))) ** 2
        heavy = 2 * (p["momentum"] - momentum) ** 2 if p["optimizer"] == "sgd" else 0.0
        rates = 1 - math.exp(-lr * lr) + 0.3 * max(lr, 0.0) ** 3  # slow below, diverging above
        return best[p["optimizer"]] + rates + 0.04 * over**2 + 0.5 * (p["dropout"] - drop) ** 2 + size + heavy

    space: dict[str, Definition] = {
        "optimizer": {"type": "categorical", "choices": list(best)},
        "lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
        "decay": {"type": "float", "low": 1e-7, "high": 0.1, "log": True},
        "dropout": {"type": "float", "low": 0.0, "high": 0.6},
        "layers": {"type": "int", "low": 1, "high": 6},
        "width": {"type": "int", "low": 16, "high": 512, "log": True},
        "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
    }
    return space, loss


def families(rng: np.random.Generator) -> Any:
    """Three models, each with parameters of its own; the one that is best at last is not the easiest."""
    floor = dict(zip("abc", rng.permutation([0.0, 0.1, 0.2]).tolist(), strict=True))
    steep = {name: 4.0 - 15 * value for name, value in floor.items()}
    bottom = {name: rng.uniform(0.15, 0.85, 2) for name in floor}
    shared = float(rng.uniform(0.2, 0.8))

    def loss(p: Params) -> float:
        m = p["model"]
        away = np.array([p[f"{m}0"], p[f"{m}1"]]) - bottom[m]
        off = p["shared"] - shared
        return float(floor[m] + steep[m] * away @ away + 2 * away[0] * off + 2 * off * off)

    space: dict[str, Definition] = {
        "model": {"type": "categorical", "choices": list("abc")},
        "shared": {"type": "float", "low": 0.0, "high": 1.0},
    }
    for name in "abc":
        for i in range(2):
            space[f"{name}{i}"] = {"type": "float", "low": 0.0, "high": 1.0, "when": {"model": name}}
    return space, loss


def choices(rng: np.random.Generator) -> Any:
    """Five choices that matter alone and in pairs, and one number."""
    counts = (2, 3, 3, 4, 5)
    single = [rng.gamma(1.0, 1.0, c) for c in counts]
    pair = {(i, j): 0.5 * rng.standard_normal((counts[i], counts[j])) for i, j in itertools.combinations(range(5), 2)}
    bottom = float(rng.uniform(0.2, 0.8))

    def table(cell: tuple[int, ...]) -> float:
        alone = sum(single[i][c] for i, c in enumerate(cell))
        return float(alone + sum(m[cell[i], cell[j]] for (i, j), m in pair.items()))

    lowest = min(table(cell) for cell in itertools.product(*map(range, counts)))

    def loss(p: Params) -> float:
        return table(tuple(p[f"c{i}"] for i in range(5))) - lowest + 3 * (p["u"] - bottom) ** 2

    space: dict[str, Definition] = {
        f"c{i}": {"type": "categorical", "choices": list(range(c))} for i, c in enumerate(counts)
    }
    return {**space, "u": {"type": "float", "low": 0.0, "high": 1.0}}, loss


def whole(rng: np.random.Generator) -> Any:
    """Five whole numbers that pull at each other."""
    highs = (4, 8, 16, 40, 100)
    bottom = np.array([int(rng.integers(1, high)) for high in highs])
    turn, _ = turned(5, rng)

    def loss(p: Params) -> float:
        z = (np.array([p[f"n{i}"] for i in range(5)]) - bottom) / np.array(highs)
        return float(np.array([1.0, 2, 4, 8, 16]) @ (turn @ z) ** 2)

    return {f"n{i}": {"type": "int", "low": 0, "high": high} for i, high in enumerate(highs)}, loss


MAKERS: tuple[Callable[[np.random.Generator], Any], ...] = (
    rosenbrock, ackley, levy, hartmann, styblinski_tang, ellipsoid, steps, cliff, training, families, choices, whole,
)  # fmt: skip
NAMES = tuple(make.__name__ for make in MAKERS)


def problem(name: str, seed: int) -> Problem:
    place = NAMES.index(name)
    return Problem(name, *MAKERS[place](np.random.default_rng([seed, place, 2024])))
