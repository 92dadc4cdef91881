"""Keeps a sampler from trying a point of a finite space twice, and tells when there is none left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hptui.core.search.protocol import Array, Exhausted, History, Outlook, Proposal
from hptui.core.search.samplers.random import Random
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

_ENDLESS = 10**9  # in a space of more points a repeat is too unlikely to look for


@dataclass(frozen=True)
class Fresh:
    space: Space
    seed: int
    grows: bool = False

    def choose(
        self, history: History, number: int, points: Array, why: str, outlooks: tuple[Outlook, ...] = ()
    ) -> Proposal | Exhausted:
        """The first of the points (k, d), best first, that no trial has had; else a random one.

        Where no point is the same twice, the first. outlooks: of the first.
        """
        if not self._finite:
            return Proposal(points[0].copy(), why, outlooks)
        seen = tried(history, self._same)
        for i, point in enumerate(points):
            if self._same(point) not in seen:
                return Proposal(point.copy(), why, () if i else outlooks)
        other = Random(self.space, self.seed, self.grows).ask(history, number)
        if isinstance(other, Exhausted):
            return other
        return Proposal(other.x, f"{other.why}: everything better was tried")

    @cached_property
    def _finite(self) -> bool:
        size = self.space.size()
        return size is not None and size <= _ENDLESS

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)
