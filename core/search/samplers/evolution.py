"""Regularised evolution: change the best of a few of the latest trials a little."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import judged, ranks
from hptui.core.search.samplers.population import filled, folded
from hptui.core.space.space import Space


@dataclass(frozen=True)
class Evolution:
    """The population is the latest trials, whatever became of them: the old die, so no lucky loss reigns for ever.

    A parent is the best of a few drawn from the population; half of the children take some coordinates of a second
    one. Then a few coordinates change: a number by a step whose size is drawn anew over two orders of magnitude, a
    choice to any.

    population: the latest so many trials. sample: draws of which the best is the parent.
    Source: Real et al. 2019, algorithm 1.
    """

    space: Space
    seed: int
    grows: bool = False
    population: int = 30
    sample: int = 20
    startup: int = 10

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < self.startup:
            return self._ground.start(history, number)
        rng = np.random.default_rng([self.seed, number])
        alive = np.arange(len(seen))[-self.population :]
        x, rank = filled(self._ground.axes, seen, self.seed)[alive], ranks(seen.loss[alive])

        def parent() -> int:
            drawn = rng.integers(len(alive), size=min(self.sample, len(alive)))
            return int(drawn[rank[drawn].argmin()])

        first, second = parent(), parent()
        child = np.where((rng.random(self.space.dim) < 0.5) & (rng.random() < 0.5), x[second], x[first])
        child, size = self._changed(child, rng)
        origin = int(seen.numbers[alive[first]])
        who = f"trial {origin}" if origin >= 0 else "a past trial"  # lent ones have numbers below 0
        why = f"child of {who}, the best of {min(self.sample, len(alive))} drawn; steps of {size:.2g}"
        return self._ground.choose(history, number, child[None], why)

    def _changed(self, x: Array, rng: np.random.Generator) -> tuple[Array, float]:
        """The point with about two coordinates changed, at least one that makes a difference, and the steps' size."""
        dim, axes = self.space.dim, self._ground.axes
        size = 10 ** rng.uniform(-2.5, -0.5)
        changes = rng.random(dim) < min(1.0, 2 / dim)
        varied = np.flatnonzero(axes.active(x[None])[0] & (axes.counts != 1))
        if len(varied):
            changes[rng.choice(varied)] = True
        steps = np.maximum(size, np.where(axes.stepped, 0.7 / np.maximum(axes.counts, 1), 0.0))
        moved = folded(x + steps * rng.normal(size=dim))
        moved = np.where(axes.choice, rng.random(dim), moved)
        return axes.snap(np.where(changes, moved, x)[None])[0], float(size)

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)
