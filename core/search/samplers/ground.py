"""What every model and population needs of its space: its axes, a start, and points that are new."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hptui.core.search.protocol import Array, Exhausted, History, Outlook, Proposal
from hptui.core.search.samplers.axes import Axes
from hptui.core.search.samplers.fresh import Fresh
from hptui.core.search.samplers.quasi_random import QuasiRandom
from hptui.core.search.samplers.random import Random
from hptui.core.space.space import Space


@dataclass(frozen=True)
class Ground:
    space: Space
    seed: int
    grows: bool

    @cached_property
    def axes(self) -> Axes:
        return Axes(self.space)

    def start(self, history: History, number: int) -> Proposal | Exhausted:
        """A quasi-random point, before there is anything to learn from."""
        if not 0 < self.space.dim <= QuasiRandom.MAX_DIM:
            return Random(self.space, self.seed, self.grows).ask(history, number)
        first = QuasiRandom(self.space, self.seed).ask(history, number)
        return self.choose(history, number, first.x[None], first.why) if isinstance(first, Proposal) else first

    def choose(
        self, history: History, number: int, points: Array, why: str, outlooks: tuple[Outlook, ...] = ()
    ) -> Proposal | Exhausted:
        """The first of the points (k, d), best first, that no trial of a finite space has had."""
        return self._fresh.choose(history, number, points, why, outlooks)

    @cached_property
    def _fresh(self) -> Fresh:
        return Fresh(self.space, self.seed, self.grows)
