"""A space as models see it: coordinates snapped to values, features with distances that mean something.

Numbers become one feature in [0, 1]; so do choices that read as numbers (batch sizes), in their order. Other
choices become one-hot columns over sqrt(2): two different choices are 1 apart. An inactive number sits in the
middle and an inactive choice at the origin; the parameter that switches it off tells the points apart.
Whole numbers and steps are snapped before any kernel sees them (Garrido-Merchan & Hernandez-Lobato 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.protocol import Array
from hptui.core.space.conditions import in_order
from hptui.core.space.parameter import Categorical, Int, Parameter
from hptui.core.space.space import Space

AxisKind = Literal["fixed", "continuous", "ordered", "choice"]
SMOOTH_COUNT = 12  # an ordered parameter with so many values may be moved along a gradient, then snapped


@dataclass(frozen=True)
class Axis:
    """One parameter's coordinate."""

    place: int  # in the cube
    kind: AxisKind
    count: int  # values; 0 for a continuum
    log_ends: tuple[float, float] | None  # of the log of a logarithmic Int, half a value beyond its bounds
    low: int  # of such an Int, else 0

    def index(self, u: Array) -> NDArray[np.int64]:
        """Which value a coordinate stands for, as `Parameter.value` has it."""
        if self.log_ends is None:
            return np.minimum(u * self.count, self.count - 1).astype(np.int64)
        first, last = self.log_ends
        value = np.rint(np.exp(first + u * (last - first))).astype(np.int64)
        return np.clip(value - self.low, 0, self.count - 1)

    def coordinate(self, index: NDArray[np.int64]) -> Array:
        """The middle of a value's share, as `Parameter.unit` has it."""
        if self.log_ends is None:
            return np.asarray((index + 0.5) / self.count)
        first, last = self.log_ends
        value = index + float(self.low)
        return np.asarray(((np.log(value - 0.5) + np.log(value + 0.5)) / 2 - first) / (last - first))

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The coordinates of the first and the last value."""
        if self.kind == "continuous":
            return 0.0, 1.0
        first, last = self.coordinate(np.array([0, self.count - 1]))
        return float(first), float(last)


@dataclass(frozen=True)
class Column:
    """One feature: a number, or one choice of several."""

    place: int
    choice: int  # -1 for a number
    group: int  # columns with the same group share a length scale


@dataclass(frozen=True)
class Layout:
    """The map from the cube of `space` to features."""

    space: Space

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(_axis(i, p) for i, p in enumerate(self.space.parameters.values()))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        made: list[Column] = []
        group = 0
        for axis in self.axes:
            if axis.kind == "fixed":
                continue
            choices = range(axis.count) if axis.kind == "choice" else [-1]
            made += [Column(axis.place, choice, group) for choice in choices]
            group += 1
        return tuple(made)

    @cached_property
    def groups(self) -> tuple[int, ...]:
        """The group of each column; one group per parameter that can vary."""
        return tuple(column.group for column in self.columns)

    @cached_property
    def varying(self) -> tuple[Axis, ...]:
        """The axis of each group."""
        return tuple(axis for axis in self.axes if axis.kind != "fixed")

    @cached_property
    def _gates(self) -> list[tuple[int, list[tuple[Axis, NDArray[np.int64]]]]]:
        """For each conditional coordinate, parents first: the axes it hangs on and which of their values admit it."""
        place = {name: i for i, name in enumerate(self.space.parameters)}
        gates = []
        for name in in_order(self.space.parameters):
            conditions = []
            for parent, values in self.space.parameters[name].when.items():
                axis = self.axes[place[parent]]
                units = np.array([self.space.parameters[parent].unit(value) for value in values])
                conditions.append((axis, axis.index(units)))
            if conditions:
                gates.append((place[name], conditions))
        return gates

    @cached_property
    def parents(self) -> frozenset[int]:
        """The coordinates that conditions hang on."""
        return frozenset(axis.place for _, conditions in self._gates for axis, _ in conditions)

    @cached_property
    def conditional(self) -> frozenset[int]:
        """The coordinates that are not always active."""
        return frozenset(place for place, _ in self._gates)

    def snap(self, x: Array) -> Array:
        """(n, d) points moved to the middle of their values, NaN where inactive. What is NaN stays NaN."""
        snapped = np.clip(x, 0.0, 1.0)
        for axis in self.axes:
            if axis.kind != "continuous":
                u = snapped[:, axis.place]
                known = ~np.isnan(u)
                u[known] = axis.coordinate(axis.index(u[known]))
        for place, conditions in self._gates:
            for axis, admits in conditions:
                u = snapped[:, axis.place]
                off = np.isnan(u)
                admitted = np.isin(axis.index(np.where(off, 0.0, u)), admits)
                snapped[off | ~admitted, place] = math.nan
        return snapped

    def features(self, snapped: Array) -> Array:
        """(n, p) of snapped points, without NaN."""
        out = np.empty((len(snapped), len(self.columns)))
        for k, column in enumerate(self.columns):
            axis, u = self.axes[column.place], snapped[:, column.place]
            if column.choice < 0:
                first, last = axis.ends
                out[:, k] = np.where(np.isnan(u), 0.5, (u - first) / (last - first))
            else:
                known = ~np.isnan(u)
                out[:, k] = (known & (axis.index(np.where(known, u, 0.0)) == column.choice)) * math.sqrt(0.5)
        return out

    @cached_property
    def smooth(self) -> NDArray[np.bool_]:
        """(p,) the features along which a gradient may be followed."""
        return np.array([self._is_smooth(column) for column in self.columns], bool)

    def _is_smooth(self, column: Column) -> bool:
        axis = self.axes[column.place]
        if axis.kind == "continuous":
            return True
        return axis.kind == "ordered" and axis.count >= SMOOTH_COUNT and axis.place not in self.parents

    def in_features(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Coordinates (d,) as (p,) bounds of the features that are numbers; 0 and 1 for choices."""
        first, last = np.zeros(len(self.columns)), np.ones(len(self.columns))
        for k, column in enumerate(self.columns):
            if column.choice < 0:
                begin, end = self.axes[column.place].ends
                first[k], last[k] = ((np.array([low, high])[:, column.place] - begin) / (end - begin)).clip(0.0, 1.0)
        return first, last

    def with_features(self, x: Array, features: Array) -> Array:
        """(n, d) points with the smooth ones of their (n, p) features put in, where active; not snapped."""
        moved = x.copy()
        for k in np.flatnonzero(self.smooth):
            place = self.columns[k].place
            first, last = self.axes[place].ends
            on = ~np.isnan(x[:, place])
            moved[on, place] = first + features[on, k] * (last - first)
        return moved


def _axis(place: int, parameter: Parameter) -> Axis:
    count = parameter.count
    if count is None:
        return Axis(place, "continuous", 0, None, 0)
    if count == 1:
        return Axis(place, "fixed", 1, None, 0)
    if isinstance(parameter, Categorical):
        return Axis(place, "ordered" if _reads_as_numbers(parameter) else "choice", count, None, 0)
    if isinstance(parameter, Int) and parameter.log:
        ends = (math.log(parameter.low - 0.5), math.log(parameter.high + 0.5))
        return Axis(place, "ordered", count, ends, parameter.low)
    return Axis(place, "ordered", count, None, 0)


def _reads_as_numbers(parameter: Categorical) -> bool:
    """Whether the choices are numbers in ascending or descending order, as in [16, 32, 64] or ["16", "32"]."""
    numbers: list[float] = []
    for choice in parameter.choices:
        if isinstance(choice, bool) or not isinstance(choice, int | float | str):
            return False
        try:
            numbers.append(float(choice))
        except ValueError:
            return False
    steps = np.diff(numbers)
    return bool(np.all(np.isfinite(numbers)) and (np.all(steps > 0) or np.all(steps < 0)))
