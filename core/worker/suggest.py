"""What `trial.suggest_*` answers: the proposal's value, or a draw of the objective's own that can be repeated."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from hptui.core.errors import ObjectiveError
from hptui.core.space.parameter import Categorical, Float, Int, Parameter, mark
from hptui.core.space.reading import fits, nearest


def asked_float(name: str, low: Any, high: Any, step: Any, log: bool) -> Float:
    """Raises ObjectiveError when no number can lie there."""
    parameter = Float(
        low=_float(name, "low", low),
        high=_float(name, "high", high),
        step=None if step is None else _float(name, "step", step),
        log=bool(log),
    )
    _check(name, parameter)
    return parameter


def asked_int(name: str, low: Any, high: Any, step: Any, log: bool) -> Int:
    """Raises ObjectiveError when no whole number can lie there."""
    apart = 1 if step is None else _int(name, "step", step)
    parameter = Int(
        low=_int(name, "low", low), high=_int(name, "high", high), step=None if apart == 1 else apart, log=bool(log)
    )
    _check(name, parameter)
    return parameter


def asked_choice(name: str, choices: Sequence[Any]) -> Categorical:
    """The choices as JSON has them. Raises ObjectiveError when there is none."""
    if isinstance(choices, str) or not isinstance(choices, Sequence):
        choices = _listed(name, choices)
    if not choices:
        raise ObjectiveError(_where(name), "there are no choices", "give at least one")
    return Categorical(choices=[as_json(choice) for choice in choices])


def draw(parameter: Parameter, name: str, seed: int) -> Any:
    """A value that depends on the trial's seed and the parameter's name alone, whatever is asked before it."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return parameter.value(float(rng.random()))


def given(parameter: Parameter, name: str, value: Any) -> tuple[Any, str]:
    """The proposal's value as the objective wants it typed, and what is odd about it ("" when nothing is).

    The study wins over the script: a value outside the asked range is used. Raises ObjectiveError for a value of
    another kind.
    """
    wanted: Any = value
    if isinstance(parameter, Float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ObjectiveError(_where(name), f"the study gives {value!r}, the script asks for a float")
        wanted = float(value)
    elif isinstance(parameter, Int):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
            raise ObjectiveError(_where(name), f"the study gives {value!r}, the script asks for a whole number")
        wanted = int(value)
    try:
        parameter.unit(wanted)
    except ValueError as problem:
        return wanted, f"{name}: the study gives {value!r}, but the script asks otherwise: {problem}"
    return wanted, ""


def missing(name: str, names: Sequence[str]) -> ObjectiveError:
    return ObjectiveError(
        _where(name),
        "the script asks for this parameter, and the study's space does not have it",
        nearest(name, names) if names else "add it to [space], or leave [space] out: then the script defines it",
    )


def position(choices: Sequence[Any], value: Any) -> int | None:
    """Where among the script's own choices a JSON value is; None when it is not."""
    marks = [mark(as_json(choice)) for choice in choices]
    for wanted in (mark(value), *([mark(int(value))] if isinstance(value, float) and value.is_integer() else [])):
        if wanted in marks:
            return marks.index(wanted)
    return None


def as_json(value: Any) -> Any:
    """The JSON value that stands for a choice or an attribute; text for what JSON has no word for, or no room."""
    if value is None or isinstance(value, (bool, str)) or (isinstance(value, int) and fits(value)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (np.generic, np.ndarray)):
        return as_json(value.tolist())
    return getattr(value, "__qualname__", None) or repr(value)


def _check(name: str, parameter: Float | Int) -> None:
    low, high, step = parameter.low, parameter.high, parameter.step
    if low > high:
        raise ObjectiveError(_where(name), f"low ({low:g}) is above high ({high:g})", "swap the two numbers")
    if parameter.log and low < (1 if isinstance(parameter, Int) else 5e-324):
        raise ObjectiveError(_where(name), f"low ({low:g}) is not positive, and log asks for that", "raise low")
    if step is not None and step <= 0:
        raise ObjectiveError(_where(name), f"step ({step:g}) is not positive")
    if parameter.log and step is not None:
        raise ObjectiveError(_where(name), "step and log exclude each other", "leave one of them out")


def _float(name: str, what: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ObjectiveError(_where(name), f"{what} ({value!r}) is not a number") from None
    except OverflowError:
        raise ObjectiveError(_where(name), f"{what} is too large for a number") from None
    if not math.isfinite(number):
        raise ObjectiveError(_where(name), f"{what} ({number}) is not finite")
    return number


def _int(name: str, what: str, value: Any) -> int:
    number = _float(name, what, value)
    if number != int(number):
        raise ObjectiveError(_where(name), f"{what} ({value!r}) is not a whole number")
    return int(number)


def _listed(name: str, choices: Any) -> list[Any]:
    try:
        return list(choices)
    except TypeError:
        raise ObjectiveError(_where(name), f"{choices!r} is not a list of choices") from None


def _where(name: str) -> str:
    return f"parameter {name}"


def definition(parameter: Parameter) -> dict[str, Any]:
    """The parameter as `[space]` would have it: {"type": "float", "low": 0.001, "high": 0.1, "log": true}."""
    table: dict[str, Any] = msgspec.to_builtins(parameter)
    return table
