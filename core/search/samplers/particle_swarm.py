"""Particle swarm: each particle swings between the best it has had and the best of all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Exhausted, History, Proposal
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import judged
from hptui.core.search.samplers.population import filled, folded, seats
from hptui.core.space.space import Space

# constriction, which makes the swings die down: Clerc & Kennedy 2002, section 5
_INERTIA, _PULL = 0.7298, 1.49618


@dataclass(frozen=True)
class ParticleSwarm:
    """Trial `number` is the next place of particle `number` modulo the population.

    Its velocity is the step between its last two places, so the history holds the whole swarm. A choice is one of
    the particle's own, of its best and of the best of all, or sometimes any.

    Source: Kennedy & Eberhart 1995; constants of Clerc & Kennedy 2002.
    """

    space: Space
    seed: int
    grows: bool = False
    population: int = 8

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < self.population:
            return self._ground.start(history, number)
        x = filled(self._ground.axes, seen, self.seed)
        particle = number % self.population
        places = x[seen.numbers % self.population == particle]
        if len(places) == 0:
            return self._ground.start(history, number)
        held = seats(seen, x, self.population)
        own, best = held.x[held.seat == particle][0], held.x[0]
        here, before = places[-1], places[max(len(places) - 2, 0)]

        rng = np.random.default_rng([self.seed, number])
        to_own, to_best = _PULL * rng.random((2, self.space.dim))
        axes = self._ground.axes
        moved = folded(here + _INERTIA * (here - before) + to_own * (own - here) + to_best * (best - here))
        picked = np.stack([here, own, best, rng.random(self.space.dim)])
        which = rng.choice(4, self.space.dim, p=[0.2, 0.3, 0.4, 0.1])
        moved = np.where(axes.choice, picked[which, np.arange(self.space.dim)], moved)
        why = f"particle {particle} of {self.population}, step {len(places)}"
        return self._ground.choose(history, number, axes.snap(moved[None]), why)

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)
