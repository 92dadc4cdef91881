"""An NNI experiment as the tables of a study. https://nni.readthedocs.io, "Experiment Config" and "Search Space"."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.interop.making import Made, multiple
from hptui.core.study.checks import as_name

_READ = {
    "trialCommand", "experimentName", "tuner", "assessor", "searchSpace", "searchSpaceFile", "maxTrialNumber",
    "maxExperimentDuration", "maxTrialDuration", "trialConcurrency", "trialGpuNumber",
}  # fmt: skip
_TUNERS = {"GridSearch": "grid", "Random": "random", "TPE": "tpe"}


def read(document: Mapping[str, Any], path: Path, made: Made) -> None:
    """Keys in camel case, as NNI writes them; snake case means the same."""
    document = {_camel(key): value for key, value in document.items()}
    tuner, assessor = made.table("tuner", document.get("tuner")), made.table("assessor", document.get("assessor"))
    mode = made.table("tuner.classArgs", tuner.get("classArgs")).get("optimize_mode", "minimize")
    made.tables |= {"name": as_name(str(document.get("experimentName") or path.stem)), "metric": "default"}
    made.tables["direction"] = "maximize" if mode == "maximize" else "minimize"
    name = str(tuner.get("name", ""))
    made.tables["sampler"] = _TUNERS.get(name, "auto")
    if name not in _TUNERS:
        made.left_out.append(f"tuner {name or tuner.get('codeDirectory', 'none')}: searched by auto")
    _assessor(assessor, made)
    made.tables["objective"] = {"command": str(document["trialCommand"]), "arguments": "flags"}
    made.left_out.append("nni.get_next_parameter and nni.report_*: the program takes flags and prints NAME=VALUE lines")
    made.left_out += [f"{key}: {_short(value)}" for key, value in document.items() if key not in _READ]
    budget = {
        "n_trials": document.get("maxTrialNumber"), "wall_clock": document.get("maxExperimentDuration"),
        "trial_time": document.get("maxTrialDuration"),
    }  # fmt: skip
    made.tables["budget"] = {key: value for key, value in budget.items() if value is not None}
    slots, gpus = document.get("trialConcurrency"), document.get("trialGpuNumber")
    resources = {"slots": None if slots is None else int(made.number("trialConcurrency", slots, 1.0))}
    resources["gpus"] = None if not gpus else int(made.number("trialGpuNumber", gpus, 1.0))
    if given := {key: value for key, value in resources.items() if value is not None}:
        made.tables["resources"] = given
    made.tables["space"] = {}
    for parameter, definition in made.table("searchSpace", _space(document, path, made)).items():
        if isinstance(definition, Mapping):
            _parameter(str(parameter), definition, made)
        else:
            made.wrong(f"searchSpace.{parameter}", f"expected a table of keys, not {definition!r}")


def _assessor(assessor: Mapping[str, Any], made: Made) -> None:
    if assessor.get("name") == "Medianstop":
        where = "assessor.classArgs"
        warm = made.number(f"{where}.start_step", made.table(where, assessor.get("classArgs")).get("start_step"), 0.0)
        made.tables["pruner"] = {"name": "median", "n_warmup_steps": int(warm)}
    elif assessor:
        made.left_out.append(f"assessor {assessor.get('name')}")


def _space(document: Mapping[str, Any], path: Path, made: Made) -> Any:
    space = document.get("searchSpace")
    if space is None and (file := document.get("searchSpaceFile")):
        try:
            space = json.loads((path.parent / str(file)).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            made.wrong("searchSpaceFile", f"{file} can't be read: {error}")
            return None
    if not space:
        made.wrong("searchSpace", "is missing", "or name its file as searchSpaceFile")
    return space


def _parameter(name: str, p: Mapping[str, Any], made: Made) -> None:
    where, kind, values = f"searchSpace.{name}", p.get("_type"), p.get("_value")
    if kind == "choice":
        if isinstance(values, list) and any(isinstance(v, Mapping) and "_name" in v for v in values):
            made.wrong(where, "nested choices are not supported", "use `when` in a study file")
        else:
            made.choices(where, name, values)
        return
    known = kind in ("randint", "uniform", "quniform", "loguniform", "qloguniform")
    if not known or not isinstance(values, list) or len(values) != (3 if str(kind).startswith("q") else 2):
        hint = "choice, randint [low, high), uniform [low, high], quniform [low, high, q], loguniform, qloguniform"
        made.wrong(where, f"{kind} of {values!r} has no counterpart", hint)
        return
    low, high, *steps = (made.number(where, value) for value in values)
    if kind == "randint":
        if high - 1 < low:
            made.wrong(where, f"no number is from {low:g} up to, and without, {high:g}")
            return
        made.interval(where, name, (low, high - 1), False, None, True)  # NNI's upper bound is exclusive
        return
    q = steps[0] if steps else None
    if q is not None and q > 0 and kind == "quniform" and math.isfinite(low + high):
        first, last = multiple(math.ceil(low / q - 1e-9), q), multiple(math.floor(high / q + 1e-9), q)
        if not (math.isclose(first, low, abs_tol=1e-12) and math.isclose(last, high, abs_tol=1e-12)):
            made.left_out.append(f"{name}: its ends {low:g} and {high:g}, which are no multiples of {q:g}")
        low, high = first, last
    made.interval(where, name, (low, high), "log" in str(kind), q, False)


def _camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
