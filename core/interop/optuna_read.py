"""Optuna's studies from its SQLite and journal files, without Optuna and without touching them.

The database is Optuna's storage schema 12 (`optuna/storages/_rdb/models.py`, versions 3 to 5). Journals are replayed
by `optuna_journal`.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, FoundTrial, readable
from hptui.core.interop.optuna_journal import read_journal
from hptui.core.interop.optuna_kept import KeptStudy, KeptTrial, seconds
from hptui.core.study.study import CONSTRAINTS, Goal

KNOWN_SCHEMA = 12
UNNAMED, NAMED = "constraints", "constraints:"  # system attributes: a list; one for each name
NUMBERED = "constraint_"  # what we call those without a name
LOCKED_S = 10.0  # how long a study that writes is waited for
_NOT_FINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


def read_optuna(source: str, study: str | None = None) -> Found:
    """The study of an Optuna storage: a SQLite file, a `sqlite:///` URL, or a journal file.

    study: its name; may be left out where there is one. Raises SessionError: not such a file, no such study, several,
    locked for long, truncated, or of a schema that is not known.
    """
    path = Path(os.path.expanduser(source.removeprefix("sqlite:///")))
    if source.partition("://")[0] in ("mysql", "postgresql") or "://" in source.removeprefix("sqlite:///"):
        raise SessionError(source, "only files can be imported", "copy it to SQLite with `optuna.copy_study` first")
    if not path.is_file():
        raise SessionError(str(path), "there is no such file")
    try:
        with path.open("rb") as file:
            head = file.read(16)
        studies = _from_sqlite(path) if head.startswith(b"SQLite format 3") else read_journal(path)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    except OSError as error:
        raise SessionError(str(path), f"can't be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        hint = "tables end in .csv, .jsonl or .json; `hptui review` opens a session's zip"
        raise SessionError(str(path), f"is neither an Optuna database nor a journal ({error})", hint) from error
    return _found(_choose(studies, study, path), path)


def _unreadable(path: Path, error: sqlite3.Error) -> SessionError:
    if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        problem = f"is locked: somebody has been writing to it for {LOCKED_S:g} s"
        return SessionError(str(path), problem, "try again when the study that runs in it is at rest, or import a copy")
    return SessionError(str(path), f"can't be read: {error}", "is it a whole Optuna database?")


def _choose(studies: list[KeptStudy], name: str | None, path: Path) -> KeptStudy:
    names = ", ".join(study.name for study in studies[:20])
    if name is None and len(studies) == 1:
        return studies[0]
    chosen = [study for study in studies if study.name == name]
    if chosen:
        return chosen[0]
    if not studies:
        raise SessionError(str(path), "has no study")
    problem = f"has no study {name!r}" if name is not None else f"has {len(studies)} studies"
    raise SessionError(str(path), problem, f"name one with --study: {names}")


def _from_sqlite(path: Path) -> list[KeptStudy]:
    """Read-only, at one moment; a running study may go on writing."""
    with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCKED_S) as db:
        db.execute("begin")
        version = db.execute("select schema_version from version_info").fetchone()
        if version is None or version[0] != KNOWN_SCHEMA:
            was = version[0] if version else "none"
            hint = f"`optuna storage upgrade` brings a copy of it to schema {KNOWN_SCHEMA}"
            raise SessionError(str(path), f"has Optuna's schema {was}; this knows {KNOWN_SCHEMA}", hint)
        studies = {id: KeptStudy(name, []) for id, name in db.execute("select study_id, study_name from studies")}
        for id, direction in db.execute("select study_id, direction from study_directions order by objective"):
            studies[id].directions.append("maximize" if direction == "MAXIMIZE" else "minimize")
        for id, key, value in db.execute("select study_id, key, value_json from study_system_attributes"):
            studies[id].system[key] = json.loads(value)
        for id, key, value in db.execute("select study_id, key, value_json from study_user_attributes"):
            studies[id].user[key] = json.loads(value)
        trials: dict[int, KeptTrial] = {}
        columns = "trial_id, study_id, number, state, datetime_start, datetime_complete"
        for id, study, number, state, start, end in db.execute(f"select {columns} from trials order by trial_id"):
            trials[id] = KeptTrial(number, state, start=seconds(start), end=seconds(end))
            studies[study].trials.append(trials[id])
        _fill(db, trials)
    db.close()
    return list(studies.values())


def _fill(db: sqlite3.Connection, trials: Mapping[int, KeptTrial]) -> None:
    for id, name, value, kind in db.execute(
        "select trial_id, param_name, param_value, distribution_json from trial_params order by param_id"
    ):
        trials[id].params[name], trials[id].distributions[name] = value, json.loads(kind)
    for id, k, value, kind in db.execute("select trial_id, objective, value, value_type from trial_values"):
        trials[id].values[k] = _NOT_FINITE.get(kind, value)
    for id, step, value, kind in db.execute(
        "select trial_id, step, intermediate_value, intermediate_value_type from trial_intermediate_values"
    ):
        trials[id].curve[step] = _NOT_FINITE.get(kind, value)
    for id, key, value in db.execute("select trial_id, key, value_json from trial_user_attributes"):
        trials[id].user[key] = json.loads(value)
    for id, key, value in db.execute("select trial_id, key, value_json from trial_system_attributes"):
        trials[id].system[key] = json.loads(value)


def _found(study: KeptStudy, path: Path) -> Found:
    left_out = [f"the study's attribute {key}: {readable(value)}" for key, value in study.user.items()]
    definitions: dict[str, Any] = {}
    for trial in study.trials:
        for name, kind in trial.distributions.items():
            _widen(definitions, name, kind, left_out)
    names: list[str] = study.system.get("study:metric_names") or []
    usual = [f"value_{k}" for k in range(len(study.directions))] if len(study.directions) > 1 else ["value"]
    goals = tuple(Goal(n, d) for n, d in zip(names or usual, study.directions, strict=True))
    trials = tuple(_trial(trial, left_out) for trial in study.trials)
    source = f"{path} (study {study.name})"
    return Found(study.name, source, "Optuna", goals, definitions, trials, tuple(dict.fromkeys(left_out)))


def _widen(definitions: dict[str, Any], name: str, kind: Mapping[str, Any], left_out: list[str]) -> None:
    """One definition that holds every distribution a parameter had: Optuna lets a range change between trials."""
    new = definition(kind)
    old = definitions.setdefault(name, new)
    if old == new:
        return
    if old["type"] != new["type"]:
        left_out.append(f"{name} was {new['type']} in some trials and {old['type']} in others: the first counts")
    elif old["type"] == "categorical":
        definitions[name] = {**old, "choices": old["choices"] + [c for c in new["choices"] if c not in old["choices"]]}
    else:
        low, high = min(old["low"], new["low"]), max(old["high"], new["high"])
        definitions[name] = {**old, "low": low, "high": high}
        left_out.append(f"{name} had several ranges: {readable(low)} to {readable(high)} holds them all")


def definition(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Ours for an Optuna distribution (its JSON form), the deprecated ones included."""
    name, a = kind["name"], kind["attributes"]
    if name == "CategoricalDistribution":
        return {"type": "categorical", "choices": list(a["choices"])}
    made: dict[str, Any] = {"type": "int" if name.startswith("Int") else "float", "low": a["low"], "high": a["high"]}
    if a.get("log") or "LogUniform" in name:
        made["log"] = True
    step = a.get("step") or a.get("q")
    if step and not (made["type"] == "int" and step == 1) and not made.get("log"):
        made["step"] = step
    return made


def _trial(trial: KeptTrial, left_out: list[str]) -> FoundTrial:
    params = {name: _external(trial.distributions[name], value) for name, value in trial.params.items()}
    state, reason = trial.state, ""
    if state == "RUNNING":
        state, reason = "FAIL", "was running when it was imported"
        left_out.append(f"trial {trial.number} was still running")
    if state == "WAITING":
        params = {**trial.system.get("fixed_params", {}), **params}
        left_out.append(f"trial {trial.number} was only enqueued")
    if state == "FAIL" and not reason:
        reason = str(trial.system.get("fail_reason", "failed; Optuna keeps no reason"))
    return FoundTrial(
        trial.number,
        state,
        params,
        tuple(trial.values[k] for k in sorted(trial.values)) if state == "COMPLETE" else (),
        tuple(sorted(trial.curve.items())),
        attrs=trial.user | _constraints(trial, left_out),
        reason=reason or ("pruned; Optuna keeps no reason" if state == "PRUNED" else ""),
        started_at=trial.start,
        ended_at=trial.end,
    )


def _constraints(trial: KeptTrial, left_out: list[str]) -> dict[str, Any]:
    """At most 0 where one holds. Optuna 5 names them; what a constraints_func returned is numbered."""
    given = trial.system.get(UNNAMED) or []
    found = {f"{NUMBERED}{k}": one for k, one in enumerate(given if isinstance(given, list) else [given])}
    found |= {key.removeprefix(NAMED): one for key, one in trial.system.items() if key.startswith(NAMED)}
    if not all(isinstance(one, int | float) for one in found.values()):
        left_out.append(f"constraint values {readable(list(found.values()))} of trial {trial.number}")
        return {}
    return {CONSTRAINTS: {name: float(one) for name, one in found.items()}} if found else {}


def _external(kind: Mapping[str, Any], value: float) -> Any:
    if kind["name"] == "CategoricalDistribution":
        return kind["attributes"]["choices"][int(value)]
    return int(value) if kind["name"].startswith("Int") else value


__all__ = ["definition", "read_optuna"]
