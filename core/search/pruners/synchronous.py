"""Synchronous successive halving: rounds of trials, each decided at a rung when all who are to come have come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hptui.core.search.pruners.hyperband import Bracket, Hyperband, Ladder


@dataclass(frozen=True)
class Rounds(Ladder):
    """Every round is one bracket from the lowest rung up.

    size: trials in it; factor ** rungs when None, so that one reaches the end.
    """

    size: int | None = None

    @cached_property
    def round(self) -> tuple[Bracket, ...]:
        rungs = self.steps[:-1]
        size = self.size or self.factor ** len(rungs)
        counts = tuple(max(1, size // self.factor**i) for i in range(len(rungs) + 1))
        return (Bracket(0, rungs, counts),)


@dataclass(frozen=True)
class SynchronousHalving(Hyperband):
    """While a round waits for its last trials, the next one is begun, so no slot is idle.

    Source: Jamieson & Talwalkar 2016, algorithm 1.
    """

    round_size: int | None = None

    @cached_property
    def ladder(self) -> Rounds:
        return Rounds(self.max_steps, self.min_resource, self.reduction_factor, self.round_size)
