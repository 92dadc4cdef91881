"""What was found in another tool's file, and a session made of it."""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hptui.core.errors import HptuiError, SessionError, StudyErrors
from hptui.core.space.space import Space
from hptui.core.store.create import create_session
from hptui.core.store.rows import EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import OBJECTIVES, Goal

WAS_WAITING = "was waiting when it was imported"
_ROWS = 20_000  # metric rows written at once


@dataclass(frozen=True)
class FoundTrial:
    """state: COMPLETE, PRUNED, FAIL or WAITING. values: one per goal, the user's sign. curve: (step, value)."""

    number: int
    state: str
    params: Mapping[str, Any]
    values: tuple[float, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    others: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)  # further metrics' curves
    attrs: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True)
class Found:
    name: str
    source: str  # the file, and where in it
    tool: str
    goals: tuple[Goal, ...]
    definitions: Mapping[str, Any]  # of the space
    trials: tuple[FoundTrial, ...]
    left_out: tuple[str, ...] = ()  # one line for each thing that could not be carried over


def make_session(found: Found, folder: SessionFolder) -> tuple[str, ...]:
    """A finished session that can be reviewed, compared and exported like any other. Raises SessionError.

    Returns what could not be carried over, a line each: `found.left_out`, and parameters that a space can't have.
    """
    found = _fitting(found)
    first, *also = found.goals
    now = time.time()
    facts = {
        "id": secrets.token_hex(8),
        "name": folder.name,
        "direction": first.direction,
        "metric": first.metric,
        "also": [{"metric": goal.metric, "direction": goal.direction} for goal in also],
        "n_trials": len(found.trials),
        "created_at": min((t.started_at for t in found.trials if t.started_at is not None), default=now),
        "study_path": found.source,
        "imported": {"tool": found.tool, "source": found.source, "left_out": list(found.left_out)},
    }
    create_session(folder, _study_text(found, folder.name), facts)
    space = Space.parse(found.definitions)
    writer = Writer(folder)
    try:
        writer.save_parameters(space.definitions())
        with writer.transaction():
            for trial in found.trials:
                writer.save_trial(_row(trial, space, found))
        for trial in found.trials:
            _save_curves(writer, trial, first.metric)
        at = max((t.ended_at for t in found.trials if t.ended_at is not None), default=now)
        writer.append(EventRow(at, "opened", None, f"imported from {found.tool}: {found.source}"))
        for line in found.left_out:
            writer.append(EventRow(at, "warning", None, f"not carried over: {line}"))
        ok = any(t.state == "COMPLETE" for t in found.trials)
        writer.set_fact("finished", {"at": at, "reason": f"imported from {found.tool}", "ok": ok, "final": True})
    finally:
        writer.close()
    return found.left_out


def _fitting(found: Found) -> Found:
    """With the values of parameters that a space can't have, such as a seed of 64 bits, as the trials' attributes."""
    odd: dict[str, str] = {}
    for name, definition in found.definitions.items():
        try:
            Space.parse({name: definition})
        except StudyErrors as error:
            odd[name] = f"the parameter {readable(name)}: {error.problems[0].problem}; its values are attributes"
    trials = []
    for trial in found.trials:
        attrs = {name: _finite(value) for name, value in trial.params.items() if name in odd}
        params = {name: value for name, value in trial.params.items() if name not in odd}
        trials.append(replace(trial, params=params, attrs={**attrs, **trial.attrs}))
    definitions = {name: definition for name, definition in found.definitions.items() if name not in odd}
    left_out = (*found.left_out, *odd.values())
    return replace(found, definitions=definitions, trials=tuple(trials), left_out=left_out)


def _finite(value: Any) -> Any:
    """As text where JSON has no such number."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _row(trial: FoundTrial, space: Space, found: Found) -> TrialRow:
    try:
        x = tuple(None if np.isnan(u) else float(u) for u in space.point(dict(trial.params)))
    except HptuiError:
        x = (None,) * space.dim  # outside of what the tool said its range is
    sign = found.goals[0].sign
    reported = [value for _, value in trial.curve if np.isfinite(value)]
    value = trial.values[0] if trial.values else trial.curve[-1][1] if trial.curve else None
    final = [value] if value is not None and np.isfinite(value) else []
    attrs = dict(trial.attrs)
    if len(trial.values) > 1:
        also = zip(found.goals[1:], trial.values[1:], strict=False)
        attrs[OBJECTIVES] = {goal.metric: value for goal, value in also}
    start, end = trial.started_at, trial.ended_at
    return TrialRow(
        trial.number,
        "FAIL" if trial.state == "WAITING" else trial.state,
        dict(trial.params),
        x,
        origin="imported",
        proposal=f"imported from {found.tool}",
        reason=WAS_WAITING if trial.state == "WAITING" else trial.reason,
        cause=None if trial.state in ("COMPLETE", "PRUNED") else "lost" if trial.state == "WAITING" else "crash",
        value=value,
        best=sign * min(sign * v for v in reported + final) if reported or final else None,
        step=trial.curve[-1][0] if trial.curve else None,
        created_at=start or 0.0,
        started_at=start,
        ended_at=end if end is not None else start,
        busy_s=max(end - start, 0.0) if start is not None and end is not None else 0.0,
        attrs=attrs,
    )


def _save_curves(writer: Writer, trial: FoundTrial, metric: str) -> None:
    rows = [ReportRow(trial.number, metric, step, value) for step, value in trial.curve]
    for name, curve in trial.others.items():
        rows += [ReportRow(trial.number, name, step, value) for step, value in curve]
    for first in range(0, len(rows), _ROWS):
        writer.save_reports(trial.number, rows[first : first + _ROWS], 0)


def _study_text(found: Found, name: str) -> str:
    """A study file that says what is known; its objective stays where it was."""
    goals = found.goals
    head: dict[str, object]
    if len(goals) == 1:
        head = {"metric": goals[0].metric, "direction": goals[0].direction}
    else:
        head = {"metric": [g.metric for g in goals], "direction": [g.direction for g in goals]}
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(f"Made from {found.tool}: {found.source}. To go on with it, name the objective."))
    document.update({"name": name, **head})
    objective = tomlkit.table()
    objective["command"] = "false"
    objective["command"].comment("the imported trials were run elsewhere")
    document["objective"] = objective
    space = tomlkit.table()
    for parameter, definition in found.definitions.items():
        inline = tomlkit.inline_table()
        inline.update(_toml(definition))
        space[parameter] = inline
    document["space"] = space
    return tomlkit.dumps(document)


def _toml(value: Any) -> Any:
    """TOML has no null: a choice that is one stays in the database alone."""
    if isinstance(value, Mapping):
        return {k: _toml(v) for k, v in value.items() if v is not None}
    return [_toml(v) for v in value if v is not None] if isinstance(value, list) else value


def metric_named(names: Sequence[str], asked: str | None, where: str, kind: str = "metric") -> str:
    """The one asked for; without it, one that is plainly the value. Raises SessionError with the names there are."""
    plain = [asked] if asked else ["value", "loss", "objective", "score"] + (list(names) if len(names) == 1 else [])
    for name in plain:
        if name in names:
            return name
    if not names:
        raise SessionError(where, f"there is no {kind} at all", "what did the trials report?")
    named = f"no {kind} {asked!r}" if asked else f"no {kind} that is plainly the value"
    raise SessionError(where, f"there is {named}", f"--metric names one of: {', '.join(names[:20])}")


def defined_by(values: Sequence[Any]) -> dict[str, Any]:
    """The range that was seen; log where it spans three orders of magnitude."""
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)]
    if len(numbers) != len(values) or not numbers or min(numbers) == max(numbers):
        return {"type": "categorical", "choices": _distinct(values)}
    low, high = min(numbers), max(numbers)
    whole = all(v == int(v) for v in numbers)
    made = {"type": "int", "low": int(low), "high": int(high)} if whole else {"type": "float", "low": low, "high": high}
    return {**made, "log": True} if low > 0 and high / low >= 1000 else made


def _distinct(values: Iterable[Any]) -> list[Any]:
    seen = {json.dumps(v, sort_keys=True, default=str): v for v in values}
    return list(seen.values()) or ["–"]


def readable(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
