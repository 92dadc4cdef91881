"""A drafted study as the text of its file, commented."""

from __future__ import annotations

import json
import re

from hptui.core.advice.draft import NEEDED, Draft
from hptui.core.study.quick import quoted
from hptui.core.study.short import to_toml


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
    patterns = found.patterns or (rf"\b{re.escape(found.metric)}[=: ]+(?P<value>[-+.\w]+)",)
    written = [f"    {_literal(one)}," for one in patterns]
    return [
        f"command = {quoted(f'python {found.script}')}",
        'arguments = "flags"      # --lr 0.01; or "placeholders" for {lr} in the command, "json" for a file',
        "# How its printed lines are read: named groups value, step, and any other metric.",
        *(["pattern = [", *written, "]"] if len(patterns) > 1 else [f"pattern = {_literal(patterns[0])}"]),
    ]


def _literal(pattern: str) -> str:
    """As TOML has it without escapes, where it may."""
    return json.dumps(pattern) if "'" in pattern or "\n" in pattern else f"'{pattern}'"


def _space(found: Draft) -> list[str]:
    empty = [name for name, reason in found.left.items() if reason.endswith(NEEDED)]
    lines = ["# Found, and not searched:"] if found.left else []
    lines += [f"#   {name}: {reason}" for name, reason in found.left.items()]
    if not found.space and (not empty or found.states_its_own):
        return [*lines, "# There is no [space]: the script states its own by trial.suggest_float and the like.", ""]
    lines += [*usage(found.block.groups if found.function else frozenset()), "[space]"]
    lines += [f"{_key(name)} = {to_toml(definition)}" for name, definition in found.space.items()]
    lines += [f'# {_key(name)} = {{ type = "float", low = , high = }}' for name in empty]
    kept = {name: definition for name, definition in found.block.kept.items() if name not in found.space}
    if kept and found.function:
        lines.append("# Rarely worth trials; take a # away to search one:")
        lines += [f"# {_key(name)} = {to_toml(definition)}" for name, definition in kept.items()]
    return [*lines, ""]


def usage(groups: frozenset[str]) -> list[str]:
    """What a script writes to train by the presets' parameters."""
    calls = {
        "architecture": "model = build_layers(trial.params, inputs, outputs)",
        "optimizer": "optimizer = build_optimizer(model, trial.params)",
        "schedule": "schedule = build_schedule(optimizer, trial.params, total_steps)   # schedule.step() after a batch",
        "regularisation": "clip_gradients(model.parameters(), trial.params)   # after backward()",
    }
    used = [call for group, call in calls.items() if group in groups]
    if not used:
        return []
    names = ", ".join(sorted(re.findall(r"(build_\w+|clip_\w+)\(", "\n".join(used))))
    return ["# The script builds what is searched here:", f"#   from hptui.core.training import {names}",
            *(f"#   {call}" for call in used)]  # fmt: skip


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else quoted(name)
