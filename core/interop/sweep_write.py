"""The space of a session as a W&B sweep file, and what such a file has no word for."""

from __future__ import annotations

import math
import shlex
from typing import Any

from hptui.core.space.parameter import Categorical, Float, Int, Parameter
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Objective, Study

_METHODS = {"grid": "grid", "random": "random", "sobol": "random"}
_BRACKETS = ("successive_halving", "synchronous_halving", "asha", "hyperband")
_MOST_VALUES = 200  # of a grid that has to be written out


def sweep_text(study: Study, space: Space, name: str) -> tuple[str, list[str]]:
    """The YAML, and a line for each thing that it can't say.

    space: as the session has it; that of a study by suggest_* calls is only known there.
    https://docs.wandb.ai, "Sweep configuration options".
    """
    import yaml

    left_out: list[str] = []
    document: dict[str, Any] = {"name": name, **_program(study.objective, left_out)}
    document["method"] = _METHODS.get(study.sampler.name, "bayes")
    if document["method"] == "bayes":
        left_out.append(f"sampler {study.sampler.name}: W&B has grid, random and bayes; written as bayes")
    document["metric"] = {"name": study.metric, "goal": study.direction}
    left_out += [f"objective {goal.metric}: a sweep has one" for goal in study.also]
    if study.budget.n_trials:
        document["run_cap"] = study.budget.n_trials
    document |= _early(study.pruner, left_out)
    document["parameters"] = {name: _parameter(name, p, left_out) for name, p in space.parameters.items()}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True), left_out


def _program(objective: Objective, left_out: list[str]) -> dict[str, Any]:
    if objective.command is None:
        script = objective.script or ""
        left_out.append(f"the function {objective.function} of {script}: W&B starts a program that takes --NAME=VALUE")
        return {"program": script}
    words = shlex.split(objective.command) if isinstance(objective.command, str) else list(objective.command)
    if objective.arguments != "flags":
        left_out.append(f"arguments as {objective.arguments}: W&B passes --NAME=VALUE flags")
        words = [word for word in words if not (word.startswith("{") and word.endswith("}"))]
    program = next((word for word in words if word.endswith(".py")), words[-1] if words else "")
    return {"program": program, "command": ["${program}" if word == program else word for word in words] + ["${args}"]}


def _early(pruner: Chosen, left_out: list[str]) -> dict[str, Any]:
    if pruner.name in _BRACKETS:
        first, eta = pruner.options.get("min_resource", 1), pruner.options.get("reduction_factor", 3)
        return {"early_terminate": {"type": "hyperband", "min_iter": first, "eta": eta}}
    if pruner.name != "none":
        left_out.append(f"pruner {pruner.name}: W&B has hyperband alone")
    return {}


def _parameter(name: str, p: Parameter, left_out: list[str]) -> dict[str, Any]:
    if p.when:
        left_out.append(f"{name} is active only with some values of others: a sweep always draws it")
    if isinstance(p, Categorical):
        return {"values": list(p.choices)}
    if p.scaled_by is not None:
        left_out.append(f"{name} is scaled by {p.scaled_by.parameter}: written without")
    if p.low == p.high:
        return {"value": p.low}
    bounds = {"min": p.low, "max": p.high}
    if isinstance(p, Int) and p.log:
        return {"distribution": "q_log_uniform_values", "q": 1, **bounds}
    if p.log:
        return {"distribution": "log_uniform_values", **bounds}
    if p.step is not None and not (isinstance(p, Int) and p.step == 1):
        return _grid(name, p, left_out)
    return {"distribution": "int_uniform" if isinstance(p, Int) else "uniform", **bounds}


def _grid(name: str, p: Float | Int, left_out: list[str]) -> dict[str, Any]:
    """W&B rounds to multiples of q: a grid that begins at one is its q, another is written out where it is short."""
    step, count = p.step or 1, p.count or 0
    if math.isclose(p.low / step, round(p.low / step), abs_tol=1e-9):
        return {"distribution": "q_uniform", "q": step, "min": p.low, "max": p.at(count - 1)}
    if count <= _MOST_VALUES:
        return {"values": [p.at(k) for k in range(count)]}
    left_out.append(f"{name}: steps of {step:g} from {p.low:g}, {count} values: written without steps")
    return {"distribution": "int_uniform" if isinstance(p, Int) else "uniform", "min": p.low, "max": p.high}
