"""What can be wrong with a study beyond its types, table by table. Each check only adds to `problems`."""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError, StudyError

Table = Mapping[str, Any]
Problems = list[HptuiError]

_NAME = re.compile(r"[^\W_][\w.+-]{0,79}")
NAME_HINT = "use letters, digits, dots, dashes and underscores, at most 80, and start with a letter or digit"
_ONLY = {"script": ("shared", "function"), "command": ("arguments", "pattern")}


def named_after(path: str) -> str:
    """A session's name from a file's: its stem."""
    return as_name(Path(path).stem)


def as_name(text: str) -> str:
    """A session's name from any text, with dashes for what can't be in one."""
    return re.sub(r"[^\w.+-]+", "-", text).strip("-._+")[:80] or "study"


def can_be_named(name: str) -> bool:
    """Whether a session's folder can have this name."""
    return _NAME.fullmatch(name) is not None


def check_top(top: Table, problems: Problems) -> None:
    name = top.get("name", "")
    if name and not can_be_named(name):
        problems.append(StudyError("name", f"\"{name}\" can't be a session folder's name", NAME_HINT))
    at_least(0, top, "", ("seed",), problems)


def check_objective(objective: Table, written: Table, folder: Path | None, problems: Problems) -> None:
    """objective: what was read of it; written: what stands there, right or wrong.

    folder: where paths start; None leaves the disk alone.
    """
    if "script" in written and "command" in written:
        hint = "a script has a Python function, a command is any program: keep one of them"
        problems.append(StudyError("objective", "it has both script and command", hint))
    elif "script" not in written and "command" not in written:
        hint = 'add script = "train.py", or command = "./train", which is given --lr 0.01 and so on'
        problems.append(StudyError("objective", "it has neither script nor command", hint))
    else:
        kind, other = ("script", "command") if "script" in written else ("command", "script")
        for key in _ONLY[other]:
            if key in written:
                problems.append(StudyError(f"objective.{key}", f"goes with {other}, and this has a {kind}"))
    if "script" in objective:
        _check_script(objective["script"], folder, problems)
    if "command" in objective:
        _check_command(objective["command"], problems)
    for key in ("function", "shared"):
        name = objective.get(key)
        if name is not None and not name.isidentifier():
            problems.append(StudyError(f"objective.{key}", f"\"{name}\" can't be a function's name"))
    _check_patterns(objective.get("pattern"), problems)
    if "CUDA_VISIBLE_DEVICES" in objective.get("env", {}):
        hint = "hptui shows each trial its own GPUs; which ones it may use: resources.devices"
        problems.append(StudyError("objective.env", "CUDA_VISIBLE_DEVICES can't be set for all trials", hint))
    cwd = objective.get("cwd")
    if cwd is not None and folder is not None and not (folder / os.path.expanduser(cwd)).is_dir():
        problems.append(StudyError("objective.cwd", f"there is no folder {folder / os.path.expanduser(cwd)}"))


def _check_script(script: str, folder: Path | None, problems: Problems) -> None:
    where = "objective.script"
    if not script.endswith(".py"):
        hint = f'use command = "./{script}" for a program that is not Python'
        problems.append(StudyError(where, f'"{script}" is not a Python file', hint))
    elif folder is not None and not (path := folder / os.path.expanduser(script)).is_file():
        hint = "the path is relative to the study file"
        problems.append(StudyError(where, f"there is no file {path}", hint))


def _check_command(command: str | list[str], problems: Problems) -> None:
    try:
        parts = shlex.split(command) if isinstance(command, str) else command
    except ValueError as error:
        problems.append(StudyError("objective.command", f"{error}".lower(), "close the quotes, or write a list"))
        return
    if not parts or not parts[0]:
        problems.append(StudyError("objective.command", "it is empty", 'write it as in "python train.py"'))


def _check_patterns(pattern: str | list[str] | None, problems: Problems) -> None:
    where = "objective.pattern"
    hint = r"name what to read, as in 'loss: (?P<value>\S+)'"
    for text in [pattern] if isinstance(pattern, str) else pattern or []:
        try:
            if not re.compile(text).groupindex:
                problems.append(StudyError(where, f"{text!r} has no named group", hint))
        except re.error as error:
            problems.append(StudyError(where, f"{text!r} is no regular expression: {error}", hint))


def check_stop(stop: Table, problems: Problems) -> None:
    at_least(1, stop, "stop", ("same_best_for", "over"), problems)
    if "gain_below" in stop and not 0 < stop["gain_below"] < math.inf:
        problems.append(StudyError("stop.gain_below", f"{stop['gain_below']:g} is no positive number"))
    if "chance_below" in stop and not 0.001 <= stop["chance_below"] < 1:
        hint = "a chance such as 0.02; a smaller one than 0.001 can't be told from a few hundred trials"
        problems.append(StudyError("stop.chance_below", f"{stop['chance_below']:g} is not in 0.001 .. 1", hint))


def check_budget(budget: Table, objective: Table, problems: Problems) -> None:
    whole = ("n_trials", "max_steps", "stop_after_failures", "total_steps")
    at_least(1, budget, "budget", whole, problems)
    for key in ("wall_clock_s", "trial_time_s"):
        if key in budget and not budget[key] > 0:
            problems.append(StudyError(f"budget.{key.removesuffix('_s')}", f"{budget[key]:g} s is not positive"))
    if "gpu_hours" in budget and not 0 < budget["gpu_hours"] < math.inf:
        problems.append(StudyError("budget.gpu_hours", f"{budget['gpu_hours']:g} is no positive number"))
    if budget.get("rerun") and "command" in objective:
        hint = "a program reports step by step; a Python function can read trial.budget"
        problems.append(StudyError("budget.rerun", "it goes with script, and this has a command", hint))
    if budget.get("rerun") and "max_steps" not in budget:
        problems.append(StudyError("budget.rerun", "it needs budget.max_steps", "the largest budget a trial can have"))


LARGEST = 2**63 - 1
"""Of any whole number in a study: a larger one does not fit into what its processes tell each other."""


def at_least(low: int, table: Table, where: str, keys: tuple[str, ...], problems: Problems) -> None:
    for key in keys:
        value = table.get(key)
        place = f"{where}.{key}" if where else key
        if value is not None and value < low:
            hint = "use a positive whole number" if low else "use 0 or a positive whole number"
            problems.append(StudyError(place, f"{value} is too small", hint))
        elif value is not None and value > LARGEST:
            problems.append(StudyError(place, f"{value} is too large", f"{LARGEST} at most"))
