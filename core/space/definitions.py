"""From what is written (`{type = "float", low = 0.0, high = 1.0}`, or a list of choices) to parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from hptui.core.errors import HptuiError, StudyError
from hptui.core.space.conditions import is_scale
from hptui.core.space.parameter import LARGEST, Categorical, Float, Int, Parameter, Prior, ScaledBy, mark
from hptui.core.space.reading import figure, fits, join, nearest, read_fields, show

TYPES: dict[str, type[Parameter]] = {"float": Float, "int": Int, "categorical": Categorical}


def read_parameter(definition: object, where: str, problems: list[HptuiError]) -> Parameter | None:
    """The parameter a definition states; None, with the reasons in `problems`, when it states none."""
    before = len(problems)
    if isinstance(definition, (list, tuple)):
        definition = {"type": "categorical", "choices": definition}
    if not isinstance(definition, Mapping):
        hint = 'write a table such as {type = "float", low = 0.0, high = 1.0}, or a list of choices'
        problem = f"expected a table or a list of choices, not {show(definition)}"
        problems.append(StudyError(where, problem, hint))
        return None
    kind = _kind(definition, where, problems)
    if kind is None:
        return None
    table = {k: v for k, v in definition.items() if k != "type"}
    if isinstance(table.get("choices"), tuple):
        table["choices"] = list(table["choices"])
    if isinstance(when := table.get("when"), Mapping):
        table["when"] = {k: v if isinstance(v, list) else [v] for k, v in when.items()}
    scaled_by = table.pop("scaled_by", None) if kind is not Categorical else None
    prior = table.pop("prior", None)
    good = read_fields(table, kind, where, problems)
    if prior is not None:
        good["prior"] = _read_prior(prior, kind, good, join(where, "prior"), problems)
    if scaled_by is not None:
        good["scaled_by"] = _read_scale(scaled_by, join(where, "scaled_by"), problems)
    if kind is Categorical:
        _check_choices(good, where, problems)
    elif "low" in good and "high" in good:
        _check_bounds(good, kind, where, problems)
    if len(problems) > before:
        return None
    parameter = kind(**good)
    _check_default(parameter, where, problems)
    _check_center(parameter, join(where, "prior"), problems)
    return parameter if len(problems) == before else None


def _kind(definition: Mapping[str, Any], where: str, problems: list[HptuiError]) -> type[Parameter] | None:
    name = definition.get("type")
    if name is None:
        hint = 'add type = "categorical"' if "choices" in definition else 'add type = "float" or type = "int"'
        problems.append(StudyError(where, '"type" is missing', hint))
        return None
    if not isinstance(name, str) or name not in TYPES:
        problem = f"{show(name)} is no type of parameter"
        problems.append(StudyError(join(where, "type"), problem, nearest(str(name), TYPES)))
        return None
    return TYPES[name]


def _read_scale(written: object, where: str, problems: list[HptuiError]) -> ScaledBy | None:
    if not isinstance(written, Mapping):
        hint = 'write {parameter = "batch_size", rule = "linear", base = 32}'
        problems.append(StudyError(where, f"expected a table, not {show(written)}", hint))
        return None
    before = len(problems)
    good = read_fields(written, ScaledBy, where, problems)
    if not is_scale(good.get("base", 1.0)):
        problems.append(StudyError(join(where, "base"), f"{figure(good['base'])} is not a positive number"))
    return ScaledBy(**good) if len(problems) == before else None


def _read_prior(
    written: object, kind: type[Parameter], good: Mapping[str, Any], where: str, problems: list[HptuiError]
) -> Prior | None:
    if not isinstance(written, Mapping):
        hint = "write {center = 1e-3, spread = 10}"
        problems.append(StudyError(where, f"expected a table, not {show(written)}", hint))
        return None
    before = len(problems)
    read = read_fields(written, Prior, where, problems)
    spread, least = read.get("spread"), 1.0 if good.get("log") else 0.0
    if spread is not None and kind is Categorical:
        problems.append(StudyError(join(where, "spread"), "goes with numbers, and these are choices"))
    elif spread is not None and not least < spread < math.inf:
        problem = f"{figure(spread)} is not above {least:g}"
        hint = "of a logarithmic parameter it is a factor, such as 10" if least else ""
        problems.append(StudyError(join(where, "spread"), problem, hint))
    return Prior(**read) if len(problems) == before else None


def _check_center(parameter: Parameter, where: str, problems: list[HptuiError]) -> None:
    if parameter.prior is None:
        return
    center = parameter.default if parameter.prior.center is msgspec.UNSET else parameter.prior.center
    if center is msgspec.UNSET:
        problems.append(StudyError(where, "it has no center", "add center = ..., or a default to the parameter"))
        return
    try:
        parameter.unit(center)
    except ValueError as wrong:
        problems.append(StudyError(join(where, "center"), str(wrong)))


def _check_choices(good: dict[str, Any], where: str, problems: list[HptuiError]) -> None:
    choices = good.get("choices")
    if choices is None:
        return
    here = join(where, "choices")
    if not choices:
        problems.append(StudyError(here, "the list is empty", "name at least one choice"))
    seen = set()
    for choice in choices:
        if not is_json(choice):
            problems.append(StudyError(here, f"{show(choice)} is no JSON value", "write it as text"))
        elif mark(choice) in seen:
            problems.append(StudyError(here, f"{show(choice)} is there twice"))
        else:
            seen.add(mark(choice))


def _check_bounds(good: dict[str, Any], kind: type[Parameter], where: str, problems: list[HptuiError]) -> None:
    low, high, log, step = good["low"], good["high"], good.get("log", False), good.get("step")

    def problem(text: str, hint: str = "", key: str = "") -> None:
        problems.append(StudyError(join(where, key) if key else where, text, hint))

    if not all(bound == 0 or 1e-200 < abs(bound) < 1e200 for bound in (low, high)):  # nor NaN
        given = f"{figure(low)} and {figure(high)}"
        return problem(f"the bounds must be 0 or between 1e-200 and 1e200 in size, not {given}")
    if kind is Int and max(abs(low), abs(high)) > LARGEST:
        return problem(f"whole numbers beyond {LARGEST:.0e} are not supported", 'use type = "float"')
    if low > high:
        problem(f"low ({low:g}) is not below high ({high:g})", "swap the two numbers")
    if log and low <= 0:
        hint = "start at 1" if kind is Int else "start at a small positive number, such as 1e-6"
        problem(f"low ({low:g}) must be positive when log = true", hint, "low")
    if step is not None:
        if log:
            problem("step does not go with log = true", "leave one of them out", "step")
        if not 0 < step < math.inf:
            problem(f"{figure(step)} is not positive", key="step")
        elif (high - low) / step > LARGEST:
            problem(f"{figure(step)} is too small for the range {low:g} .. {high:g}", key="step")
    return None


def _check_default(parameter: Parameter, where: str, problems: list[HptuiError]) -> None:
    if parameter.default is msgspec.UNSET:
        return
    try:
        parameter.unit(parameter.default)
    except ValueError as wrong:
        problems.append(StudyError(join(where, "default"), str(wrong)))


def is_json(value: object) -> bool:
    """Whether a value is plain JSON: null, booleans, finite numbers, text, and lists and tables of these.

    Not a whole number of more than 64 bits, which other programs read as another one.
    """
    if isinstance(value, int):
        return fits(value)
    if value is None or isinstance(value, str):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(is_json, value))
    return isinstance(value, dict) and all(isinstance(k, str) and is_json(v) for k, v in value.items())
