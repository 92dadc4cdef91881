"""A W&B sweep as the tables of a study. https://docs.wandb.ai, "Sweep configuration options"."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.interop.making import Made, multiple
from hptui.core.study.checks import as_name

_KNOWN = {
    "program", "method", "metric", "parameters", "early_terminate", "command", "run_cap", "name", "description",
    "project", "entity", "program_args",
}  # fmt: skip
_NOT_NEEDED = ("description", "project", "entity", "program_args")
_METHODS = {"grid": "grid", "random": "random", "bayes": "auto"}
_UNREAD = "wandb.log is not read: print the metric as NAME=VALUE lines, or call hptui.report"
_BOUNDED = ("int_uniform", "uniform", "q_uniform", "log_uniform", "log_uniform_values", "q_log_uniform",
            "q_log_uniform_values", "inv_log_uniform", "inv_log_uniform_values")  # fmt: skip
_NORMAL = ("normal", "q_normal", "log_normal", "q_log_normal")


def read(document: Mapping[str, Any], made: Made) -> None:
    for key in document:
        if key not in _KNOWN:
            made.wrong(key, "unknown key", f"known: {', '.join(sorted(_KNOWN))}")
    made.tables["name"] = as_name(str(document.get("name") or Path(str(document.get("program", "sweep"))).stem))
    _metric(made.table("metric", document.get("metric")), made)
    method = document.get("method", "random")
    if not isinstance(method, str) or method not in _METHODS:
        made.wrong("method", f"{method!r} is none of grid, random, bayes")
    made.tables["sampler"] = _METHODS.get(str(method), "auto")
    if stop := document.get("early_terminate"):
        _hyperband(made.table("early_terminate", stop), made)
    pattern = rf"{re.escape(made.tables['metric'])}\s*[=:]\s*(?P<value>[-+.\w]+)"
    made.tables["objective"] = {"command": _command(document, made), "arguments": "flags", "pattern": pattern}
    made.left_out.append(_UNREAD)
    made.left_out += [f"{key}: {document[key]}" for key in _NOT_NEEDED if document.get(key)]
    if document.get("run_cap") is not None and (cap := made.number("run_cap", document["run_cap"])) > 0:
        made.tables["budget"] = {"n_trials": int(cap)}
    made.tables["space"] = {}
    for name, definition in made.table("parameters", document["parameters"]).items():
        _parameter(str(name), definition, made)


def _metric(metric: Mapping[str, Any], made: Made) -> None:
    made.tables["metric"] = str(metric.get("name", "value"))
    goal = metric.get("goal", "minimize")
    if goal not in ("minimize", "maximize"):
        made.wrong("metric.goal", f"{goal!r} is neither minimize nor maximize")
    made.tables["direction"] = "maximize" if goal == "maximize" else "minimize"
    if metric.get("target") is not None:  # no new run once it is reached
        made.tables["stop"] = {"target": made.number("metric.target", metric["target"])}
    made.left_out += [f"metric.{key}: {metric[key]}" for key in metric if key not in ("name", "goal", "target")]


def _hyperband(stop: Mapping[str, Any], made: Made) -> None:
    """W&B stops by brackets of min_iter * eta^k, or of max_iter / eta^k."""
    if stop.get("type") != "hyperband":
        made.wrong("early_terminate.type", f"{stop.get('type')!r} is not hyperband")
        return
    where = "early_terminate."
    eta = int(made.number(f"{where}eta", stop.get("eta"), 3.0))
    first = made.number(f"{where}min_iter", stop.get("min_iter"), 1.0)
    if stop.get("min_iter") is None and stop.get("max_iter"):
        s = int(made.number(f"{where}s", stop.get("s"), 1.0))
        first = made.number(f"{where}max_iter", stop["max_iter"], 1.0) / max(2, eta) ** s
    rungs = {"min_resource": max(1, round(first)), "reduction_factor": eta}
    made.tables["pruner"] = {"name": "successive_halving", **rungs}
    if stop.get("strict"):
        made.left_out.append("early_terminate.strict: the best of every eta that came go on")


def _command(document: Mapping[str, Any], made: Made) -> str:
    program = str(document.get("program", ""))
    words = document.get("command") or ["${env}", "${interpreter}", "${program}", "${args}"]
    words = shlex.split(words) if isinstance(words, str) else words
    if not isinstance(words, list):
        made.wrong("command", f"expected a list of words, not {words!r}")
        return ""
    meant = {"${env}": "/usr/bin/env", "${interpreter}": "python", "${program}": program, "${args}": ""}
    out = []
    for word in map(str, words):
        if word.startswith("${") and word not in meant:
            made.wrong("command", f"{word} has no counterpart", "trials get --NAME VALUE flags: use ${args}")
        out.append(meant.get(word, word))
    if not program and "${program}" in words:
        made.wrong("program", "is missing")
    return shlex.join(word for word in out if word)


def _parameter(name: str, p: Any, made: Made) -> None:
    where = f"parameters.{name}"
    if not isinstance(p, Mapping):
        made.wrong(where, f"expected a table, not {p!r}", "as in {min: 0.0, max: 1.0}")
    elif "parameters" in p:
        made.wrong(where, "nested parameters are not supported", "write them at the top, with a dot in the name")
    elif "value" in p:
        made.choices(where, name, [p["value"]])
    elif "values" in p:
        if "probabilities" in p:
            made.left_out.append(f"probabilities of {name}")
        made.choices(where, name, p["values"])
    else:
        _distribution(where, name, p, made)


def _distribution(where: str, name: str, p: Mapping[str, Any], made: Made) -> None:
    whole = isinstance(p.get("min"), int) and isinstance(p.get("max"), int)
    kind = str(p.get("distribution") or ("int_uniform" if whole else "uniform"))
    if kind in _NORMAL:
        mu, sigma = made.number(f"{where}.mu", p.get("mu"), 0.0), made.number(f"{where}.sigma", p.get("sigma"), 1.0)
        low, high = mu - 3 * sigma, mu + 3 * sigma
        made.left_out.append(f"{name} is {kind}: searched evenly over three sigma to either side")
        kind = kind.removesuffix("normal") + "uniform"
    elif kind not in _BOUNDED:
        made.wrong(where, f"the distribution {kind} has no counterpart", f"known: {', '.join(_BOUNDED + _NORMAL)}")
        return
    elif p.get("min") is None or p.get("max") is None:
        made.wrong(where, f"{kind} without min and max")
        return
    else:
        low, high = made.number(f"{where}.min", p["min"]), made.number(f"{where}.max", p["max"])
    log = "log_uniform" in kind
    if kind.startswith("inv_log"):
        made.left_out.append(f"{name}: inv_log_uniform is searched as log_uniform")
    if kind == "inv_log_uniform":
        low, high = -high, -low  # W&B: of log(1/x)
    if log and not kind.endswith("_values"):
        low, high = _exp(where, low, made), _exp(where, high, made)  # W&B: log_uniform has exponents of e
    q = made.number(f"{where}.q", p.get("q"), 1.0) if kind.startswith("q_") else None
    if q is not None and q <= 0:
        made.wrong(f"{where}.q", f"{q:g} is no step")
        return
    if q is not None and not log and math.isfinite(low + high):
        low, high = multiple(round(low / q), q), multiple(round(high / q), q)  # W&B rounds to multiples of q
    if q == 1 and math.isfinite(low + high):  # rounded to whole numbers
        low, high, q, whole = max(round(low), 1) if log else round(low), round(high), None, True
    else:
        whole = kind == "int_uniform"
    made.interval(where, name, (low, high), log, q, whole)


def _exp(where: str, exponent: float, made: Made) -> float:
    try:
        return math.exp(exponent)
    except OverflowError:
        made.wrong(
            where, f"e to the power of {exponent:g} is too large", "log_uniform_values takes the values themselves"
        )
        return math.nan
