"""Every combination of evenly spaced values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.errors import StudyError
from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space


@dataclass(frozen=True)
class Grid:
    """The first grid point that no trial has had, in an order that may be stopped early (see `spread`).

    points: values per continuous parameter; integers, choices and stepped floats give all of theirs.
    Raises StudyError for a grid of more than `LARGEST` points.
    """

    space: Space
    seed: int
    grows: bool = False
    points: int = 5

    def __post_init__(self) -> None:
        size = self.space.size(self.points)
        assert size is not None  # a grid has an end
        if size > LARGEST:
            raise StudyError(
                "sampler.name",
                f"the grid has {size:,} points, and more than {LARGEST:,} are not kept in mind",
                'lower sampler.points, give parameters a step, or use sampler "quasi_random"',
            )

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        if self.space.dim == 0:
            return Proposal(np.empty(0), "no parameter is known yet")
        seen = tried(history, self._same)
        count = len(self._points)
        for place in range(count):
            point = self._points[spread(place, count)]
            if self._same(point) not in seen:
                return Proposal(np.nan_to_num(point, nan=0.5), f"grid point {place + 1} of {count}")
        return Exhausted(f"all {count} grid points were tried")

    @cached_property
    def _points(self) -> Array:
        """(count, d)."""
        return np.array(list(self.space.grid(self.points)))

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)


LARGEST = 100_000


def spread(place: int, count: int) -> int:
    """Which point of a grid, listed with its last axis fastest, is visited at `place`; each once.

    Starts in the middle and goes on in strides of the golden section of the list, wrapping around. So the
    first axis fills its largest gap again and again, and the last one goes through all its values in turn: a
    grid that is stopped early has seen every part of the space; nested loops would still be in one corner.
    """
    return (count // 2 + place * _stride(count)) % count


def _stride(count: int) -> int:
    """The whole number nearest to the golden section of `count` that has no factor in common with it."""
    golden = round(count * (math.sqrt(5) - 1) / 2)
    near = (golden + side * away for away in range(count + 1) for side in (1, -1))
    return next(stride for stride in near if stride > 0 and math.gcd(stride, count) == 1)
