"""How a program gets its parameters: on its command line, or in a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hptui.core.errors import ObjectiveError
from hptui.core.study.hydra import overrides
from hptui.core.study.placeholders import WORD

_OVERRIDES = "{overrides}"


def command_line(
    command: Sequence[str], arguments: str, params: Mapping[str, Any], places: Mapping[str, str], json_file: str
) -> list[str]:
    """The words to execute. In all of them {trial}, {seed}, {device} and {checkpoint_dir} are replaced (`places`).

    arguments: "flags" appends `--name value` for every parameter; true becomes a bare `--name`, false and null nothing.
    "placeholders" replaces {name} in each word. "json" replaces {params} by `json_file`, or appends it.
    A word {overrides} becomes one word `name=value` for each parameter, as Hydra takes them; then nothing is appended.
    Raises ObjectiveError for a placeholder that names nothing.
    """
    if _OVERRIDES in command:
        own = overrides(params)
        return [each for word in command for each in (own if word == _OVERRIDES else [_replace(word, places)])]
    if arguments == "placeholders":
        values = {**places, **{name: as_text(value) for name, value in params.items()}}
        return [WORD.sub(lambda match: _known(match[1], values), word) for word in command]
    if arguments == "json":
        values = {**places, "params": json_file}
        words = [_replace(word, values) for word in command]
        return words if any("{params}" in word for word in command) else [*words, json_file]
    return [*(_replace(word, places) for word in command), *flags(params)]


def flags(params: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for name, value in params.items():
        if value is True:
            words.append(f"--{name}")
        elif value is not False and value is not None:
            text = as_text(value)
            # argparse takes a word like -1e-3 for an option of its own
            words += [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
    return words


def as_text(value: Any) -> str:
    """Text as it is, everything else as JSON: 0.01, true, [3, 3]."""
    return value if isinstance(value, str) else json.dumps(value)


def _replace(word: str, values: Mapping[str, str]) -> str:
    return WORD.sub(lambda match: values.get(match[1], match[0]), word)


def _known(name: str, values: Mapping[str, str]) -> str:
    if name in values:
        return values[name]
    from hptui.core.space.reading import nearest

    raise ObjectiveError("objective.command", f"{{{name}}} is no parameter of the study", nearest(name, values))
