"""A session as an Optuna study that Optuna and optuna-dashboard open, written by Optuna itself."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.interop.found import WAS_WAITING
from hptui.core.interop.optuna_read import NAMED, NUMBERED, UNNAMED
from hptui.core.space.parameter import Categorical, Float, Int, Parameter
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import CONSTRAINTS, OBJECTIVES

_PLAIN = (str, int, float, bool, type(None))


def write_optuna(reader: Reader, path: Path, study_name: str) -> list[str]:
    """Write the session's trials into a new study of a SQLite file; what could not be carried over, a line each.

    path: made when it is not there; a study of that name must not be in it. Curves are those of the main metric.
    PAUSED, RUNNING and WAITING trials become WAITING ones with their parameters fixed, so that Optuna runs them again.
    Raises SessionError: Optuna is not installed, the name is taken, the file can't be written.
    """
    optuna = _optuna()
    facts = reader.facts()
    goals = [(facts.get("metric", "value"), facts.get("direction", "minimize"))]
    goals += [(goal["metric"], goal["direction"]) for goal in facts.get("also") or []]
    space = Space.parse(reader.parameters())
    rows = sorted(reader.trials(), key=lambda row: row.number)
    kinds = {name: _kind(optuna, p, [r.params[name] for r in rows if name in r.params]) for name, p in _all(space)}
    texts = [name for name, p in _all(space) if _as_text(p)]
    left_out = [f"{name}: its choices are written as JSON text" for name in texts]
    trials = []
    try:
        for row in rows:
            params = {name: json.dumps(v) if name in texts else v for name, v in row.params.items() if name in kinds}
            trial, lost = _trial(optuna, row, params, reader, goals, kinds)
            trials.append(trial)
            left_out += lost
        study = optuna.create_study(
            storage=f"sqlite:///{path}", study_name=study_name, directions=[direction for _, direction in goals]
        )
        with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
            study.set_metric_names([metric for metric, _ in goals])
        study.add_trials(trials)
    except optuna.exceptions.DuplicatedStudyError:
        hint = "name another file, or another --study"
        raise SessionError(str(path), f"has a study {study_name!r} already", hint) from None
    except Exception as error:
        raise SessionError(str(path), f"Optuna could not write it: {error}") from error
    return list(dict.fromkeys(left_out))


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise SessionError("optuna", "is not installed", "pip install 'hptui[optuna]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _all(space: Space) -> list[tuple[str, Parameter]]:
    return list(space.parameters.items())


def _as_text(parameter: Parameter) -> bool:
    return isinstance(parameter, Categorical) and not all(isinstance(c, _PLAIN) for c in parameter.choices)


def _kind(optuna: Any, parameter: Parameter, values: Sequence[Any]) -> Any:
    """The distribution, wide enough for every value: a scaled parameter's values may leave its own range."""
    distributions = optuna.distributions
    if isinstance(parameter, Categorical):
        choices = [json.dumps(c) for c in parameter.choices] if _as_text(parameter) else parameter.choices
        return distributions.CategoricalDistribution(choices)
    low, high = min([parameter.low, *values]), max([parameter.high, *values])
    inside = (low, high) == (parameter.low, parameter.high)
    log = parameter.log and low > 0
    if isinstance(parameter, Int):
        whole = (parameter.step or 1) if inside and not log else 1
        return distributions.IntDistribution(int(low), int(high), log=log, step=whole)
    assert isinstance(parameter, Float)
    step = parameter.step if inside and not log else None
    return distributions.FloatDistribution(low, high, log=log, step=step)


def _trial(
    optuna: Any,
    row: TrialRow,
    params: Mapping[str, Any],
    reader: Reader,
    goals: Sequence[tuple[str, str]],
    kinds: Mapping[str, Any],
) -> tuple[Any, list[str]]:
    states = optuna.trial.TrialState
    was = "WAITING" if row.reason == WAS_WAITING else row.state  # it waited when it was imported
    state = {"COMPLETE": states.COMPLETE, "PRUNED": states.PRUNED, "FAIL": states.FAIL}.get(was, states.WAITING)
    values = [row.value, *((row.attrs.get(OBJECTIVES) or {}).get(metric) for metric, _ in goals[1:])]
    lost: list[str] = []
    if state == states.COMPLETE and any(v is None or math.isnan(v) for v in values):
        state, lost = states.FAIL, [f"trial {row.number} is complete without a number: written as failed"]
    limits = row.attrs.get(CONSTRAINTS) or {}
    system = _constraints(limits) if state != states.WAITING else {}
    if state == states.WAITING:
        system["fixed_params"] = params
        if was != "WAITING":
            lost.append(f"trial {row.number} is {row.state}: Optuna would run it again from the start")
    told = {"hptui:reason": row.reason, "hptui:proposal": row.proposal, "hptui:cause": row.cause or ""}
    attrs = {name: value for name, value in row.attrs.items() if name not in (OBJECTIVES, CONSTRAINTS)}
    begun, over = row.started_at, row.ended_at
    curve = dict(reader.curve(row.number, goals[0][0])) if state != states.WAITING else {}
    made = optuna.trial.create_trial(
        state=state,
        values=values if state == states.COMPLETE else None,
        params=params if state != states.WAITING else {},
        distributions={name: kinds[name] for name in params} if state != states.WAITING else {},
        user_attrs=attrs | {key: text for key, text in told.items() if text},
        system_attrs=system,
        intermediate_values=curve,
    )
    if state != states.WAITING:
        made.datetime_start = datetime.fromtimestamp(begun) if begun is not None else made.datetime_start
        made.datetime_complete = datetime.fromtimestamp(over) if over is not None else made.datetime_complete
    return made, lost


def _constraints(limits: Mapping[str, float]) -> dict[str, Any]:
    """As system attributes: a list where they came without names, else as Optuna 5 keeps them."""
    if list(limits) == [f"{NUMBERED}{k}" for k in range(len(limits))]:
        return {UNNAMED: list(limits.values())} if limits else {}
    return {f"{NAMED}{name}": value for name, value in limits.items()}
