"""What the freeze-thaw rule thinks of all curves at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.candidates import everywhere, near
from hptui.core.search.models.curve_fit import levels
from hptui.core.search.models.curve_heard import Ear, Heard, Point
from hptui.core.search.models.curve_model import Expected, expect
from hptui.core.search.models.curve_scale import floor_of
from hptui.core.search.protocol import Array, Compared, Curve, Kind, Milestones
from hptui.core.search.pruners.thaw_choice import BEGIN, NEW_SHARE, Choice, Prospects, chance, choose
from hptui.core.space.space import Space

RIPE = 6  # a trial is trained on for being predicted best while it has had less than a sixth of all steps
DRAWS = 48  # points that stand for all new ones, and as many near the best trials
CENTRES = 5  # of those


@dataclass(frozen=True)
class Outlook:
    """What a trial is expected to end with, as loss, its chance of beating the best so far, and its place among all.

    rank: 1 for the best; None while nothing is predicted.
    """

    loss: float
    doubt: float
    chance: float
    rank: int | None = None


@dataclass(frozen=True)
class Thought:
    """wanted: so many trials begin before anything is predicted.

    points, features: (c, d) and (c, p) where new trials may be; untried: (c,) which of them were not tried.
    free: (t,) trials held that the model has listened to. best: z of the best loss. begun: the points of all trials,
    where there are no others than those given; of trials that have yet to report as well.
    """

    heard: Heard
    wanted: int
    points: Array
    features: Array
    expected: Expected | None
    choice: Choice | None
    free: NDArray[np.bool_]
    untried: NDArray[np.bool_]
    best: float
    begun: frozenset[Point]

    @property
    def predicts(self) -> bool:
        return self.expected is not None

    @property
    def held(self) -> int:
        return sum(curve.held for curve in self.heard.curves)

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {curve.number: row for row, curve in enumerate(self.heard.curves)}

    @cached_property
    def floor(self) -> float:
        return floor_of(self.heard.seen.loss)

    @property
    def most_promising(self) -> int | None:
        """Of the trials held, the row of the one that is predicted to end best."""
        if not self.free.any() or self.expected is None:
            held = [row for row, curve in enumerate(self.heard.curves) if curve.held]
            return min(held, key=lambda row: self.heard.curves[row].last, default=None)
        return int(np.argmin(np.where(self.free, self.expected.trials[0], np.inf)))

    @cached_property
    def ends(self) -> Array:
        """(t,) what trials end with, as predicted, or their best where they have; as z, or as losses seen last where
        nothing is predicted."""
        curves = self.heard.curves
        if self.expected is None:
            return np.array([curve.last for curve in curves])
        ends = np.where(self.expected.heard, self.expected.trials[0], np.inf)
        complete = [row for row, curve in enumerate(curves) if curve.kind == Kind.COMPLETE]
        losses = np.array([curves[row].best_up_to(curves[row].last_step) for row in complete])
        ends[complete] = self.expected.scale.forward(losses)
        return ends

    def furthest(self, rows: Sequence[int]) -> int:
        """Of these rows, the trial that has gone furthest of those that are predicted to end as well as the best, but
        for a doubt: else predictions that are all but equal would have many trials go on by turns, and none end."""
        of_these = np.sort(np.array(rows))
        ends, steps = self.ends[of_these], self.heard.steps[of_these]
        best = int(of_these[np.argmin(ends)])
        doubt = 0.0
        if self.expected is not None and self.heard.curves[best].kind == Kind.PENDING:
            doubt = self.expected.widening * float(self.expected.trials[1][best])
        near = np.flatnonzero(ends <= self.ends[best] + doubt)
        return int(of_these[near[np.lexsort((ends[near], -steps[near]))[0]]])

    @property
    def worst_first(self) -> list[int]:
        """Numbers of the trials held; those that the model has not listened to are the worst."""
        held = [row for row, curve in enumerate(self.heard.curves) if curve.held]
        if self.expected is None:
            return [self.heard.curves[row].number for row in sorted(held, key=lambda row: -self.heard.curves[row].last)]
        end = np.where(self.expected.heard, self.expected.trials[0], np.inf)
        return [self.heard.curves[row].number for row in sorted(held, key=lambda row: (-end[row], row))]

    def outlook(self, number: int) -> Outlook:
        row = self._rows[number]
        if self.expected is None:
            return Outlook(self.heard.curves[row].last, float("inf"), 1.0)
        scale = self.expected.scale
        mean, sd = (float(part[row]) for part in self.expected.trials)
        loss, sd = scale.backward(mean), self.expected.widening * sd
        better = chance(self.best, mean, sd) if self.heard.best > self.floor else 0.0
        rank = 1 + int((self.expected.trials[0][self.expected.heard] < mean).sum())
        return Outlook(max(loss, self.floor), scale.backward(mean + sd) - loss, better, rank)

    def compared(self, number: int) -> Compared:
        """The numbers behind the words: the trial's predicted end and the best loss so far."""
        outlook, cohort = self.outlook(number), len(self.heard.curves)
        if outlook.rank is None:
            return Compared(outlook.loss, self.heard.best, cohort)
        return Compared(outlook.loss, self.heard.best, cohort, rank=outlook.rank, chance=outlook.chance)


@dataclass(frozen=True)
class Mind:
    milestones: Milestones
    max_steps: int
    seed: int
    space: Space | None
    given: Array | None  # (c, d) the only points there are
    _latest: dict[str, Thought] = field(default_factory=dict, compare=False, repr=False)
    _drawn: dict[int, tuple[tuple[Point, ...], Array, Array]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def ear(self) -> Ear:
        return Ear(self.milestones, self.max_steps, self.space)

    @cached_property
    def _given_features(self) -> Array:
        assert self.given is not None
        return self.ear.features(self.given)

    @cached_property
    def _given_rows(self) -> list[bytes]:
        return [row.tobytes() for row in self._given_features]

    def think(self, curves: Sequence[Curve]) -> Thought | None:
        """None before anybody has reported. Trials that have not may be among the curves."""
        heard = self.ear.hear(curves)
        if heard is None:
            return None
        held = np.array([curve.held for curve in heard.curves])
        begun = frozenset(curve.x for curve in curves) if self.given is not None else frozenset[Point]()
        if (latest := self._latest.get("thought")) is not None and latest.begun == begun and _same(latest.heard, heard):
            return latest
        thought = self._latest["thought"] = self._think(heard, held, begun)
        return thought

    def _think(self, heard: Heard, held: NDArray[np.bool_], begun: frozenset[Point]) -> Thought:
        if len(heard.curves) < BEGIN or not np.isfinite(heard.best):
            none = np.zeros(0, bool)
            return Thought(heard, BEGIN, np.empty((0, 0)), np.empty((0, 0)), None, None, held & False, none, 0.0, begun)
        n = len(heard.seen)
        points, features = self._points(heard)
        expected = expect(heard.seen, features)
        free, untried = held & expected.heard, np.ones(len(points), bool)
        if self.given is not None:
            tried = {self.ear.features_of(x).tobytes() for x in begun}
            untried = np.array([row not in tried for row in self._given_rows])
        may_start = len(heard.curves) <= NEW_SHARE * max(n, 2 * BEGIN)
        best = float(expected.scale.forward(np.array([heard.best]))[0])
        rng = np.random.default_rng([self.seed, n])
        ripe = free & (RIPE * heard.steps < heard.steps.sum())
        choice = choose(Prospects(expected.trials, expected.points, best, free, ripe, untried & may_start), rng)
        return Thought(heard, BEGIN, points, features, expected, choice, free, untried, best, begun)

    def _points(self, heard: Heard) -> tuple[Array, Array]:
        """(c, d) points that stand for all that may be tried, and their features; the same until the next level."""
        if self.given is not None:
            return self.given, self._given_features
        layout = self.ear.layout
        if layout is None or not layout.varying:
            return np.full((1, 0), np.nan), np.empty((1, len(self.ear.groups)))
        level = max(levels(len(heard.seen)), default=0)
        begun = heard.seen.first(level)
        loss = np.where(np.isnan(begun.loss), np.inf, begun.loss)
        best = list(dict.fromkeys(begun.trial[np.argsort(loss, kind="stable")].tolist()))[:CENTRES]
        centres = tuple(heard.curves[row].x for row in best)
        known = self._drawn.get(level)
        if known is None or known[0] != centres:
            rng = np.random.default_rng([self.seed, level, 1])
            at, reach = layout.snap(np.array([self.ear.located(x) for x in centres])), np.ones(len(layout.varying))
            drawn = np.vstack([everywhere(layout, rng, DRAWS), near(layout, rng, at, reach, DRAWS)])
            known = self._drawn[level] = (centres, drawn, layout.features(drawn))
        return known[1:]


def _same(one: Heard, other: Heard) -> bool:
    """Whether nothing has happened in between."""
    a, b = one.seen, other.seen
    return (
        len(a) == len(b)
        and [(c.number, c.held, c.kind, c.last_step) for c in one.curves]
        == [(c.number, c.held, c.kind, c.last_step) for c in other.curves]
        and np.array_equal(a.loss, b.loss, equal_nan=True)
        and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("trial", "s", "features"))
    )
