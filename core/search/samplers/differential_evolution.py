"""Differential evolution: step along the differences between good points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import judged
from hptui.core.search.samplers.population import Seats, filled, folded, seats
from hptui.core.space.space import Space


@dataclass(frozen=True)
class DifferentialEvolution:
    """From the seat's point towards one of the best, plus a difference of two others, in part of the coordinates.

    Trial `number` challenges seat `number` modulo the population, and a seat keeps the best it has had: that is the
    whole selection, and can be read off any history. A choice is copied from one of the points involved.

    population: how many seats. Source: Storn & Price 1997; current-to-pbest of Zhang & Sanderson 2009, eq. 6.
    """

    space: Space
    seed: int
    grows: bool = False
    population: int = 6

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < max(self.population, 4):
            return self._ground.start(history, number)
        held = seats(seen, filled(self._ground.axes, seen, self.seed), self.population)
        if len(held) < 4:
            return self._ground.start(history, number)
        rng = np.random.default_rng([self.seed, number])
        scale, share = rng.uniform(0.4, 0.9), rng.choice([0.3, 0.9])
        x = self._challenger(held, number % self.population, scale, share, rng)
        why = f"challenges seat {number % self.population}: difference times {scale:.2f} in {share:.0%} of coordinates"
        return self._ground.choose(history, number, x[None], why)

    def _challenger(self, held: Seats, seat: int, scale: float, share: float, rng: np.random.Generator) -> Array:
        """(d,) from a seat that holds nothing yet: from one of the others."""
        mine = np.flatnonzero(held.seat == seat)
        here = int(mine[0]) if len(mine) else int(rng.integers(len(held)))
        best = int(rng.integers(max(2, len(held) // 5)))
        one, other = rng.choice([i for i in range(len(held)) if i != here], 2, replace=False)
        x = held.x
        moved = folded(x[here] + scale * (x[best] - x[here]) + scale * (x[one] - x[other]))
        copied = x[rng.choice([here, best, int(one)], self.space.dim), np.arange(self.space.dim)]
        axes = self._ground.axes
        moved = np.where(axes.choice, copied, moved)
        taken = rng.random(self.space.dim) < share
        taken[rng.integers(self.space.dim)] = True
        challenger: Array = axes.snap(np.where(taken, moved, x[here])[None])[0]
        return challenger

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)
