"""The study file of the quick form, `hptui run train.py:objective -n 50`: the objective states its space."""

from __future__ import annotations

import json

from hptui.core.errors import StudyError
from hptui.core.study.checks import named_after
from hptui.core.study.study import Direction


def split_target(target: str) -> tuple[str, str]:
    """`train.py:main` as script and function; `train.py` alone means its function `objective`.

    Raises StudyError when it names no Python file.
    """
    script, colon, function = target.rpartition(":")
    if not colon or "/" in function:
        script, function = target, ""
    if not script.endswith(".py"):
        hint = "name a study file (study.toml) or a script and its function (train.py:objective)"
        raise StudyError(target, "is neither a study file nor a Python script", hint)
    return script, function or "objective"


def quick_study(
    script: str,
    function: str = "objective",
    *,
    name: str | None = None,
    n_trials: int | None = None,
    direction: Direction = "minimize",
    seed: int = 0,
    sampler: str | None = None,
    pruner: str | None = None,
) -> str:
    """A readable study file, TOML, for a function that takes a trial. `load_study` checks what it says."""
    lines = [
        f"# Written by `hptui run {_one_line(f'{script}:{function}')}`: copy it and go on from here.",
        f"name = {quoted(name or named_after(script))}",
        f"direction = {quoted(direction)}",
        f"seed = {seed}",
        *([f"sampler = {quoted(sampler)}"] if sampler else []),
        *([f"pruner = {quoted(pruner)}"] if pruner else []),
        "",
        "# There is no [space]: the function states its own by trial.suggest_float and the like.",
        "[objective]",
        f"script = {quoted(script)}",
        f"function = {quoted(function)}",
    ]
    if n_trials is not None:
        lines += ["", "[budget]", f"n_trials = {n_trials}"]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A TOML basic string: a JSON string, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
