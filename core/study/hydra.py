"""Parameters as Hydra's overrides (https://hydra.cc, "The Override Grammar")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")  # a string as it is, but for these words
_WORDS = frozenset({"true", "false", "null", "nan", "inf"})


def overrides(params: Mapping[str, Any]) -> list[str]:
    """`lr=0.01`, `model=big`: words of a command line, quoted for Hydra, not for a shell."""
    return [f"{name}={_value(value)}" for name, value in params.items()]


def _value(value: Any) -> str:
    match value:
        case str():
            if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
                return value
            # a backslash means itself but before a quote
            return "'" + re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), value) + "'"
        case dict():
            return "{" + ",".join(f"{_value(str(key))}:{_value(v)}" for key, v in value.items()) + "}"
        case list():
            return f"[{','.join(_value(item) for item in value)}]"
        case _:
            return json.dumps(value)
