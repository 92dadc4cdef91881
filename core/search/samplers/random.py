"""Independent uniform draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Exhausted, History, Proposal
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

_DRAWS = 32  # before every point of a finite space is looked at; by then nearly all of them were tried
_ENDLESS = 10**9


@dataclass(frozen=True)
class Random:
    """Draw every coordinate by itself; in a finite space, only points that no trial has had.

    grows: parameters may still be added, so a space with nothing new left is no reason to stop.
    """

    space: Space
    seed: int
    grows: bool = False

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        rng = np.random.default_rng([self.seed, number])
        x = rng.random(self.space.dim)
        if self.space.dim == 0:
            return Proposal(x, "no parameter is known yet")
        if self._size is None:
            return Proposal(x, "random draw")
        seen = tried(history, self._same)
        for _ in range(_DRAWS):
            if self._same(x) not in seen:
                return Proposal(x, "random draw")
            x = rng.random(self.space.dim)
        # listed, not counted: two points of the space may be one to the user (scaled values that coincide)
        new = [point for point in self.space.grid() if self._same(point) not in seen]
        if new:
            x = np.nan_to_num(new[rng.integers(len(new))], nan=0.5)
            return Proposal(x, f"random draw, one of {len(new)} untried points")
        if self.grows:
            return Proposal(x, f"random draw, a repeat: all {self._size} points known so far were tried")
        return Exhausted(f"all {self._size} points of the space were tried")

    @cached_property
    def _size(self) -> int | None:
        """None where a repeat is too unlikely to look for."""
        size = self.space.size()
        return None if size is None or size > _ENDLESS else size

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)
