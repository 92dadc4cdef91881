"""A study file for a script: its parameters as found, ranges proposed where it has none, a strategy with its reason."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hptui.core.advice.plan import Means, plan
from hptui.core.advice.roles import Role, role_of
from hptui.core.errors import HptuiError
from hptui.core.space.space import Space
from hptui.core.study.checks import named_after
from hptui.core.study.quick import quoted
from hptui.core.study.script import Flag, Script
from hptui.core.study.short import to_toml

_FIXED = (Role.STEPS, Role.SEED)
# words in the names of flags that say where and how, not how well
_NOT_TUNED = re.compile(
    "path|dir|file|data|logs?|out|output|save|load|name|host|port|device|gpus?|cuda|workers?|threads?|resume|verbose"
    "|debug|config|rank|world|interval|every|freq|patience|wandb|project|checkpoint"
)
_UP = re.compile(r".*(acc|auc|f1|r2|score)", re.I)


@dataclass(frozen=True)
class Draft:
    """All that a study file for a script needs. space: to be searched. left: found, and why it is not."""

    script: str
    function: str = ""  # "": the script is run as a program
    name: str = ""
    metric: str = "value"
    direction: str = "minimize"
    space: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    sampler: str = "auto"
    pruner: str = "none"
    why: tuple[str, ...] = ()
    n_trials: int | None = 50
    max_steps: int | None = None


def draft(path: str, script: Script) -> Draft:
    """What is proposed for it. `path`: as the study file is to name it."""
    function = "objective" if "objective" in script.objectives else next(iter(script.objectives), "")
    space: dict[str, dict[str, Any]] = {}
    left: dict[str, str] = {}
    for one in script.suggested if function else ():
        if one.definition is None:
            left[one.name] = f"line {one.line}: its range is computed, so the script states it"
        elif not one.sure:
            left[one.name] = f"line {one.line}: it is not asked for in every trial"
        else:
            space[one.name] = one.definition
    for name, line in script.used.items() if function else ():
        if name not in space:
            left.setdefault(name, f"line {line}: the script reads it from trial.params: it needs a range")
    if left:  # a space that is written down must be whole
        left |= dict.fromkeys(space, "the script states it, like the others")
        space = {}
    for flag in script.flags if not function else ():
        definition = proposed(flag)
        if definition is None:
            left[flag.name] = f"line {flag.line}: stays as it is; give it a range to search it"
        else:
            space[flag.name] = definition
    steps = next((flag.default for flag in script.flags if role_of(flag.name) is Role.STEPS), None)
    metric = script.metric or "value"
    found = Draft(
        path, function, named_after(path), metric, "maximize" if _UP.match(metric) else "minimize", space, left,
        max_steps=steps if isinstance(steps, int) else None,
    )  # fmt: skip
    return advised(found)


def advised(found: Draft) -> Draft:
    """With the sampler and pruner that its space and budget ask for. An unsound space keeps what there was."""
    try:
        space = Space.parse(found.space)
    except HptuiError:
        return found
    means = Means(n_trials=found.n_trials, max_steps=found.max_steps)
    way = plan(space, means)
    if not found.space:
        return replace(found, sampler="tpe", pruner=way.pruner, why=("the script states its own space", way.why[1]))
    return replace(found, sampler=way.sampler, pruner=way.pruner, why=way.why)


def proposed(flag: Flag) -> dict[str, Any] | None:
    """A range around a flag's default, by what its name says it is; None for what is no hyperparameter."""
    name, role, default = flag.name.lower().replace("-", "_"), role_of(flag.name), flag.default
    if role in _FIXED or any(_NOT_TUNED.fullmatch(word) for word in name.split("_")):
        return None
    if flag.choices:
        known = {"default": default} if default in flag.choices else {}
        return {"type": "categorical", "choices": list(flag.choices), **known}
    if flag.kind == "bool":
        return {"type": "categorical", "choices": [False, True], "default": bool(default)}
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        return None
    if flag.kind == "int":
        return _around_whole(int(default), role)
    return _around(float(default), role)


def _around(default: float, role: Role) -> dict[str, Any]:
    known: dict[str, Any] = {"default": default}
    if role in (Role.DROPOUT, Role.MOMENTUM) and 0 <= default < 1:
        high = max(0.6, default) if role is Role.DROPOUT else max(0.99, default)
        return {"type": "float", "low": 0.0, "high": high, **known}
    if role is Role.OTHER and 0.1 < default < 1:  # a share of something
        return {"type": "float", "low": 0.0, "high": 1.0, **known}
    if default < 0:
        return {"type": "float", "low": 2 * default, "high": 0.0, **known}
    if default > 0:
        up = 10.0 if role is Role.LEARNING_RATE else 0.0
        wide = 100.0 if role in (Role.LEARNING_RATE, Role.WEIGHT_DECAY, Role.EPSILON) else 10.0
        low, high = _nice(default / wide), _nice(default * (up or wide))
        return {"type": "float", "low": low, "high": high, "log": True, **known}
    if role is Role.WEIGHT_DECAY:
        return {"type": "float", "low": 1e-6, "high": 0.1, "log": True}
    return {"type": "float", "low": 0.0, "high": 1.0, **known}


def _around_whole(default: int, role: Role) -> dict[str, Any] | None:
    if default < 1:
        return None
    if role is Role.BATCH_SIZE or (default >= 8 and default & (default - 1) == 0):
        powers = [2**k for k in range(max(0, round(math.log2(default)) - 2), round(math.log2(default)) + 3)]
        return {"type": "categorical", "choices": powers, **({"default": default} if default in powers else {})}
    low, high = max(1, default // 4), max(default * 4, default + 3)
    return {"type": "int", "low": low, "high": high, **({"log": True} if high >= 10 * low else {}), "default": default}


def _nice(value: float) -> float:
    return float(f"{value:.1e}")


def study_text(found: Draft) -> str:
    """The study file, commented."""
    up = "" if found.direction == "minimize" else "   # the larger the better"
    lines = [
        f"# Written for {found.script}: change what is not right, then `hptui check` it and `hptui run` it.",
        f"name = {quoted(found.name)}",
        f"metric = {quoted(found.metric)}",
        f"direction = {quoted(found.direction)}{up}",
        f"sampler = {quoted(found.sampler)}" + (f"   # {found.why[0]}" if found.why else ""),
        f"pruner = {quoted(found.pruner)}" + (f"   # {found.why[1]}" if len(found.why) > 1 else ""),
        "",
        "[objective]",
        *_objective(found),
        "",
        *_space(found),
        "[budget]",
        f"n_trials = {found.n_trials}" if found.n_trials else '# n_trials = 50        or wall_clock = "2 h"',
        f"max_steps = {found.max_steps}       # of one trial" if found.max_steps
        else "# max_steps = 30       # of one trial: the right end of its curve; rules with rungs need it",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _objective(found: Draft) -> list[str]:
    if found.function:
        return [f"script = {quoted(found.script)}", f"function = {quoted(found.function)}"]
    pattern = json.dumps(rf"{re.escape(found.metric)}[=: ]+(?P<value>[-+.\deE]+)")
    return [
        f"command = {quoted(f'python {found.script}')}",
        'arguments = "flags"      # --lr 0.01; or "placeholders" for {lr} in the command, "json" for a file',
        "# How a printed line is read: named groups value, step, and any other metric.",
        f"pattern = {pattern}",
    ]


def _space(found: Draft) -> list[str]:
    lines = ["# Found, and not searched:"] if found.left else []
    lines += [f"#   {name}: {reason}" for name, reason in found.left.items()]
    if not found.space:
        if any("needs a range" in reason for reason in found.left.values()):
            empty = (f'# {_key(name)} = {{ type = "float", low = , high = }}' for name in found.left)
            return [*lines, "[space]", *empty, ""]
        return [*lines, "# There is no [space]: the script states its own by trial.suggest_float and the like.", ""]
    lines += ["[space]"]
    lines += [f"{_key(name)} = {to_toml(definition)}" for name, definition in found.space.items()]
    return [*lines, ""]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else quoted(name)
