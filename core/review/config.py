"""The best trial's parameters as text to paste: into a file, a command line or a program."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, Literal

from hptui.core.study.hydra import overrides

Format = Literal["json", "toml", "yaml", "args", "hydra", "python"]

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_YAML_WORDS = frozenset(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
)  # not strings to YAML 1.1
# JSON may hold these bare, TOML and YAML may not
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def config_texts(several: list[dict[str, Any]], format: Format) -> str:
    """As `config_text`; several as one JSON list, one line of args each, else with an empty line between."""
    if len(several) == 1:
        return config_text(several[0], format)
    if format == "json":
        return json.dumps(several, indent=2, ensure_ascii=False)
    return ("\n" if format in ("args", "hydra") else "\n\n").join(config_text(params, format) for params in several)


def config_text(params: dict[str, Any], format: Format) -> str:
    """Parameters in one of the formats.

    json: one object. toml: TOML has no null, so a null is left out. yaml: every value reads the same in YAML
    1.1 and 1.2. args: `--lr 0.01 ...` quoted for a shell. hydra: `lr=0.01 ...`, overrides quoted for Hydra and the
    shell (https://hydra.cc, "The Override Grammar"). python: a dict.
    """
    match format:
        case "json":
            return json.dumps(params, indent=2, ensure_ascii=False)
        case "toml":
            pairs = ((name, _toml(value)) for name, value in params.items() if value is not None)
            return "\n".join(f"{_toml_key(name)} = {value}" for name, value in pairs)
        case "yaml":
            return "\n".join(f"{_yaml_key(name)}: {_yaml(value)}" for name, value in params.items())
        case "args":
            return shlex.join(word for name, value in params.items() for word in flags(name, value))
        case "hydra":
            return shlex.join(overrides(params))
        case "python":
            return "{\n" + "".join(f"    {name!r}: {value!r},\n" for name, value in params.items()) + "}"


def flags(name: str, value: Any) -> tuple[str, ...]:
    """A parameter as a program gets it (`arguments = "flags"`): true is a bare flag, false and null are none."""
    if value is True:
        return (f"--{name}",)
    if value is False or value is None:
        return ()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (f"--{name}={text}",) if text.startswith("-") else (f"--{name}", text)


def _string(value: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _toml_key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _toml(value: Any) -> str:
    match value:
        case str():
            return _string(value)
        case dict():
            pairs = ", ".join(f"{_toml_key(key)} = {_toml(v)}" for key, v in value.items() if v is not None)
            return f"{{ {pairs} }}" if pairs else "{}"
        case list():
            return f"[{', '.join(_toml(item) for item in value if item is not None)}]"
        case _:
            return json.dumps(value)


def _yaml_key(name: str) -> str:
    return name if _BARE.fullmatch(name) and name.lower() not in _YAML_WORDS else _string(name)


def _yaml(value: Any) -> str:
    """JSON, which YAML includes, but YAML 1.1 takes 1e-05 for text: a float keeps its point."""
    match value:
        case str():
            return _string(value)
        case dict():
            return "{" + ", ".join(f"{_string(key)}: {_yaml(v)}" for key, v in value.items()) + "}"
        case list():
            return f"[{', '.join(_yaml(item) for item in value)}]"
        case float():
            return re.sub(r"^(-?\d+)e", r"\1.0e", json.dumps(value))
        case _:
            return json.dumps(value)
