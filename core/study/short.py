"""A parameter in one short line: `1e-5 .. 0.1 log, 0.001` (a range, its scale, its default), `adam | sgd`, `adam |`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_RANGE = re.compile(
    r"(?P<low>\S+?)\s*\.\.\s*(?P<high>[^\s,]+)(?P<log>\s+log)?(?:\s+step\s+(?P<step>[^\s,]+))?(?:\s*,\s*(?P<default>\S+))?"
)
HOW = "1e-5 .. 0.1 log, 8 .. 64 step 8, or adam | sgd"


def to_short(definition: Mapping[str, Any]) -> str:
    """The line of a definition; conditions and scaling are not part of it."""
    if "choices" in definition and len(definition["choices"]) == 1:
        return f"{_word(definition['choices'][0])} |"
    if "choices" in definition:
        default = f", {_word(definition['default'])}" if "default" in definition else ""
        return " | ".join(_word(choice) for choice in definition["choices"]) + default
    log = " log" if definition.get("log") else ""
    step = f" step {_word(definition['step'])}" if definition.get("step") else ""
    default = f", {_word(definition['default'])}" if "default" in definition else ""
    low, high = _word(definition["low"]), _word(definition["high"])
    if definition.get("type") == "float" and "." not in low + high and "e" not in low + high:
        low += ".0"  # whole numbers on both sides are a whole-number parameter
    return f"{low} .. {high}{log}{step}{default}"


def from_short(text: str) -> dict[str, Any]:
    """The definition of a line. Whole numbers on both sides make a whole-number parameter. Raises ValueError."""
    if "|" in text:
        listed, comma, last = text.rpartition(",")
        default = _value(last.strip())
        choices = [_value(word.strip()) for word in (listed if comma else text).split("|") if word.strip()]
        if comma and default not in choices:
            raise ValueError(f"{last.strip()} is none of the choices before it")
        return {"type": "categorical", "choices": choices, **({"default": default} if comma else {})}
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"write {HOW}")
    numbers = {key: _number(match[key]) for key in ("low", "high", "step", "default") if match[key]}
    whole = isinstance(numbers["low"], int) and isinstance(numbers["high"], int)
    out: dict[str, Any] = {"type": "int" if whole else "float", "low": numbers["low"], "high": numbers["high"]}
    if match["log"]:
        out["log"] = True
    return out | {key: numbers[key] for key in ("step", "default") if key in numbers}


def to_toml(definition: Mapping[str, Any]) -> str:
    """The right side of a line of [space]."""
    if set(definition) == {"type", "choices"}:
        return json.dumps(definition["choices"], ensure_ascii=False)
    return _toml(definition)


def _toml(value: Any) -> str:
    if not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    pairs = (f"{_key(key)} = {_toml(inner)}" for key, inner in value.items())
    return f"{{ {', '.join(pairs)} }}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def _number(text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text} is not a number; write {HOW}") from None
    try:
        return int(text) if math.isfinite(number) else number
    except ValueError:
        return number


def _value(word: str) -> Any:
    try:
        value = json.loads(word)
    except ValueError:
        return word
    return value if isinstance(value, (int, float, bool)) else word


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
