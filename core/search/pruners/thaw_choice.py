"""What to train next: which trial, or a new point. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.protocol import Array

FINISH = 0.4  # of all decisions: train on what is predicted to end best
LEAST, MOST = -2.0, 0.0  # the log10 of how far below the best loss a hope goes, in standard deviations of all losses
NEW_SHARE = 0.5  # of all observations may be first ones: fresh points always hold the larger hopes
BEGIN = 8  # trials before there is anything to predict


@dataclass(frozen=True)
class Prospects:
    """What is expected at the end, as z.

    trials, points: (mean, sd) each. best: of all losses seen. free: (t,) trials that may be chosen; ripe: (t,) of
    these, those that may be finished. open: (c,) points that may be chosen.
    """

    trials: tuple[Array, Array]
    points: tuple[Array, Array]
    best: float
    free: NDArray[np.bool_]
    ripe: NDArray[np.bool_]
    open: NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """row: of a trial or of a point. how: it is predicted to end best of all, or likeliest to reach `target`."""

    what: Literal["trial", "point"]
    row: int
    how: Literal["finish", "hope"]
    target: float


def choose(prospects: Prospects, rng: np.random.Generator) -> Choice | None:
    """None when nothing may be chosen.

    A hope is to end a random bit below the best loss, as ifBO has it (Rakotoarison et al. 2024, section 4.2): a
    small bit favours what is nearly there, a large one what is little known.
    """
    finish, target = rng.random() < FINISH, target_of(prospects.best, rng)
    mean, sd = prospects.trials
    if finish and prospects.ripe.any():
        row = int(np.argmin(np.where(prospects.ripe, mean, np.inf)))
        return Choice("trial", row, "finish", prospects.best)
    means, sds = np.concatenate([mean, prospects.points[0]]), np.concatenate([sd, prospects.points[1]])
    allowed = np.concatenate([prospects.free, prospects.open])
    if not allowed.any():
        return None
    one = int(np.argmax(np.where(allowed, (target - means) / sds, -np.inf)))
    what: Literal["trial", "point"] = "trial" if one < len(mean) else "point"
    row = one if what == "trial" else one - len(mean)
    return Choice(what, row, "hope", target)


def target_of(best: float, rng: np.random.Generator) -> float:
    """A random bit below the best."""
    return best - float(10.0 ** rng.uniform(LEAST, MOST))


def chance(target: float, mean: float, sd: float) -> float:
    """The probability that a normal variable is below `target`."""
    return 0.5 * math.erfc((mean - target) / (sd * math.sqrt(2.0)))
