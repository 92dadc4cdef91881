"""A study file for a script: its parameters as found, ranges proposed where it has none, a strategy with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hptui.core.advice.plan import Means, plan
from hptui.core.advice.presets import NO_BLOCK, Block, compose
from hptui.core.errors import HptuiError
from hptui.core.space.roles import Role, role_of
from hptui.core.space.space import Space
from hptui.core.study.checks import named_after
from hptui.core.study.script import Flag, Script

NEEDED = "it needs a range"
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
    patterns: tuple[str, ...] = ()  # how a program's lines are read
    direction: str = "minimize"
    space: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    block: Block = NO_BLOCK  # of presets: what of the space is theirs, and what might join it
    sampler: str = "auto"
    pruner: str = "none"
    why: tuple[str, ...] = ()
    n_trials: int | None = 50
    max_steps: int | None = None

    @property
    def states_its_own(self) -> bool:
        """The script does: there is no space to write down."""
        return bool(self.function) and not self.space and any(not why.endswith(NEEDED) for why in self.left.values())

    @property
    def unsearched(self) -> tuple[str, ...]:
        """What was found, and no trial will vary."""
        return tuple(name for name, why in self.left.items() if why.endswith(NEEDED) or not self.states_its_own)


def draft(path: str, script: Script, presets: Sequence[str] = ()) -> Draft:
    """What is proposed for it. path: as the study file is to name it. presets: blocks to search, by `PRESETS`."""
    function = "objective" if "objective" in script.objectives else next(iter(script.objectives), "")
    block = compose(presets)
    space, left, block = _of_function(script, block) if function else _of_program(script, block)
    steps = next((flag.default for flag in script.flags if role_of(flag.name) is Role.STEPS), None)
    metric = script.metric or "value"
    direction = "maximize" if _UP.match(metric) else "minimize"
    found = Draft(
        path, function, named_after(path), metric, script.patterns, direction, space, left, block=block,
        max_steps=steps if isinstance(steps, int) else None,
    )  # fmt: skip
    return advised(found)


Found = tuple[dict[str, dict[str, Any]], dict[str, str], Block]
"""The space, what is left out of it and why, the block as far as it fits."""


def _of_function(script: Script, block: Block) -> Found:
    """What a function asks its trial for. A space that is written down must be whole: presets are, and ask for it."""
    space = dict(block.space)
    left: dict[str, str] = {}
    for one in script.suggested:
        if one.name in block.space:
            continue
        if one.definition is None:
            left[one.name] = f"line {one.line}: its range is computed, " + (
                f"and beside presets {NEEDED}" if block.space else "so the script states it"
            )
        elif not one.sure and not block.space:
            left[one.name] = f"line {one.line}: it is not asked for in every trial"
        else:
            space[one.name] = one.definition
    for name, line in script.used.items():
        if name not in space and name not in block.kept:
            left.setdefault(name, f"line {line}: the script reads it from trial.params: {NEEDED}")
    if left and not block.space:
        left |= dict.fromkeys(space, "the script states it, like the others")
        space = {}
    return space, left, block


def _of_program(script: Script, block: Block) -> Found:
    """A program takes what it has a flag for."""
    flags = {flag.name.replace("-", "_"): flag for flag in script.flags}
    space: dict[str, dict[str, Any]] = {}
    left = {name: f"of a preset; {script_has_no(name)}" for name in block.space if name not in flags}
    for name, definition in block.space.items():
        if name not in flags:
            continue
        flag = flags[name]
        taken = [choice for choice in definition.get("choices", ()) if not flag.choices or choice in flag.choices]
        if any(parent not in flags for parent in definition.get("when", ())):
            left[flag.name] = "of a preset; what it depends on is no flag of the script"
        elif "choices" in definition and not taken:
            left[flag.name] = f"of a preset; the flag takes {', '.join(map(str, flag.choices))}"
        elif "choices" in definition:
            space[flag.name] = {**definition, "choices": taken, "default": taken[0]}
        else:
            space[flag.name] = {**definition, **_default_within(flag, definition)}
    for flag in script.flags:
        if flag.name in space:
            continue
        proposal = proposed(flag)
        if proposal is None:
            left.setdefault(flag.name, f"line {flag.line}: stays as it is; give it a range to search it")
        else:
            left.pop(flag.name, None)
            space[flag.name] = proposal
    return space, left, Block({n: d for n, d in space.items() if n.replace("-", "_") in block.space}, {}, block.groups)


def script_has_no(name: str) -> str:
    return f"the script has no flag --{name}"


def _default_within(flag: Flag, definition: Mapping[str, Any]) -> dict[str, Any]:
    """The script's own default is the baseline where it lies in the range."""
    number = isinstance(flag.default, int | float) and not isinstance(flag.default, bool)
    return {"default": flag.default} if number and definition["low"] <= flag.default <= definition["high"] else {}


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
        return {"type": "float", "low": min(2 * default, -1e-12), "high": 0.0, **known}
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
