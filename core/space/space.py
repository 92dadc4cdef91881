"""A space: named parameters, their conditions, and the way between the unit cube and the user's numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import ArrayLike, NDArray

from hptui.core.errors import HptuiError, StudyError, StudyErrors
from hptui.core.space import grid
from hptui.core.space.conditions import check_conditions, gates, in_order, parents
from hptui.core.space.definitions import read_parameter
from hptui.core.space.parameter import Categorical, Parameter, guess, mark
from hptui.core.space.reading import join, nearest, show

Array = NDArray[np.float64]
Params = dict[str, Any]


@dataclass(frozen=True)
class Space:
    """Parameter i of `parameters` is coordinate i of the unit cube. Make one with `Space.parse`."""

    parameters: dict[str, Parameter]

    @staticmethod
    def parse(definitions: Mapping[str, Any], where: str = "space") -> Space:
        """The space that `definitions` (name -> table, or list of choices) state.

        Raises StudyErrors with every problem of it, by key path.
        """
        problems: list[HptuiError] = []
        good: dict[str, Parameter] = {}
        for name, definition in definitions.items():
            if not name or not name.isprintable():
                hint = "use letters and digits"
                problems.append(StudyError(where, f"{show(name)} can't be a parameter's name", hint))
            elif (parameter := read_parameter(definition, join(where, name), problems)) is not None:
                good[name] = parameter
        check_conditions(good, definitions, where, problems)
        if problems:
            raise StudyErrors(where, problems)
        return Space(good)

    def definitions(self) -> dict[str, Any]:
        """What `parse` takes to make this space again; plain JSON."""
        return {name: msgspec.to_builtins(p) for name, p in self.parameters.items()}

    def extend(self, definitions: Mapping[str, Any], where: str = "space") -> Space:
        """This space with the new parameters after its own, so that known coordinates keep their places.

        For objectives that define their space as they run. A name that is already here keeps its first
        definition: an objective that changes a range between trials is held to the first one.
        """
        new = {name: d for name, d in definitions.items() if name not in self.parameters}
        return Space.parse({**self.definitions(), **new}, where) if new else self

    @property
    def dim(self) -> int:
        return len(self.parameters)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    @cached_property
    def _nodes(self) -> tuple[grid.Node, ...]:
        place = {name: i for i, name in enumerate(self.parameters)}
        order = in_order(self.parameters)
        return tuple(grid.Node(n, place[n], self.parameters[n], gates(self.parameters, n)) for n in order)

    @cached_property
    def _deciding(self) -> frozenset[str]:
        return frozenset(parent for node in self._nodes for parent, _ in node.gates)

    def values(self, x: ArrayLike) -> Params:
        """The active parameters at a point of the cube, scaled, in the space's own order.

        x: (d,), each in [0, 1]. NaN leaves a parameter out, as a condition would.
        """
        coordinates = np.asarray(x, dtype=float).tolist()

        def base(node: grid.Node, factor: float) -> Any:
            u = coordinates[node.index]
            return UNSET if u != u else node.parameter.value(u)

        return self._collect(base)

    def _collect(self, base: Callable[[grid.Node, float], Any]) -> Params:
        """Ask `base` for each active parameter's unscaled value, parents first; UNSET leaves it out."""
        got: Params = {}
        marks: dict[str, Hashable] = {}
        for node in self._nodes:
            if node.gates and not node.open(marks):
                continue
            factor = self._factor(node, got)
            value = base(node, factor)
            if value is UNSET:
                continue
            if node.name in self._deciding:
                marks[node.name] = mark(value)
            got[node.name] = _scaled(node.parameter, value, factor)
        return {name: got[name] for name in self.parameters if name in got}

    def _factor(self, node: grid.Node, got: Mapping[str, Any]) -> float:
        """What the parameter is multiplied by; 1 while the one it is tied to is inactive."""
        if isinstance(node.parameter, Categorical) or node.parameter.scaled_by is None:
            return 1.0
        scaled_by = node.parameter.scaled_by
        return scaled_by.factor(got[scaled_by.parameter]) if scaled_by.parameter in got else 1.0

    def point(self, params: Mapping[str, Any], where: str = "params") -> Array:
        """The point of the cube whose values are `params`; NaN where a parameter is inactive or not given.

        Raises StudyError for the first unknown name, value outside its range or grid, or inactive parameter.
        """
        x, problems = self.locate(params, where)
        if problems:
            raise problems[0]
        return x

    def locate(self, params: Mapping[str, Any], where: str = "params") -> tuple[Array, list[HptuiError]]:
        """As `point`, with every problem; a coordinate with a problem is NaN."""
        problems: list[HptuiError] = [
            StudyError(join(where, name), "there is no such parameter", nearest(name, self.names))
            for name in params
            if name not in self.parameters
        ]
        x = [math.nan] * self.dim
        marks: dict[str, Hashable] = {}
        wrong: set[str] = set()
        for node in self._nodes:
            name, parameter = node.name, node.parameter
            if name not in params:
                continue
            if wrong and not wrong.isdisjoint(parents(parameter)):
                wrong.add(name)  # whatever can be said of it follows from the parent's problem
                continue
            try:
                if not node.open(marks):
                    raise ValueError(f"is not active here, {_only_when(parameter)}")
                u = _unit(parameter, params[name], self._factor(node, params))
            except ValueError as error:
                wrong.add(name)
                problems.append(StudyError(join(where, name), str(error), _hint(parameter, params[name])))
                continue
            x[node.index] = u
            if name in self._deciding:
                marks[name] = mark(parameter.value(u))
        return np.array(x), problems

    def complete(self, params: Mapping[str, Any], where: str = "params") -> tuple[Params, list[HptuiError]]:
        """`params` with the defaults of the active parameters it leaves out, and what is wrong with it.

        An active parameter that is neither given nor has a default is a problem.
        """
        missing: list[str] = []

        def base(node: grid.Node, factor: float) -> Any:
            name, parameter = node.name, node.parameter
            if name in params:
                try:
                    return parameter.value(_unit(parameter, params[name], factor))
                except ValueError:
                    return UNSET  # `locate` says so
            if guess(parameter) is UNSET:
                missing.append(name)
                return UNSET
            return _default(node, factor)

        filled = {**self._collect(base), **params}
        _, problems = self.locate(filled, where)
        if missing:
            hint = "give every active parameter a value here, or a default in the space"
            problems.append(StudyError(where, f"nothing is said of {', '.join(missing)}", hint))
        return filled, problems

    def active(self, x: ArrayLike) -> NDArray[np.bool_]:
        """(d,) which parameters take part at this point."""
        values = self.values(x)
        return np.array([name in values for name in self.parameters], dtype=bool)

    @cached_property
    def has_defaults(self) -> bool:
        """Whether somebody said what they would try first, by a default or the center of a prior."""
        return any(guess(p) is not UNSET for p in self.parameters.values())

    def defaults(self) -> Params:
        """Every active parameter at its default, scaled; without one, at its middle or its first choice."""
        return self._collect(_default)

    def size(self, points_per_float: int | None = None) -> int | None:
        """How many distinct points there are, or how many of a grid; None when there is no end of them."""
        return grid.size(self._nodes, points_per_float)

    def grid(self, points_per_float: int = 5) -> Iterator[Array]:
        """Every point of the grid once, (d,) each, NaN where inactive; lazily, the last parameter fastest.

        Integers, choices and stepped floats give all their values, a continuum `points_per_float` of them.
        """
        return (np.array(x) for x in grid.points(self._nodes, self.dim, points_per_float))


def _scaled(parameter: Parameter, value: Any, factor: float) -> Any:
    return value if factor == 1.0 or isinstance(parameter, Categorical) else parameter.scaled(value, factor)


def _unit(parameter: Parameter, value: Any, factor: float) -> float:
    """The coordinate of a value as the trial gets it. Raises ValueError when there is none."""
    if factor == 1.0 or isinstance(parameter, Categorical):
        return parameter.unit(value)
    try:
        return parameter.unit(parameter.unscaled(value, factor))
    except ValueError as error:
        raise ValueError(f"{error} (before scaling by {factor:.4g})") from None


def _default(node: grid.Node, factor: float) -> Any:
    parameter = node.parameter
    own = guess(parameter)
    if own is not UNSET:
        return parameter.value(parameter.unit(own))
    return parameter.choices[0] if isinstance(parameter, Categorical) else parameter.value(0.5)


def _only_when(parameter: Parameter) -> str:
    parts = [f"{name} is {' or '.join(map(show, values))}" for name, values in parameter.when.items()]
    return "only when " + " and ".join(parts)


def _hint(parameter: Parameter, value: Any) -> str:
    return nearest(str(value), map(str, parameter.choices)) if isinstance(parameter, Categorical) else ""
