"""Gaussian processes: the point that is expected to improve most on the best loss so far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.models.committee import RECIPES, Committee, Member
from hptui.core.search.models.feasibility import Feasibility
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed, observe, thinned
from hptui.core.search.models.search import most_promising
from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.quasi_random import QuasiRandom
from hptui.core.search.samplers.random import Random
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

LARGEST = 1000  # trials a process sees; more are thinned
_ALL_REFIT = 30  # up to here every member learns from every trial, later each third
_FANTASIES = 8
_ENOUGH = 3  # losses needed before there is anything to fit


@dataclass(frozen=True)
class GP:
    """A committee of Gaussian processes after a few evenly spread points.

    n_startup: points before it; 0 for one more than there are parameters, from 4 to 10.
    """

    space: Space
    seed: int
    grows: bool = False
    n_startup: int = 0

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        if not self.layout.columns:
            return self._random.ask(history, number)
        seen = observe(history, self.layout)
        if self.starts(seen):
            return self.start(history, number)
        return self.think(seen, history, number)

    def starts(self, seen: Observed) -> bool:
        """Whether too little is known for a model."""
        known = len(seen) + len(seen.pending) + len(seen.infeasible)
        wanted = self.n_startup or min(max(len(self.layout.varying) + 1, 4), 10)
        return known < wanted or len(seen) < _ENOUGH

    def start(self, history: History, number: int) -> Proposal | Exhausted:
        """An evenly spread point; a random untried one where that was tried."""
        if self.space.dim <= QuasiRandom.MAX_DIM:
            answer = self._quasi_random.ask(history, number)
            if isinstance(answer, Proposal) and self._same(answer.x) not in tried(history, self._same):
                return Proposal(answer.x, f"start: {answer.why}")
        return self._random.ask(history, number)

    def think(self, seen: Observed, history: History, number: int) -> Proposal | Exhausted:
        rng = np.random.default_rng([self.seed, number])
        from hptui.core.search.models.committee import K
        if K("TRUST", 0) or K("DBG", 0):
            probe, _ = self.committee(seen, np.random.default_rng(0))
            u = max(probe.members, key=lambda v: v.weight).unexplained
            if K("DBG", 0) and number % 10 == 0: print(len(seen), "%.3g"%u, ["%.3g %.2g"%(v.unexplained, v.weight) for v in probe.members])
        cyc = __import__("os").environ.get("CYC", "0").split(",")
        trusted = K("TRUST", 0) and u < K("TRUST", 0)
        if len(seen) >= K("CYCN", 20) and not trusted and cyc[number % len(cyc)] == "t":
            from hptui.core.search.samplers.tpe import TPE
            return TPE(self.space, self.seed, self.grows).ask(history, number)
        m = [0.0 if v == "t" else float(v) for v in __import__("os").environ.get("CYC", "0").split(",")]
        margin = 0.0 if trusted or len(seen) < K("CYCN", 20) else m[number % len(m)]
        committee, note = self.committee(seen, rng, margin)
        known = tried(history, self._same)
        found = most_promising(committee, self.layout, seen, rng, lambda x: self._same(x) not in known)
        if found is None:
            return self._random.ask(history, number)
        x, _ = found
        return Proposal(np.nan_to_num(x, nan=0.5), self.why(committee, x) + note)

    def committee(self, seen: Observed, rng: np.random.Generator, margin: float = 0.0) -> tuple[Committee, str]:
        n = len(seen)
        kept = seen.chosen(thinned(seen.y, LARGEST))
        note = f"; model of {len(kept)} of {n} trials" if len(kept) < n else ""
        guesses = rng.standard_normal((len(seen.pending), _FANTASIES if len(seen.pending) else 1))
        members = tuple(
            Member.of(recipe, kept, seen.first(learned_from(n, place)), self.layout, guesses, margin)
            for place, recipe in enumerate(RECIPES)
        )
        return Committee(members, self._feasibility(kept)), note

    def _feasibility(self, seen: Observed) -> Feasibility | None:
        if not len(seen.infeasible):
            return None
        features = self.layout.features
        return Feasibility(features(seen.x), features(seen.infeasible), self.layout.groups)

    def why(self, committee: Committee, x: Array) -> str:
        loss, doubt, hope = committee.outlook(self.layout.features(x[None, :])[0])
        return f"gp: expects {loss:.4g} ± {doubt:.2g}, hopes to improve by {hope:.2g}"

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


def learned_from(n: int, member: int) -> int:
    """How many of `n` trials a member's settings are learned from: members take turns, rarer when n is large."""
    if n <= _ALL_REFIT:
        return n
    stride = 3 * max(1, n // 120)
    return n - (n + member * max(1, n // 120)) % stride
