"""Counting and listing the distinct points of a space, its conditions respected."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hptui.core.space.parameter import Int, Parameter, mark

Gates = Sequence[tuple[str, frozenset[Hashable]]]


@dataclass(frozen=True)
class Node:
    """A parameter in its place: parents come before it in the list of nodes."""

    name: str
    index: int
    parameter: Parameter
    gates: Gates

    def open(self, marks: Mapping[str, Hashable]) -> bool:
        """Whether it is active, given the marks of the active parameters before it."""
        return all(parent in marks and marks[parent] in allowed for parent, allowed in self.gates)


def size(nodes: Sequence[Node], per_float: int | None = None) -> int | None:
    """How many distinct points there are; None when a parameter that can be active is a continuum.

    per_float: take so many values of each continuum instead.

    Walks over what decides conditions only, values that decide alike taken together.
    """
    deciding: dict[str, list[frozenset[Hashable]]] = {}
    for node in nodes:
        for parent, allowed in node.gates:
            deciding.setdefault(parent, []).append(allowed)

    def count(position: int, marks: dict[str, Hashable]) -> int | None:
        if position == len(nodes):
            return 1
        node = nodes[position]
        if not node.open(marks):
            return count(position + 1, marks)
        n = node.parameter.count or per_float
        if n is None:
            return None
        if node.name not in deciding or node.parameter.count is None:
            rest = count(position + 1, marks)
            return None if rest is None else n * rest
        groups: dict[tuple[bool, ...], tuple[Hashable, int]] = {}
        for value in set().union(*deciding[node.name]):
            alike = tuple(value in allowed for allowed in deciding[node.name])
            groups[alike] = (value, groups.get(alike, (value, 0))[1] + 1)
        named = sum(k for _, k in groups.values())
        ways = [*groups.values(), *([(_OTHER, n - named)] if n > named else [])]
        total = 0
        for value, k in ways:
            rest = count(position + 1, {**marks, node.name: value})
            if rest is None:
                return None
            total += k * rest
        return total

    return count(0, {})


_OTHER = ("any other value",)


def points(nodes: Sequence[Node], dim: int, per_float: int) -> Iterator[list[float]]:
    """Every point of the grid, each once, NaN where inactive; the last parameter changes fastest.

    A continuum gives `per_float` evenly spaced coordinates, both ends included (its middle for one).
    """
    x = [float("nan")] * dim

    def walk(position: int, marks: dict[str, Hashable]) -> Iterator[list[float]]:
        if position == len(nodes):
            yield list(x)
            return
        node = nodes[position]
        if not node.open(marks):
            x[node.index] = float("nan")
            yield from walk(position + 1, marks)
            return
        for u in _coordinates(node.parameter, per_float):
            x[node.index] = u
            yield from walk(position + 1, {**marks, node.name: mark(node.parameter.value(u))})

    return walk(0, {})


def _coordinates(parameter: Parameter, per_float: int) -> Iterator[float]:
    if parameter.count is None:
        yield from [0.5] if per_float == 1 else [i / (per_float - 1) for i in range(per_float)]
    elif isinstance(parameter, Int) and parameter.log:
        yield from (parameter.unit(parameter.at(i)) for i in range(parameter.count))
    else:
        yield from ((i + 0.5) / parameter.count for i in range(parameter.count))
