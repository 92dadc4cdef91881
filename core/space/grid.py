"""Counting and listing the distinct points of a space, its conditions respected."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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

    What does not hang together by conditions is counted by itself, and values that decide alike are taken together.
    """
    total = 1
    for first, *others in _families(nodes):
        ways = _ways(first, others, per_float)
        if ways is None:
            return None
        total *= ways
    return total


def _families(nodes: Sequence[Node]) -> list[list[Node]]:
    """The nodes that hang together by their conditions, each family in the order of the nodes: its first has none."""
    family_of: dict[str, list[str]] = {}
    for node in nodes:
        joined = [node.name]
        for parent, _ in node.gates:
            if family_of[parent] is not joined:
                joined += family_of[parent]
                family_of |= dict.fromkeys(family_of[parent], joined)
        family_of[node.name] = joined
    members: dict[int, list[Node]] = {}
    for node in nodes:
        members.setdefault(id(family_of[node.name]), []).append(node)
    return list(members.values())


def _ways(first: Node, others: Sequence[Node], per_float: int | None) -> int | None:
    """`size` of a family: for each value of the first, that of the others as it lets them be."""
    n = first.parameter.count or per_float
    if n is None or not others:
        return n
    deciding = [allowed for node in others for parent, allowed in node.gates if parent == first.name]
    groups: dict[tuple[bool, ...], tuple[Hashable, int]] = {}
    for value in set().union(*deciding):
        alike = tuple(value in allowed for allowed in deciding)
        groups[alike] = (value, groups.get(alike, (value, 0))[1] + 1)
    named = sum(k for _, k in groups.values())
    total = 0
    for value, k in [*groups.values(), *([(_OTHER, n - named)] if n > named else [])]:
        ways = size(_settled(others, first.name, value), per_float)
        if ways is None:
            return None
        total += k * ways
    return total


def _settled(nodes: Sequence[Node], name: str, value: Hashable) -> list[Node]:
    """Those that can be active when `name` has this value, without their conditions on it."""
    closed: set[str] = set()
    left = []
    for node in nodes:
        if any(parent in closed or (parent == name and value not in allowed) for parent, allowed in node.gates):
            closed.add(node.name)
        else:
            left.append(replace(node, gates=[gate for gate in node.gates if gate[0] != name]))
    return left


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
