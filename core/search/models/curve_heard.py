"""Curves as the curve process hears them: one observation per milestone, in the order in which they came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

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
    """The observations of parts, in the order in which they came.

    parts: by number. rows: of `trial`, by number. latest: the last arrival, 0 where none is known. least: the first
    step of any.
    """

    parts: dict[int, _Part]
    rows: dict[int, int]
    trial: Whole
    steps: Whole
    losses: Array
    latest: int
    least: int

    @staticmethod
    def of(parts: Sequence[_Part]) -> _Told:
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
        rows = {part.curve.number: place for part, place in zip(parts, row.tolist(), strict=True)}
        known = {part.curve.number: part for part in parts}
        return _Told(known, rows, row[owner], steps, losses, int(arrival.max()), int(steps.min()))

    def grown(self, parts: Sequence[_Part]) -> _Told | None:
        """The same of parts that are these and more; None when what came since is not all later."""
        fresh = [part for part in parts if self.parts.get(part.curve.number) is not part]
        if len(parts) - len(self.parts) != sum(part.curve.number not in self.parts for part in fresh):
            return None
        more = []
        for part in fresh:
            old, k = self.parts.get(part.curve.number), 0
            if old is not None:
                k = len(old.steps)
                begun = zip((old.steps, old.losses, old.arrival), (part.steps, part.losses, part.arrival), strict=True)
                if not all(a.tobytes() == b[:k].tobytes() for a, b in begun):
                    return None
            came = zip(part.arrival[k:].tolist(), part.steps[k:].tolist(), part.losses[k:].tolist(), strict=True)
            more += [(arrival, step, part.curve.number, loss) for arrival, step, loss in came]
        more.sort(key=lambda one: one[:3])
        if more and (more[0][0] <= self.latest or min(one[1] for one in more) < self.least):
            return None
        rows = dict(self.rows)
        at = [rows.setdefault(number, len(rows)) for _, _, number, _ in more]
        known = {**self.parts, **{part.curve.number: part for part in fresh}} if fresh else self.parts
        return _Told(
            known, rows, np.append(self.trial, np.array(at, np.int64)),
            np.append(self.steps, np.array([one[1] for one in more], np.int64)),
            np.append(self.losses, np.array([one[3] for one in more], float)),
            more[-1][0] if more else self.latest, self.least,
        )  # fmt: skip


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
    _told: dict[str, _Told] = field(default_factory=dict, compare=False, repr=False)
    _table: dict[str, tuple[list[Array], Array]] = field(default_factory=dict, compare=False, repr=False)

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
        named = [curve for curve in curves if len(curve.steps)]
        if not named:
            return None
        known = self._parts
        parts = [
            part if (part := known.get(curve.number)) is not None and part.is_of(curve) else self._part(curve)
            for curve in named
        ]
        told = self._told.get("latest")
        told = self._told["latest"] = (told.grown(parts) if told is not None else None) or _Told.of(parts)
        by_row = [parts[0]] * len(parts)
        for part in parts:
            by_row[told.rows[part.curve.number]] = part
        from_0 = int(told.least == 0)  # steps count from 0, or from 1
        first = max(1, told.least + from_0)
        s = np.log(np.maximum(told.steps + from_0, first) / first) / math.log(max(self.max_steps / first, 1.5))
        features = self._stacked([part.features for part in by_row])
        seen = Observations(features, self.groups, told.trial, np.minimum(s, 1.0), told.losses)
        trained = np.array([part.last_step for part in by_row], float) + from_0
        lowest, last = min(part.lowest for part in parts), self.max_steps - from_0
        now = {curve.number: curve for curve in named}
        return Heard(tuple(now[part.curve.number] for part in by_row), seen, lowest, trained, last, self.max_steps)

    def _stacked(self, rows: list[Array]) -> Array:
        """(t, p) of rows (p,); the table of before as long as they are the same ones."""
        known, made = self._table.get("latest", ([], np.empty((0, 0))))
        if len(known) != len(rows) or any(one is not other for one, other in zip(known, rows, strict=True)):
            made = np.array(rows).reshape(len(rows), len(self.groups))
            self._table["latest"] = (rows, made)
        return made

    def _part(self, curve: Curve) -> _Part:
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
