"""Scrambled Sobol points: they fill the cube more evenly than chance does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from hptui.core.errors import StudyError
from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.fresh import Fresh
from hptui.core.space.space import Space

_BLOCK = 256  # points made at once, at most; making the generator costs more than making these


@dataclass(frozen=True)
class QuasiRandom:
    """Trial `number` gets point `number` of the sequence; in a finite space another one where that was tried.

    Source: Sobol 1967; direction numbers of Joe & Kuo 2008, scrambling of Matousek 1998, by scipy.stats.qmc.
    """

    MAX_DIM: ClassVar[int] = 21201  # scipy has direction numbers for so many

    space: Space
    seed: int
    grows: bool = False

    def __post_init__(self) -> None:
        if self.space.dim > self.MAX_DIM:
            raise StudyError(
                "sampler.name",
                f"Sobol points exist for up to {self.MAX_DIM} parameters, and the space has {self.space.dim}",
                'use sampler "random"',
            )

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        dim = self.space.dim
        if dim == 0:
            return Proposal(np.empty(0), "no parameter is known yet")
        block, row = divmod(number, _rows(dim))
        return self._fresh.choose(history, number, _points(dim, self.seed, block)[[row]], f"Sobol point {number}")

    @cached_property
    def _fresh(self) -> Fresh:
        return Fresh(self.space, self.seed, self.grows)


def _rows(dim: int) -> int:
    """A power of two, as the sequence likes it; fewer in many dimensions, to keep a block near 2 MiB."""
    rows = _BLOCK
    while rows > 1 and rows * dim > 2**18:
        rows //= 2
    return rows


@lru_cache(maxsize=4)
def _points(dim: int, seed: int, block: int) -> Array:
    """(rows, dim) points of one block. A cache of pure values: no generator with a position is kept."""
    from scipy.stats import qmc  # a second to import

    # `seed` is `rng` from scipy 1.15 on, and works in both; a Generator means the same in all of them
    sobol = qmc.Sobol(dim, scramble=True, seed=np.random.default_rng(seed))
    rows = _rows(dim)
    if block:
        sobol.fast_forward(block * rows)
    points: Array = sobol.random(rows)
    points.flags.writeable = False
    return points
