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

    def is_of(self, curve: Curve) -> bool:
        known = self.curve
        return known.steps is curve.steps and known.losses is curve.losses and known.x == curve.x


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
        parts = [self._part(curve) for curve in named]
        owner = np.repeat(np.arange(len(parts)), [len(part.steps) for part in parts])
        steps = np.concatenate([part.steps for part in parts])
        losses = np.concatenate([part.losses for part in parts])
        arrival = np.concatenate([part.arrival for part in parts])
        # who does not know when reports came takes them step by step
        order = np.lexsort((np.array([curve.number for curve in named])[owner], steps, arrival))
        owner, steps, losses = owner[order], steps[order], losses[order]
        appearance = np.argsort(np.unique(owner, return_index=True)[1], kind="stable")
        row = np.empty(len(parts), np.int64)
        row[appearance] = np.arange(len(parts))
        by_row = tuple(named[i] for i in appearance.tolist())
        from_0 = int(steps.min() == 0)  # steps count from 0, or from 1
        first = max(1, int(steps.min()) + from_0)
        s = np.log(np.maximum(steps + from_0, first) / first) / math.log(max(self.max_steps / first, 1.5))
        features = self._stacked([parts[i].features for i in appearance.tolist()])
        seen = Observations(features, self.groups, row[owner], np.minimum(s, 1.0), losses)
        trained = np.array([curve.last_step + from_0 for curve in by_row], float)
        return Heard(by_row, seen, min(part.lowest for part in parts), trained, self.max_steps - from_0, self.max_steps)

    def _stacked(self, rows: list[Array]) -> Array:
        """(t, p) of rows (p,); the table of before as long as they are the same ones."""
        known, made = self._table.get("latest", ([], np.empty((0, 0))))
        if len(known) != len(rows) or any(one is not other for one, other in zip(known, rows, strict=True)):
            made = np.array(rows).reshape(len(rows), len(self.groups))
            self._table["latest"] = (rows, made)
        return made

    def _part(self, curve: Curve) -> _Part:
        known = self._parts.get(curve.number)
        if known is not None and known.is_of(curve):
            return known
        marks = [
            i
            for i, step in enumerate(curve.steps.tolist())
            if i == 0 or step >= self.max_steps - 1 or self.milestones.reached(step, int(curve.steps[i - 1]))
        ]
        finite = curve.losses[np.isfinite(curve.losses)]
        arrival = np.zeros(len(curve.steps), np.int64) if curve.arrival is None else curve.arrival
        lowest = float(finite.min()) if len(finite) else math.inf
        made = _Part(curve, curve.steps[marks], curve.losses[marks], arrival[marks], lowest, self.features_of(curve.x))
        self._parts[curve.number] = made
        return made
