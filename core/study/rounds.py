"""What a study that is one of several rounds says of its parameters: checked, and the fixed ones held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from hptui.core.errors import HptuiError, StudyError
from hptui.core.space.parameter import Categorical, Parameter, guess
from hptui.core.space.reading import nearest
from hptui.core.space.space import Space
from hptui.core.study.study import Goal

ROLES = ("scientific", "nuisance", "fixed")


def check_round(table: Mapping[str, Any], space: Space, problems: list[HptuiError]) -> bool:
    """Whether the roles can be; else why not, by key path. A space without parameters defines itself as it runs."""
    before = len(problems)
    first: dict[str, str] = {}
    for role in ROLES:
        for name in table.get(role, []):
            where = f"round.{role}"
            if space.dim and name not in space.parameters:
                problems.append(StudyError(where, f'there is no parameter "{name}"', nearest(name, space.names)))
            elif name in first:
                problems.append(StudyError(where, f'"{name}" is {first[name]} as well', "a parameter has one role"))
            elif role == "fixed" and not space.dim:
                hint = "give it its value in the script"
                problems.append(StudyError(where, "the objective defines its space itself", hint))
            elif role == "fixed" and guess(space.parameters[name]) is UNSET:
                problems.append(StudyError(where, f'"{name}" has no default to be held at', "add default = ..."))
            first.setdefault(name, role)
    if (table.get("adopted") or 0) < 0:
        problems.append(StudyError("round.adopted", f"{table['adopted']} is no trial's number"))
    return len(problems) == before


def held(space: Space, fixed: Sequence[str]) -> Space:
    """The space with some parameters held at their defaults; what can't be active then is left out."""
    if not fixed:
        return space
    made: dict[str, Parameter] = {name: _held(p) if name in fixed else p for name, p in space.parameters.items()}
    while shut := [name for name, p in made.items() if not _may_be_active(p, made)]:
        made = {name: p for name, p in made.items() if name not in shut}
    return Space.parse(Space({name: _narrowed(p, made) for name, p in made.items()}).definitions())


def _held(parameter: Parameter) -> Parameter:
    value = guess(parameter)
    if isinstance(parameter, Categorical):
        return msgspec.structs.replace(parameter, choices=[value], default=value, prior=None)
    step = {} if parameter.step is None else {"step": None}
    return msgspec.structs.replace(parameter, low=value, high=value, default=value, prior=None, **step)


def _may_be_active(parameter: Parameter, made: Mapping[str, Parameter]) -> bool:
    return all(name in made and _left(made[name], values) for name, values in parameter.when.items())


def _narrowed(parameter: Parameter, made: Mapping[str, Parameter]) -> Parameter:
    """Its conditions name values that their parents still have, and it is scaled by what is still there."""
    when = {name: _left(made[name], values) for name, values in parameter.when.items()}
    parameter = msgspec.structs.replace(parameter, when=when) if when else parameter
    alone = not isinstance(parameter, Categorical) and parameter.scaled_by and parameter.scaled_by.parameter not in made
    return msgspec.structs.replace(parameter, scaled_by=None) if alone else parameter


def _left(parent: Parameter, values: Sequence[Any]) -> list[Any]:
    def can_be(value: Any) -> bool:
        try:
            parent.unit(value)
        except ValueError:
            return False
        return True

    return [value for value in values if can_be(value)]


def check_test(table: Mapping[str, Any], goals: Sequence[Goal], problems: list[HptuiError]) -> None:
    metric = table.get("metric")
    if metric is None:
        return
    if not metric.strip() or metric in ("value", "step", "result"):
        problems.append(StudyError("test.metric", f'"{metric}" can\'t be its name', 'such as "test_error"'))
    elif any(metric == goal.metric for goal in goals):
        hint = "the search would be shown what is to be kept from it: report it under a name of its own"
        problems.append(StudyError("test.metric", f'"{metric}" is what the search is about', hint))
    elif len(goals) > 1:
        problem = f"it is compared with the study's metric, and this study has {len(goals)}"
        problems.append(StudyError("test.metric", problem, "take it out"))
