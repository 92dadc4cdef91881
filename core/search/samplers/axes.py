"""A space's coordinates as arrays, many points at once: which value each one stands for, and which are active."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.protocol import Array
from hptui.core.space.conditions import gates, in_order
from hptui.core.space.parameter import Categorical, Int, Parameter, mark
from hptui.core.space.space import Space

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_FINE = 10_000  # numbers with more values than this are taken as continua


@dataclass(frozen=True)
class Axes:
    """Coordinate i belongs to parameter i of the space. Points are (n, d) in the unit cube, NaN where inactive."""

    space: Space

    @cached_property
    def counts(self) -> Ints:
        """(d,) how many values there are; 0 for a continuum."""
        few = [isinstance(p, Categorical) or (p.count or 0) <= _FINE for p in self._parameters]
        return np.array([(p.count or 0) * is_few for p, is_few in zip(self._parameters, few, strict=True)], np.int64)

    @cached_property
    def choice(self) -> Bools:
        """(d,) whether the values have no order."""
        return np.array([isinstance(p, Categorical) and len(p.choices) > 1 for p in self._parameters], bool)

    @cached_property
    def stepped(self) -> Bools:
        """(d,) whether the values are ordered steps."""
        return (self.counts > 0) & ~self.choice

    @cached_property
    def conditional(self) -> bool:
        return any(p.when for p in self._parameters)

    @cached_property
    def _parameters(self) -> tuple[Parameter, ...]:
        return tuple(self.space.parameters.values())

    @cached_property
    def _edges(self) -> dict[int, Array]:
        """For each axis with values that have unequal shares: where the shares end, (count + 1,)."""
        edges = {}
        for j, p in enumerate(self._parameters):
            if isinstance(p, Int) and p.log and self.counts[j] > 1:
                ends = np.log(np.arange(p.low, p.high + 2) - 0.5)
                edges[j] = (ends - ends[0]) / (ends[-1] - ends[0])
        return edges

    def cells(self, x: Array) -> Ints:
        """(n, d) the number of the value at each coordinate, from 0; 0 on a continuum and where inactive."""
        known = np.nan_to_num(x, nan=0.0)
        cells = np.clip((known * self.counts).astype(np.int64), 0, np.maximum(self.counts - 1, 0))
        for j, edges in self._edges.items():
            cells[:, j] = np.clip(edges.searchsorted(known[:, j], side="right") - 1, 0, self.counts[j] - 1)
        return cells

    def bounds(self, cells: Ints, j: int) -> tuple[Array, Array]:
        """Where the shares of the values `cells`, of any shape, of axis j begin and end."""
        if j in self._edges:
            edges = self._edges[j]
            return edges[cells], edges[cells + 1]
        return cells / self.counts[j], (cells + 1) / self.counts[j]

    def snap(self, x: Array) -> Array:
        """(n, d) each value at the middle of its share; a continuum, and NaN, as it is."""
        snapped = x.copy()
        cells = self.cells(x)
        for j in np.flatnonzero(self.counts).tolist():
            low, high = self.bounds(cells[:, j], j)
            snapped[:, j] = np.where(np.isnan(x[:, j]), np.nan, (low + high) / 2)
        return snapped

    def active(self, x: Array) -> Bools:
        """(n, d) which parameters take part at each point; NaN leaves one out, as a condition would."""
        on = ~np.isnan(x)
        if self.conditional:
            cells = self.cells(x)
            for j, parent, allowed in self._gates:
                if isinstance(allowed, np.ndarray):
                    open_here = allowed[cells[:, parent]]
                else:  # too many values for a table
                    values = [self._parameters[parent].value(u) for u in np.nan_to_num(x[:, parent]).tolist()]
                    open_here = np.array([mark(value) in allowed for value in values], bool)
                on[:, j] &= on[:, parent] & open_here
        return on

    @cached_property
    def _gates(self) -> list[tuple[int, int, Bools | frozenset[Hashable]]]:
        """(axis, axis of its parent, which of the parent's values let it be active), parents' own gates first."""
        place = {name: j for j, name in enumerate(self.space.parameters)}
        found: list[tuple[int, int, Bools | frozenset[Hashable]]] = []
        for name in in_order(self.space.parameters):
            for parent, allowed in gates(self.space.parameters, name):
                p, count = self.space.parameters[parent], int(self.counts[place[parent]])
                table = np.array([mark(p.at(i)) in allowed for i in range(count)], bool)
                found.append((place[name], place[parent], table if count else allowed))
        return found

    def unit(self, x: Array) -> Array:
        """One point as a proposal has it: inside the cube, the middle where inactive."""
        return np.clip(np.nan_to_num(x, nan=0.5), 0.0, 1.0)
