"""What `hptui run` and `check` are given: a study file, a script with an objective, or a command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError, StudyError, StudyErrors
from hptui.core.scheduler.target import Target
from hptui.core.space.reading import nearest
from hptui.core.study.checks import named_after
from hptui.core.study.placeholders import placeholders
from hptui.core.study.quick import quick_study, quoted, split_target


def read_target(target: str, params: Sequence[str] = (), pattern: str | None = None) -> Target:
    """The study that a word of the command line means.

    params, pattern: of a command line; see `command_study`. Raises StudyError when it means none.
    """
    path = Path(os.path.expanduser(target))
    if path.suffix == ".toml":
        _check_only_for_commands(params, pattern)
        return Target(_text_of(path), str(path), path.resolve().parent)
    if path.suffix in (".yaml", ".yml"):
        _check_only_for_commands(params, pattern)
        return _sweep(path)
    if any(c.isspace() for c in target) and not os.path.exists(target.rpartition(":")[0] or target):
        return Target(command_study(target, params, pattern), target, Path.cwd())
    _check_only_for_commands(params, pattern)
    script, function = split_target(target)
    if not os.path.isfile(os.path.expanduser(script)):
        raise _missing(Path(script))
    return Target(quick_study(script, function), script, Path.cwd())


def _sweep(path: Path) -> Target:
    """A sweep of W&B or an experiment of NNI; what is left out is said where a person reads it."""
    from hptui.core.interop.sweeps import read_sweep
    from hptui.tui.commands.answers import say

    text, left_out = read_sweep(path)
    for line in left_out:
        say(f"{path.name}: not carried over: {line}")
    return Target(text, str(path), path.resolve().parent)


def command_study(command: str, params: Sequence[str], pattern: str | None) -> str:
    """The study file of `hptui run 'python train.py' -p lr=1e-4..0.1:log`. Raises StudyErrors."""
    if not params:
        script = next((word for word in command.split() if word.endswith(".py")), "")
        other = f"let `hptui init {script}` find them" if script else "write a study file with a [space]"
        hint = f"-p lr=1e-4..0.1:log -p layers=1..4 -p act=relu,tanh, or {other}"
        raise StudyError(command, "a program can't say what may vary", hint)
    problems: list[HptuiError] = []
    space = [line for param in params if (line := _param_line(param, problems))]
    names = [param.partition("=")[0] for param in params]
    problems += [StudyError(f"-p {name}", "is named twice") for name in dict.fromkeys(names) if names.count(name) > 1]
    if problems:
        raise StudyErrors("-p", problems)
    words = command.split()
    with suppress(ValueError):  # quotes that are not closed are told with all else that is wrong with the study
        words = shlex.split(command)
    name = next((word for word in reversed(words) if word.endswith((".py", ".sh"))), words[0] if words else "")
    named = {*placeholders(command)} - {"overrides"}
    arguments = "json" if named == {"params"} and "params" not in names else "placeholders" if named else "flags"
    lines = [
        "# Written by `hptui run` for a command line: copy it and go on from here.",
        f"name = {quoted(named_after(name))}",
        "",
        "[objective]",
        f"command = {quoted(command)}",
        f'arguments = "{arguments}"',
        *([f"pattern = {quoted(pattern)}"] if pattern else []),
        "",
        "[space]",
        *space,
    ]
    return "\n".join(lines) + "\n"


def _param_line(param: str, problems: list[HptuiError]) -> str | None:
    """`lr=1e-4..0.1:log` as a line of [space]. Whole numbers on both sides make a whole-number parameter."""
    name, equals, text = param.partition("=")
    bounds, _, scale = text.partition(":")
    low, dots, high = bounds.partition("..")
    hint = "write name=low..high, name=low..high:log or name=choice,choice"
    if not equals or not name or not text:
        problems.append(StudyError(f"-p {param}", "says no range and no choices", hint))
        return None
    if not dots or "," in text:
        choices = [_value(word) for word in text.split(",")]
        return f"{_key(name)} = {json.dumps(choices, ensure_ascii=False)}"
    numbers = [_bound(low), _bound(high)]
    if scale not in ("", "log") or None in numbers:
        problems.append(StudyError(f"-p {param}", f"{text!r} is no range", hint))
        return None
    kind = "int" if all(isinstance(n, int) for n in numbers) else "float"
    log = ", log = true" if scale else ""
    return f'{_key(name)} = {{ type = "{kind}", low = {numbers[0]}, high = {numbers[1]}{log} }}'


def _key(name: str) -> str:
    """A TOML key."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else quoted(name)


def _value(word: str) -> Any:
    """A JSON number or truth value where the word is one; else text."""
    try:
        value = json.loads(word)
    except ValueError:
        return word
    return value if isinstance(value, (int, float)) and abs(value) <= sys.float_info.max else word


def _bound(word: str) -> float | None:
    """The number, whole where it is written so; None where the word is none."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(word)
    return None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _missing(path) from None
    except UnicodeDecodeError as error:
        raise StudyError(str(path), f"not UTF-8 text: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise StudyError(str(path), f"can't be read: {error.strerror}") from None


def _missing(path: Path) -> StudyError:
    beside = [each.name for each in path.parent.glob(f"*{path.suffix}")] if path.parent.is_dir() else []
    return StudyError(str(path), "there is no such file", nearest(path.name, sorted(beside)))


def _check_only_for_commands(params: Sequence[str], pattern: str | None) -> None:
    if params or pattern:
        flag = "-p" if params else "--pattern"
        raise StudyError(flag, "goes with a command line only", "a study file and a script state their own")
