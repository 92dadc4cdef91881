"""Which parameters depend on which (`when`, `scaled_by`): checked, and put in order."""

from __future__ import annotations

from collections.abc import Mapping

from hptui.core.errors import HptuiError, StudyError
from hptui.core.space.parameter import Categorical, Float, Int, Parameter, ScaledBy, mark
from hptui.core.space.reading import join, nearest, show


def parents(parameter: Parameter) -> list[str]:
    """The parameters that must have their value before this one can."""
    scaled_by = None if isinstance(parameter, Categorical) else parameter.scaled_by
    return list(dict.fromkeys([*parameter.when, *([scaled_by.parameter] if scaled_by else [])]))


def in_order(parameters: Mapping[str, Parameter]) -> list[str]:
    """The names as written, but every parent before its children. Raises ValueError naming a cycle."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(" -> ".join([*path[path.index(name) :], name]))
        if name not in done:
            for parent in parents(parameters[name]):
                if parent in parameters:
                    visit(parent, (*path, name))
            done[name] = None

    for name in parameters:
        visit(name, ())
    return list(done)


def check_conditions(
    parameters: Mapping[str, Parameter],
    declared: Mapping[str, object],
    where: str,
    problems: list[HptuiError],
) -> None:
    """Note unknown parents, values no parent can have, parents that can't serve, and cycles.

    `declared`: every name of the space, also those whose own definition is wrong and not in `parameters`.
    """
    for name, parameter in parameters.items():
        here = join(where, name)
        for parent, values in parameter.when.items():
            _check_parent(join(here, "when"), parent, parameters, declared, problems)
            if parent in parameters:
                _check_values(join(join(here, "when"), parent), values, parameters[parent], problems)
        if not isinstance(parameter, Categorical) and parameter.scaled_by is not None:
            other = parameter.scaled_by.parameter
            _check_scale(join(here, "scaled_by"), other, parameters, declared, problems)
    try:
        in_order(parameters)
    except ValueError as cycle:
        first = str(cycle).split(" -> ")[0]
        hint = "take one of the conditions out"
        problems.append(StudyError(join(where, first), f"depends on itself: {cycle}", hint))


def _check_parent(
    where: str,
    parent: str,
    parameters: Mapping[str, Parameter],
    declared: Mapping[str, object],
    problems: list[HptuiError],
) -> None:
    if parent not in declared:
        problems.append(StudyError(where, f'there is no parameter "{parent}"', nearest(parent, declared)))


def _check_values(where: str, values: list[object], parent: Parameter, problems: list[HptuiError]) -> None:
    if not values:
        problems.append(StudyError(where, "no value is named, so this is never active", "name at least one"))
    if isinstance(parent, Float) and parent.count is None:
        hint = "give it a step or choices"
        problems.append(StudyError(where, "a continuous number can't decide a condition", hint))
        return
    if not isinstance(parent, Categorical) and parent.scaled_by is not None:
        problems.append(StudyError(where, "a scaled parameter can't decide a condition"))
        return
    for value in values:
        try:
            parent.unit(value)
        except ValueError as wrong:
            hint = nearest(str(value), map(str, parent.choices)) if isinstance(parent, Categorical) else ""
            problems.append(StudyError(where, str(wrong), hint))


def _check_scale(
    where: str,
    other: str,
    parameters: Mapping[str, Parameter],
    declared: Mapping[str, object],
    problems: list[HptuiError],
) -> None:
    _check_parent(where, other, parameters, declared, problems)
    match parameters.get(other):
        case Float(scaled_by=ScaledBy()) | Int(scaled_by=ScaledBy()):
            problems.append(StudyError(where, f"{other} is itself scaled, and can't be a scale"))
        case Float(low=low, high=high) | Int(low=low, high=high) if not is_scale(low) or not is_scale(high):
            problems.append(StudyError(where, f"{other} may be {low:g}, and a scale must be positive"))
        case Categorical(choices=choices):
            for choice in choices:
                if not is_scale(choice):
                    problem = f"{other} may be {show(choice)}, and a scale must be a positive number"
                    problems.append(StudyError(where, problem))


def is_scale(value: object) -> bool:
    """Whether a value may be divided by: a positive number, and none that would overflow."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 1e-30 <= value <= 1e30


def canonical(parent: Parameter, value: object) -> object:
    """The parent's own form of a value: 32 where the study says 32.0."""
    return parent.value(parent.unit(value))


def gates(parameters: Mapping[str, Parameter], name: str) -> tuple[tuple[str, frozenset[object]], ...]:
    """For each condition of a parameter: its parent, and the marks of the values that let it be active."""
    return tuple(
        (parent, frozenset(mark(canonical(parameters[parent], v)) for v in values))
        for parent, values in parameters[name].when.items()
    )
