"""A point that a person typed: texts by name, as numbers and choices."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from hptui.core.errors import HptuiError, StudyError
from hptui.core.space.parameter import Categorical, Int, Parameter
from hptui.core.space.reading import join, nearest
from hptui.core.space.space import Params, Space


def typed_point(space: Space, texts: Mapping[str, str], where: str = "params") -> tuple[Params, list[HptuiError]]:
    """The point that texts say, completed by defaults, and everything wrong with it.

    An empty text leaves its parameter out. Where the objective states its own space nothing can be checked: a text
    that reads as JSON is that value, any other is text.
    """
    problems: list[HptuiError] = []
    params: Params = {}
    for name, text in texts.items():
        if not text.strip():
            continue
        parameter = space.parameters.get(name)
        if parameter is None and space.dim:
            hint = nearest(name, space.names)
            problems.append(StudyError(join(where, name), "there is no such parameter", hint))
            continue
        try:
            params[name] = _any(text.strip()) if parameter is None else _value(parameter, text.strip())
        except ValueError as error:
            problems.append(StudyError(join(where, name), str(error)))
    if not space.dim:
        return params, problems
    if problems:  # what could be read may be out of its range too
        return params, problems + space.locate(params, where)[1]
    return space.complete(params, where)


def text_of(value: Any) -> str:
    """How a value is typed: `typed_point` reads it back."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(parameter: Parameter, text: str) -> Any:
    """Raises ValueError for a text that can be no value of this parameter's kind."""
    if isinstance(parameter, Categorical):
        for choice in parameter.choices:
            if text_of(choice) == text or (isinstance(choice, bool) and str(choice) == text):
                return choice
        number = _number(text)
        for choice in parameter.choices:
            if isinstance(choice, (int, float)) and not isinstance(choice, bool) and choice == number:
                return choice
        raise ValueError(f"{text} is none of {' | '.join(map(text_of, parameter.choices))}")
    number = _number(text)
    if number is None:
        raise ValueError(f"{text} is not a number")
    if isinstance(parameter, Int):
        if number != int(number):
            raise ValueError(f"{text} is not a whole number")
        return int(number)
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0.0 else None


def _any(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_number = isinstance(value, (int, float))
    return value if not is_number or abs(value) <= sys.float_info.max else text  # NaN is text too
