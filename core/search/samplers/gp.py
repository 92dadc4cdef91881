"""Gaussian processes: the point that is expected to improve most on the best loss so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.basins import Box, untried
from hptui.core.search.models.committee import Committee
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.learning import RECIPES, Learned, learn
from hptui.core.search.models.observed import Observed, observe, thinned
from hptui.core.search.models.search import most_promising
from hptui.core.search.models.shape import KernelName, Shape
from hptui.core.search.models.trust import box
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Outlook, Proposal, Tilt
from hptui.core.search.samplers.pool import reach_of, room
from hptui.core.search.samplers.random import Random
from hptui.core.search.samplers.start import Start
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

LARGEST = 1000  # trials a process sees; of more, a selection
ALL_LEARN = 30  # up to here every member learns from every trial; later they take turns


@dataclass(frozen=True)
class Again:
    """numbers: (m,) of complete trials. losses: (m,) what each is expected to lose, were it tried once more.

    noise: one standard deviation of what a single try near the best adds by chance, in the losses' units.
    """

    numbers: NDArray[np.int64]
    losses: Array
    noise: float

    @property
    def best(self) -> int:
        return int(self.numbers[np.argmin(self.losses)])

    def of(self, number: int) -> float:
        """NaN for a trial that the model does not see."""
        found = self.losses[self.numbers == number]
        return float(found[0]) if len(found) else float("nan")


@dataclass(frozen=True)
class GP:
    """A committee of Gaussian processes (`models.committee`) after a few evenly spread points.

    Pending trials are taken to end as expected, and left room. startup: points before the first model; half as
    many as parameters and two more, from 4 to 8, when it is not stated. kernel: see `models.shape`. trust_region:
    stay in a box around the best trial, which grows and shrinks (`models.trust`).

    Sources: log expected improvement, Ament et al. 2023; pending trials (Kriging believer), Ginsbourger, Le
    Riche & Carraro 2010, section 4.
    """

    space: Space
    seed: int
    grows: bool = False
    startup: int | None = None
    kernel: KernelName = "matern"
    trust_region: Literal["off", "on"] = "off"

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        if not self.layout.columns:
            return self._start.ask(history, number)
        seen = observe(history, self.layout)
        if self._start.lasts(seen):
            return self._start.ask(history, number)
        return self.improve(seen, self.learned(seen), history, number)

    def learned(self, seen: Observed) -> tuple[Learned, ...]:
        """What each member has learned of the losses."""
        n = len(seen)
        shape = Shape(self.kernel, self.seed)
        return tuple(
            learn(recipe, seen.first(learned_from(n, i)), self.layout, shape) for i, recipe in enumerate(RECIPES)
        )

    def improve(
        self, seen: Observed, learned: tuple[Learned, ...], history: History, number: int, margin: float = 0.0
    ) -> Proposal | Exhausted:
        """The point with the best promise of improving by more than `margin`, in standard deviations of losses."""
        found = self._promising(seen, learned, history, number, margin)
        return Random(self.space, self.seed, self.grows).ask(history, number) if found is None else found

    def elsewhere(
        self, seen: Observed, learned: tuple[Learned, ...], history: History, number: int
    ) -> Proposal | None:
        """The most promising point of another basin (`models.basins`); None where every basin was tried."""
        for row, basin in islice(untried(seen, self.layout), _BASINS):
            found = self._promising(seen, learned, history, number, box=basin)
            if found is not None:
                return replace(found, why=f"{found.why}, in the basin of trial {seen.numbers[row]}")
        return None

    def _promising(
        self,
        seen: Observed,
        learned: tuple[Learned, ...],
        history: History,
        number: int,
        margin: float = 0.0,
        box: Box | None = None,
    ) -> Proposal | None:
        """None where nothing is new; never outside the `box`."""
        rng = np.random.default_rng([self.seed, number])
        kept = seen.chosen(thinned(seen.y, LARGEST))
        heard = learned if len(kept) <= MANY else (max(learned, key=lambda one: one.score),)
        committee = Committee.of(heard, kept, self.layout, margin)
        known = tried(history, self._same)
        draws = DRAWS if len(kept) <= MANY else DRAWS // 3
        within = box.ends if box else self._box(seen, committee) if self.trust_region == "on" else None
        tilt = self._apart(kept, history.tilt) if len(kept.pending) else history.tilt

        def is_new(x: Array) -> bool:
            return self._same(x) not in known and (box is None or bool(box.holds(x[None])[0]))

        found = most_promising(committee, self.layout, kept, rng, is_new, draws, tilt, within)
        if found is None:
            return None
        note = f", by {len(kept):,} of {len(seen):,} trials" if len(kept) < len(seen) else ""
        why = "gp, beyond the best basin" if margin else "gp"
        return Proposal(np.nan_to_num(found, nan=0.5), why + note, self._outlook(committee, found))

    def recommend(self, history: History) -> int:
        """The complete trial whose loss, were it tried once more, is expected to be lowest."""
        again = self.again(history)
        if again is not None:
            return again.best
        complete = np.flatnonzero((history.kind == Kind.COMPLETE) & np.isfinite(history.y))
        if not len(complete):
            raise ValueError("no trial is complete")
        return int(history.numbers[complete[np.argmin(history.y[complete])]])

    def again(self, history: History) -> Again | None:
        """What is expected of every complete trial, were it tried once more; None before there is a model."""
        seen = observe(history, self.layout)
        if len(seen) < 3 or seen.stopped.all() or not self.layout.columns:
            return None
        kept = seen.chosen(thinned(seen.y, LARGEST))
        committee = Committee.of(self.learned(seen), replace(kept, pending=kept.pending[:0]), self.layout)
        losses = committee.expected()[~kept.stopped]
        return Again(kept.numbers[~kept.stopped], losses, committee.noise(float(losses.min())))

    def _apart(self, seen: Observed, tilt: Tilt | None) -> Tilt:
        """The tilt, and away from pending trials."""
        waiting, known = self.layout.features(seen.pending), self.layout.features(seen.x)
        reach = reach_of(known, seen.y)

        def tilted(x: Array) -> Array:
            kept_off = room(self.layout.features(x), waiting, reach)
            return kept_off if tilt is None else kept_off + tilt(x)

        return tilted

    def _box(self, seen: Observed, committee: Committee) -> tuple[Array, Array]:
        return box(self.layout, seen, committee.lengths(len(self.layout.varying)), self._start.wanted)

    def _outlook(self, committee: Committee, x: Array) -> tuple[Outlook, ...]:
        told = committee.outlook(self.layout.features(x[None, :])[0])
        return (Outlook(*told),) if np.all(np.isfinite(told)) else ()

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.space)

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)

    @cached_property
    def _start(self) -> Start:
        return Start(self.space, self.seed, self.grows, self.startup)


DRAWS = 384  # candidates everywhere, and as many near good points
_BASINS = 3  # are looked at, when those before have nothing new
MANY = 300  # beyond so many trials only the best member is asked, about fewer candidates


def learned_from(n: int, member: int) -> int:
    """How many of `n` trials a member learns its settings from: members take turns, rarer when n is large."""
    if n <= ALL_LEARN:
        return n
    turn = max(1, n // 40)
    return n - (n + member * turn) % (len(RECIPES) * turn)
