"""W&B sweep files and NNI experiments as study files. What they mean, not how they look, is carried over."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError, StudyError, StudyErrors

_WANDB = {
    "program", "method", "metric", "parameters", "early_terminate", "command", "run_cap", "name", "description",
    "project", "entity", "program_args",
}  # fmt: skip
_METHODS = {"grid": "grid", "random": "random", "bayes": "auto"}
_UNREAD = "wandb.log is not read: print the metric as NAME=VALUE lines, or call hptui.report"


@dataclass
class _Made:
    """A study on its way: its tables, what is wrong, what is left out."""

    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[HptuiError] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def wrong(self, where: str, problem: str, hint: str = "") -> None:
        self.problems.append(StudyError(where, problem, hint))


def read_sweep(path: Path) -> tuple[str, list[str]]:
    """The study file for a sweep (`.yaml` of W&B or NNI, or NNI's `search_space.json`), and what was left out.

    Raises StudyErrors with every problem, by key path.
    """
    document = _document(path)
    made = _Made()
    if "trialCommand" in document or "trial_command" in document:
        _nni(document, path, made)
    elif document and all(isinstance(v, Mapping) and "_type" in v for v in document.values()):
        made.wrong("trialCommand", "is not here: this file is a search space alone", "give the experiment's YAML")
    elif "parameters" in document:
        _wandb(document, made)
    else:
        made.wrong("parameters", "is missing", "a W&B sweep has `parameters`, an NNI experiment `trialCommand`")
    if made.problems:
        raise StudyErrors(str(path), made.problems)
    return _written(made, path), made.left_out


def _document(path: Path) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(str(path), f"can't be read: {' '.join(str(error).split())}", "is it YAML?") from error
    if not isinstance(read, dict):
        raise StudyError(str(path), "is no table of keys", "a sweep file begins with keys such as `program:`")
    return read


def _written(made: _Made, path: Path) -> str:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(f"Made from {path.name}."))
    for line in made.left_out:
        document.add(tomlkit.comment(f"Not carried over: {line}"))
    for key, value in made.tables.items():
        if key == "space":
            space = tomlkit.table()
            for name, definition in value.items():
                inline = tomlkit.inline_table()
                inline.update(definition)
                space[name] = inline
            document["space"] = space
        else:
            document[key] = value
    return tomlkit.dumps(document)


def _wandb(document: Mapping[str, Any], made: _Made) -> None:
    for key in document:
        if key not in _WANDB:
            made.wrong(str(key), "unknown key", f"known: {', '.join(sorted(_WANDB))}")
    metric = document.get("metric") or {}
    made.tables["name"] = str(document.get("name") or Path(str(document.get("program", "sweep"))).stem)
    made.tables["metric"] = str(metric.get("name", "value"))
    made.tables["direction"] = "maximize" if metric.get("goal") == "maximize" else "minimize"
    method = document.get("method", "random")
    if method not in _METHODS:
        made.wrong("method", f"{method!r} is none of grid, random, bayes")
    made.tables["sampler"] = _METHODS.get(str(method), "auto")
    if stop := document.get("early_terminate"):
        _hyperband(stop, made)
    pattern = rf"{re.escape(made.tables['metric'])}\s*[=:]\s*(?P<value>[-+.\w]+)"
    made.tables["objective"] = {"command": _command(document, made), "arguments": "flags", "pattern": pattern}
    made.left_out.append(_UNREAD)
    if cap := document.get("run_cap"):
        made.tables["budget"] = {"n_trials": int(cap)}
    made.tables["space"] = {}
    for name, definition in document["parameters"].items():
        _wandb_parameter(str(name), definition, made)


def _hyperband(stop: Mapping[str, Any], made: _Made) -> None:
    """W&B stops by brackets of min_iter * eta^k, or of max_iter / eta^k."""
    if stop.get("type") != "hyperband":
        made.wrong("early_terminate.type", f"{stop.get('type')!r} is not hyperband")
        return
    eta = int(stop.get("eta", 3))
    first = stop.get("min_iter")
    if first is None and stop.get("max_iter"):
        first = int(stop["max_iter"]) / eta ** int(stop.get("s", 1))
    rungs = {"min_resource": max(1, round(float(first or 1))), "reduction_factor": eta}
    made.tables["pruner"] = {"name": "successive_halving", **rungs}


def _command(document: Mapping[str, Any], made: _Made) -> str:
    program = str(document.get("program", ""))
    words = document.get("command") or ["${env}", "${interpreter}", "${program}", "${args}"]
    meant = {"${env}": "/usr/bin/env", "${interpreter}": "python", "${program}": program, "${args}": ""}
    out = []
    for word in map(str, words):
        if word.startswith("${") and word not in meant:
            made.wrong("command", f"{word} has no counterpart", "trials get --NAME VALUE flags: use ${args}")
        out.append(meant.get(word, word))
    if not program and "${program}" in words:
        made.wrong("program", "is missing")
    return shlex.join(word for word in out if word)


def _wandb_parameter(name: str, p: Any, made: _Made) -> None:
    where = f"parameters.{name}"
    if not isinstance(p, Mapping):
        made.wrong(where, f"expected a table, not {p!r}", "as in {min: 0.0, max: 1.0}")
    elif "parameters" in p:
        made.wrong(where, "nested parameters are not supported", "write them at the top, with a dot in the name")
    elif "value" in p:
        _choices(name, [p["value"]], made)
    elif "values" in p:
        if "probabilities" in p:
            made.left_out.append(f"probabilities of {name}")
        _choices(name, list(p["values"]), made)
    else:
        _distribution(name, p, made)


def _distribution(name: str, p: Mapping[str, Any], made: _Made) -> None:
    low, high = p.get("min"), p.get("max")
    whole = isinstance(low, int) and isinstance(high, int)
    kind = str(p.get("distribution") or ("int_uniform" if whole else "uniform"))
    if kind.endswith("normal"):
        mu, sigma = float(p.get("mu", 0)), float(p.get("sigma", 1))
        low, high = mu - 3 * sigma, mu + 3 * sigma
        made.left_out.append(f"{name} is {kind}: searched evenly over three sigma to either side")
        kind = kind.removesuffix("normal") + "uniform"
    if low is None or high is None:
        made.wrong(f"parameters.{name}", f"{kind} without min and max")
        return
    low, high = float(low), float(high)
    log = "log_uniform" in kind
    if log and not kind.endswith("_values"):
        low, high = math.exp(low), math.exp(high)  # W&B: log_uniform has exponents of e
    if kind.startswith("inv_log"):
        made.left_out.append(f"{name}: inv_log_uniform is searched as log_uniform")
    q = p.get("q", 1) if kind.startswith("q_") else None
    if q == 1 and low == int(low) and high == int(high):
        q, whole = None, True  # rounded to whole numbers
    else:
        whole = kind.startswith("int")
    _range(name, low, high, log, q, whole, made)


def _range(name: str, low: float, high: float, log: bool, q: Any, whole: bool, made: _Made) -> None:
    definition: dict[str, Any] = {"type": "int" if whole else "float"}
    definition |= {"low": int(low) if whole else low, "high": int(high) if whole else high}
    if log:
        definition["log"] = True
        if q:
            made.left_out.append(f"{name}: steps of {q} on a log scale")
    elif q:
        definition["step"] = q
    made.tables["space"][name] = definition


def _choices(name: str, values: list[Any], made: _Made) -> None:
    if any(v is None for v in values):
        made.left_out.append(f"{name}: the choice null, which TOML can't write")
    made.tables["space"][name] = {"type": "categorical", "choices": [v for v in values if v is not None]}


def _nni(document: Mapping[str, Any], path: Path, made: _Made) -> None:
    """https://nni.readthedocs.io, "Experiment Config" and "Search Space"; keys in camel case, as NNI writes them."""
    tuner, assessor = document.get("tuner") or {}, document.get("assessor") or {}
    mode = (tuner.get("classArgs") or {}).get("optimize_mode", "minimize")
    made.tables |= {"name": str(document.get("experimentName") or path.stem), "metric": "default"}
    made.tables["direction"] = "maximize" if mode == "maximize" else "minimize"
    made.tables["sampler"] = {"GridSearch": "grid", "Random": "random", "TPE": "tpe"}.get(tuner.get("name", ""), "auto")
    if assessor.get("name") == "Medianstop":
        warm = int((assessor.get("classArgs") or {}).get("start_step", 0))
        made.tables["pruner"] = {"name": "median", "n_warmup_steps": warm}
    elif assessor:
        made.left_out.append(f"assessor {assessor.get('name')}")
    made.tables["objective"] = {"command": str(document["trialCommand"]), "arguments": "flags"}
    made.left_out.append("nni.get_next_parameter and nni.report_*: the program takes flags and prints NAME=VALUE lines")
    budget = {"n_trials": document.get("maxTrialNumber"), "wall_clock": document.get("maxExperimentDuration")}
    made.tables["budget"] = {key: value for key, value in budget.items() if value is not None}
    if slots := document.get("trialConcurrency"):
        made.tables["resources"] = {"slots": int(slots)}
    space = document.get("searchSpace")
    if space is None and (file := document.get("searchSpaceFile")):
        try:
            space = json.loads((path.parent / file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            made.wrong("searchSpaceFile", f"{file} can't be read: {error}")
    made.tables["space"] = {}
    for name, definition in (space or {}).items():
        _nni_parameter(str(name), definition, made)


def _nni_parameter(name: str, p: Mapping[str, Any], made: _Made) -> None:
    kind, values = p.get("_type"), list(p.get("_value") or [])
    if kind == "choice":
        if any(isinstance(v, Mapping) and "_name" in v for v in values):
            made.wrong(f"searchSpace.{name}", "nested choices are not supported", "use `when` in a study file")
        else:
            _choices(name, values, made)
    elif kind == "randint" and len(values) == 2:
        _range(name, values[0], values[1] - 1, False, None, True, made)  # NNI's upper bound is exclusive
    elif kind in ("uniform", "quniform", "loguniform", "qloguniform") and len(values) >= 2:
        q = values[2] if kind.startswith("q") and len(values) > 2 else None
        _range(name, float(values[0]), float(values[1]), "log" in kind, q, False, made)
    else:
        made.wrong(
            f"searchSpace.{name}", f"{kind} has no counterpart", "choice, randint, uniform, quniform, loguniform"
        )
