"""Curves as the curve process hears them: one observation per milestone, in the order in which they came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.models.curve_fit import Observations
from hptui.core.search.models.layout import Layout
from hptui.core.search.protocol import Array, Curve, Milestones
from hptui.core.space.space import Space

Point = tuple[float | None, ...]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Heard:
    """All curves so far.

    curves: those that have reported, by their first observation; rows of `seen.features`. best: the lowest finite
    loss reported, or inf. steps: (t,) how many each has trained, of `full`. last: the step that a full training
    reports last.
    """

    curves: tuple[Curve, ...]
    seen: Observations
    best: float
    steps: Array
    last: int
    full: int


@dataclass(frozen=True)
class _Part:
    """What is heard of one curve: the steps, losses and arrivals of its observations."""

    curve: Curve
    steps: Whole
    losses: Array
    arrival: Whole
    lowest: float
    features: Array
    last_step: int

    def is_of(self, curve: Curve) -> bool:
        known = self.curve
        same = known.steps is curve.steps and known.losses is curve.losses
        return same and (known.x is curve.x or known.x == curve.x)


@dataclass(frozen=True)
class _Told:
    """The observations of curves, in the order in which they came.

    curves, parts, features, trained, lowest: by row, the last two (t,): last step and lowest loss. rows: by number.
    trial: (n,) rows. latest: the last arrival, 0 where none is known. least: the first step of any.
    """

    curves: tuple[Curve, ...]
    parts: tuple[_Part, ...]
    features: Array
    trained: Array
    lowest: Array
    rows: dict[int, int]
    trial: Whole
    steps: Whole
    losses: Array
    latest: int
    least: int

    @staticmethod
    def of(parts: Sequence[_Part], named: Sequence[Curve], p: int) -> _Told:
        """parts: of the curves `named`, with p features each."""
        owner = np.repeat(np.arange(len(parts)), [len(part.steps) for part in parts])
        steps = np.concatenate([part.steps for part in parts])
        losses = np.concatenate([part.losses for part in parts])
        arrival = np.concatenate([part.arrival for part in parts])
        # who does not know when reports came takes them step by step
        order = np.lexsort((np.array([part.curve.number for part in parts])[owner], steps, arrival))
        owner, steps, losses = owner[order], steps[order], losses[order]
        appearance = np.argsort(np.unique(owner, return_index=True)[1], kind="stable")
        row = np.empty(len(parts), np.int64)
        row[appearance] = np.arange(len(parts))
        by_row = tuple(parts[i] for i in appearance.tolist())
        return _Told(
            tuple(named[i] for i in appearance.tolist()), by_row, _table(by_row, p),
            np.array([part.last_step for part in by_row], float), np.array([part.lowest for part in by_row]),
            {part.curve.number: place for place, part in enumerate(by_row)},
            row[owner], steps, losses, int(arrival.max()), int(steps.min()),
        )  # fmt: skip

    def changed(self, curves: Iterable[Curve]) -> tuple[list[Curve], int]:
        """Those that are not as they are here, and how many are."""
        rows, known = self.rows, self.curves
        all_of_them = list(chain(curves))  # whose length nobody asks for: a crowd would count itself
        other = [c for c in all_of_them if (row := rows.get(c.number)) is None or known[row] is not c]
        return other, len(all_of_them) - len(other)

    def grown(self, fresh: Sequence[_Part], named: Sequence[Curve]) -> _Told | None:
        """The same with other parts of the curves `named`; None when what came since is not all later."""
        rows, more = dict(self.rows), list[tuple[int, int, int, float]]()
        for part in fresh:
            row, k = self.rows.get(part.curve.number), 0
            if row is not None:
                old = self.parts[row]
                if old is part:
                    continue
                k = len(old.steps)
                begun = zip((old.steps, old.losses, old.arrival), (part.steps, part.losses, part.arrival), strict=True)
                if not all(a.tobytes() == b[:k].tobytes() for a, b in begun):
                    return None
            came = zip(part.arrival[k:].tolist(), part.steps[k:].tolist(), part.losses[k:].tolist(), strict=True)
            more += [(arrival, step, part.curve.number, loss) for arrival, step, loss in came]
        more.sort(key=lambda one: one[:3])
        if more and (more[0][0] <= self.latest or min(one[1] for one in more) < self.least):
            return None
        at = [rows.setdefault(number, len(rows)) for _, _, number, _ in more]
        new = len(rows) - len(self.rows)
        curves, parts = [*self.curves, *list(named[:1]) * new], [*self.parts, *list(fresh[:1]) * new]
        trained, lowest = (np.append(known, np.zeros(new)) for known in (self.trained, self.lowest))
        same = not new
        for part, curve in zip(fresh, named, strict=True):
            row = rows[part.curve.number]
            same = same and parts[row].features is part.features
            curves[row], parts[row], trained[row], lowest[row] = curve, part, part.last_step, part.lowest
        return _Told(
            tuple(curves), tuple(parts), self.features if same else _table(parts, self.features.shape[1]),
            trained, lowest, rows, np.append(self.trial, np.array(at, np.int64)),
            np.append(self.steps, np.array([one[1] for one in more], np.int64)),
            np.append(self.losses, np.array([one[3] for one in more], float)),
            more[-1][0] if more else self.latest, self.least,
        )  # fmt: skip


def _table(parts: Sequence[_Part], p: int) -> Array:
    return np.array([part.features for part in parts]).reshape(len(parts), p)


@dataclass(frozen=True)
class Ear:
    """Makes `Heard` of curves. What it remembers is the same work done before.

    space: what points are points of; None when they say nothing. max_steps: of a full training.
    """

    milestones: Milestones
    max_steps: int
    space: Space | None = None
    _parts: dict[int, _Part] = field(default_factory=dict, compare=False, repr=False)
    _features: dict[Point, Array] = field(default_factory=dict, compare=False, repr=False)
    _told: dict[str, _Told | None] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def layout(self) -> Layout | None:
        return None if self.space is None else Layout(self.space)

    @property
    def groups(self) -> tuple[int, ...]:
        return () if self.layout is None else self.layout.groups

    def features(self, x: Array) -> Array:
        """(n, p) of points (n, d), NaN where a parameter is inactive."""
        return np.empty((len(x), 0)) if self.layout is None else self.layout.features(self.layout.snap(x))

    def features_of(self, point: Point) -> Array:
        """(p,) of a trial's point."""
        known = self._features.get(point)
        if known is None:
            known = self._features[point] = self.features(self.located(point)[None, :])[0]
        return known

    def located(self, point: Point) -> Array:
        """(d,) NaN where a parameter is inactive, and where the point lacks a coordinate of the space."""
        dim = 0 if self.space is None else self.space.dim
        return np.array([math.nan if u is None else u for u in (*point, *(None,) * dim)[:dim]], float)

    def hear(self, curves: Sequence[Curve]) -> Heard | None:
        """None before anybody has reported."""
        told = self._told["latest"] = self._listen(curves)
        if told is None:
            return None
        from_0 = int(told.least == 0)  # steps count from 0, or from 1
        first = max(1, told.least + from_0)
        s = np.log(np.maximum(told.steps + from_0, first) / first) / math.log(max(self.max_steps / first, 1.5))
        seen = Observations(told.features, self.groups, told.trial, np.minimum(s, 1.0), told.losses)
        lowest, last = float(told.lowest.min()), self.max_steps - from_0
        return Heard(told.curves, seen, lowest, told.trained + from_0, last, self.max_steps)

    def _listen(self, curves: Sequence[Curve]) -> _Told | None:
        told = self._told.get("latest")
        if told is not None:
            fresh, kept = told.changed(curves)
            named = [curve for curve in fresh if len(curve.steps)]
            if kept + sum(curve.number in told.rows for curve in named) == len(told.rows):
                grown = told.grown([self._part(curve) for curve in named], named)
                if grown is not None:
                    return grown
        named = [curve for curve in curves if len(curve.steps)]
        return _Told.of([self._part(curve) for curve in named], named, len(self.groups)) if named else None

    def _part(self, curve: Curve) -> _Part:
        if (known := self._parts.get(curve.number)) is not None and known.is_of(curve):
            return known
        marks = [
            i
            for i, step in enumerate(curve.steps.tolist())
            if i == 0 or step >= self.max_steps - 1 or self.milestones.reached(step, int(curve.steps[i - 1]))
        ]
        finite = curve.losses[np.isfinite(curve.losses)]
        arrival = np.zeros(len(curve.steps), np.int64) if curve.arrival is None else curve.arrival
        lowest = float(finite.min()) if len(finite) else math.inf
        made = _Part(curve, curve.steps[marks], curve.losses[marks], arrival[marks], lowest,
            self.features_of(curve.x), curve.last_step,
        )  # fmt: skip
        self._parts[curve.number] = made
        return made
