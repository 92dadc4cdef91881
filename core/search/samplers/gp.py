"""Gaussian processes: the point that is expected to improve most on the best loss so far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.models.committee import RECIPES, Committee, Learned, learn
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed, observe, thinned
from hptui.core.search.models.search import most_promising
from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.quasi_random import QuasiRandom
from hptui.core.search.samplers.random import Random
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

LARGEST = 1000  # trials a process sees; of more, a selection
ALL_LEARN = 30  # up to here every member learns from every trial; later they take turns
_FANTASIES = 8
_MIDDLE = 0.75  # of each range, where the first points are
_ENOUGH = 3  # losses needed before there is anything to learn


@dataclass(frozen=True)
class GP:
    """A committee of Gaussian processes (`models.committee`) after a few evenly spread points.

    Pending trials are imagined to end in several ways at once. startup: points before the first model; half as
    many as parameters and two more, from 4 to 8, when it is not stated.

    Sources: log expected improvement, Ament et al. 2023; fantasies, Snoek, Larochelle & Adams 2012, section 3.2.
    """

    space: Space
    seed: int
    grows: bool = False
    startup: int | None = None

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        if not self.layout.columns:
            return self._random.ask(history, number)
        seen = observe(history, self.layout)
        if self.too_early(seen):
            return self.start(history, number)
        return self.improve(seen, self.learned(seen), history, number)

    def too_early(self, seen: Observed) -> bool:
        """Whether too little is known for a model."""
        known = len(seen) + len(seen.pending) + len(seen.infeasible)
        wanted = self.startup or min(max(len(self.layout.varying) // 2 + 2, 4), 8)
        return known < wanted or len(seen) < _ENOUGH

    def start(self, history: History, number: int) -> Proposal | Exhausted:
        """The middle, then evenly spread points; a random untried one where that was tried."""
        if self.space.dim <= QuasiRandom.MAX_DIM:
            answer = self._quasi_random.ask(history, number)
            assert isinstance(answer, Proposal)
            x, why = answer.x, answer.why
            numbers = [axis.place for axis in self.layout.varying if axis.kind != "choice"]
            # people put ranges around what they expect, and a corner teaches little
            x[numbers] = 0.5 + (_MIDDLE if number else 0.0) * (x[numbers] - 0.5)
            if number == 0 and numbers:
                why = "the middle of every range"
            if self._same(x) not in tried(history, self._same):
                return Proposal(x, f"start: {why}")
        return self._random.ask(history, number)

    def learned(self, seen: Observed) -> tuple[Learned, ...]:
        """What each member has learned of the losses."""
        n = len(seen)
        return tuple(learn(recipe, seen.first(learned_from(n, i)), self.layout) for i, recipe in enumerate(RECIPES))

    def improve(
        self, seen: Observed, learned: tuple[Learned, ...], history: History, number: int, margin: float = 0.0
    ) -> Proposal | Exhausted:
        """The point with the best promise of improving by more than `margin`, in standard deviations of losses."""
        rng = np.random.default_rng([self.seed, number])
        kept = seen.chosen(thinned(seen.y, LARGEST))
        heard = learned if len(kept) <= MANY else (max(learned, key=lambda one: one.score),)
        guesses = rng.standard_normal((len(seen.pending), _FANTASIES if len(seen.pending) else 1))
        committee = Committee.of(heard, kept, self.layout, guesses, margin)
        known = tried(history, self._same)
        draws = DRAWS if len(kept) <= MANY else DRAWS // 3
        found = most_promising(committee, self.layout, kept, rng, lambda x: self._same(x) not in known, draws)
        if found is None:
            return self._random.ask(history, number)
        note = f"; by {len(kept):,} of {len(seen):,} trials" if len(kept) < len(seen) else ""
        return Proposal(np.nan_to_num(found, nan=0.5), self._why(committee, found, margin) + note)

    def _why(self, committee: Committee, x: Array, margin: float) -> str:
        loss, doubt, hope = committee.outlook(self.layout.features(x[None, :])[0])
        told = f"gp: expects loss {loss:.4g} ± {doubt:.2g}"
        if margin:
            return f"{told}, looks beyond the best basin"
        return f"{told}, hopes to improve by {hope:.2g}" if hope > 0 else f"{told}, to learn more"

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.space)

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)

    @cached_property
    def _random(self) -> Random:
        return Random(self.space, self.seed, self.grows)

    @cached_property
    def _quasi_random(self) -> QuasiRandom:
        return QuasiRandom(self.space, self.seed, self.grows)


DRAWS = 384  # candidates everywhere, and as many near good points
MANY = 300  # beyond so many trials only the best member is asked, about fewer candidates


def learned_from(n: int, member: int) -> int:
    """How many of `n` trials a member learns its settings from: members take turns, rarer when n is large."""
    if n <= ALL_LEARN:
        return n
    turn = max(1, n // 60)
    return n - (n + member * turn) % (len(RECIPES) * turn)
