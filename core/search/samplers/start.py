"""The first points of a search, before a model: the middle of every range, then points that are spread evenly.

Needs numpy alone, so that the first trials of a session do not wait for larger libraries to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed
from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.random import Random
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

_MIDDLE = 0.75  # of each range, where the points are: people put ranges around what they expect
_ENOUGH = 3  # losses needed before there is anything to learn


@dataclass(frozen=True)
class Start:
    """Points of a lattice with irrational steps, shifted by the seed: any few in a row are spread evenly.

    points: so many; half as many as parameters and two more, from 4 to 8, when it is not stated.

    Source: Kronecker's lattice with the steps of Roberts 2018, "The unreasonable effectiveness of quasirandom
    sequences": powers of 1 / phi, phi ** (d + 1) = phi + 1.
    """

    space: Space
    seed: int
    grows: bool = False
    points: int | None = None

    def lasts(self, seen: Observed) -> bool:
        """Whether too little is known for a model."""
        known = len(seen) + len(seen.pending) + len(seen.infeasible)
        return known < self.wanted or len(seen) < _ENOUGH

    @property
    def wanted(self) -> int:
        """How many points, unless too few of them get a loss."""
        return self.points or min(max(len(self.layout.varying) // 2 + 2, 4), 8)

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        """The middle, then lattice points; a random untried one where that was tried."""
        if not self.layout.columns:
            return self._random.ask(history, number)
        x = (self._shift + number * self._steps) % 1.0
        numbers = [axis.place for axis in self.layout.varying if axis.kind != "choice"]
        x[numbers] = 0.5 + (_MIDDLE if number else 0.0) * (x[numbers] - 0.5)
        why = f"evenly spread point {number}" if number or not numbers else "the middle of every range"
        if self._same(x) not in tried(history, self._same):
            return Proposal(x, f"start: {why}")
        return self._random.ask(history, number)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.space)

    @cached_property
    def _shift(self) -> Array:
        return np.random.default_rng(self.seed).random(self.space.dim)

    @cached_property
    def _steps(self) -> Array:
        """(d,) in an order of its own for each seed."""
        steps = lattice_steps(self.space.dim)
        return np.random.default_rng([self.seed, self.space.dim]).permutation(steps)

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)

    @cached_property
    def _random(self) -> Random:
        return Random(self.space, self.seed, self.grows)


def lattice_steps(dim: int) -> Array:
    """(dim,) phi ** -1, phi ** -2, ... for the positive root of phi ** (dim + 1) = phi + 1."""
    phi = 2.0
    for _ in range(60):  # a contraction: a millionth of a millionth within 40 rounds in one dimension, fewer in more
        phi = (1.0 + phi) ** (1.0 / (dim + 1))
    return np.asarray(phi ** -np.arange(1.0, dim + 1))
