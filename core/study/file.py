"""From the text of a study file to a `Study`, with every problem of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hptui.core.errors import HptuiError, StudyError, StudyErrors
from hptui.core.space.reading import fields_of, nearest, read_fields, show, unbounded
from hptui.core.space.space import Space
from hptui.core.study import checks
from hptui.core.study.durations import parse_duration
from hptui.core.study.goals import check_several, read_goals
from hptui.core.study.gpus import read_resources
from hptui.core.study.overrides import apply_overrides, blame_flags
from hptui.core.study.rounds import check_round, check_test, held
from hptui.core.study.study import (
    Budget,
    Chosen,
    Goal,
    HeldOut,
    Objective,
    Resources,
    Round,
    StopWhen,
    Study,
    WarmStart,
)
from hptui.core.study.written import TABLES, WrittenStudy

CheckChoice = Callable[[Any, Chosen, int | None], list[HptuiError]]
"""("sampler" or "pruner", the choice, budget.max_steps) -> its problems by key path; `search.catalog.check` is one."""


def load_study(
    text: str,
    *,
    where: str,
    folder: Path | None,
    overrides: Mapping[str, Any] | None = None,
    check_choice: CheckChoice | None = None,
) -> Study:
    """The study that `text` states.

    where: the file's name, for messages; its stem names a study that does not name itself.
    folder: where the study's paths start. None: don't look at the disk, as for a session on another machine.
    overrides: name, direction, seed, sampler, pruner, slots, gpus, devices, n_trials; they go before what is written.
    Its `space` comes back in full definitions, `enqueue` completed with the space's defaults.
    Raises StudyErrors with every problem, each by its key path.
    """
    overrides = overrides or {}
    written = apply_overrides(_decode(text, where), overrides)
    if problems := unbounded(written):
        raise StudyErrors(where, blame_flags(problems, overrides))
    read = _read(written, folder, check_choice, problems)
    if problems:
        raise StudyErrors(where, blame_flags(problems, overrides))
    return read.study(default_name=checks.named_after(where))


def baseline(study: Study) -> dict[str, Any] | None:
    """What to try first: the first enqueued point, else the space's defaults when it has any.

    A parameter without a default counts with its middle or its first choice.
    """
    if study.enqueue:
        return dict(study.enqueue[0])
    space = Space.parse(study.space)
    return space.defaults() if space.has_defaults else None


@dataclass(frozen=True)
class _Read:
    """What was read of each table; complete when there were no problems."""

    top: dict[str, Any]
    goals: list[Goal]
    tables: dict[str, dict[str, Any]]
    chosen: dict[str, Chosen]
    space: dict[str, Any]
    enqueue: list[dict[str, Any]]

    def study(self, default_name: str) -> Study:
        plain = {key: self.top[key] for key in ("seed",) if key in self.top}
        return Study(
            metric=self.goals[0].metric,
            direction=self.goals[0].direction,
            also=self.goals[1:],
            name=self.top.get("name") or default_name,
            objective=Objective(**self.tables["objective"]),
            space=self.space,
            budget=Budget(**self.tables["budget"]),
            resources=Resources(**self.tables["resources"]),
            stop=StopWhen(**self.tables["stop"]),
            warm_start=WarmStart(**self.tables["warm_start"]),
            round=Round(**self.tables["round"]),
            test=HeldOut(**self.tables["test"]),
            enqueue=self.enqueue,
            **self.chosen,  # type: ignore[arg-type]  # only sampler and pruner are among its keys
            **plain,
        )


def _decode(text: str, where: str) -> dict[str, Any]:
    try:
        return msgspec.toml.decode(text.removeprefix("\ufeff"), type=dict[str, Any])
    except ValueError as error:  # a DecodeError, or Python's own of a whole number
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        problem = str(error)[: place.start()] if place else str(error)
        if not isinstance(error, msgspec.DecodeError):
            problem = "a whole number has thousands of digits"
        line, column = (place[1] or str(len(text.splitlines())), place[2]) if place else ("", "")
        at = f":{line}:{column}" if column else f":{line}" if line else ""
        shown = text.splitlines()[int(line) - 1].strip() if line and text.strip() else ""
        hint = f"line {line} reads: {shown[:80]}" if shown else "a study file is TOML, see https://toml.io"
        raise StudyErrors(
            where, [StudyError(f"{Path(where).name}{at}", f"not TOML: {problem.lower()}", hint)]
        ) from None


def _read(
    written: Mapping[str, Any],
    folder: Path | None,
    check_choice: CheckChoice | None,
    problems: list[HptuiError],
) -> _Read:
    known = {f.name for f in fields_of(WrittenStudy)}
    for key in written:
        if key not in known:
            problems.append(StudyError(key, "unknown key", _belongs(key, known)))
    top = read_fields({k: v for k, v in written.items() if k in known}, WrittenStudy, "", problems)
    checks.check_top(top, problems)
    goals = read_goals(top, problems)
    tables = {name: read_fields(top.get(name, {}), kind, name, problems) for name, kind in TABLES.items()}
    if "objective" in top or "objective" not in written:  # a wrong type was said already
        checks.check_objective(tables["objective"], top.get("objective", {}), folder, problems)
    space = _read_space(written, top, problems)
    if space is not None and check_round(tables["round"], space, problems):
        space = held(space, tables["round"].get("fixed", []))
    max_steps = tables["budget"].get("max_steps")
    chosen = {kind: _read_choice(kind, top, max_steps, check_choice, problems) for kind in ("sampler", "pruner")}
    if chosen["pruner"].name == "auto" and (max_steps is None or len(goals) > 1 or tables["budget"].get("rerun")):
        chosen["pruner"] = Chosen(name="none")  # it needs the end of a curve, and one that says which trial is best
    warm = bool(tables["warm_start"].get("sessions"))
    check_several(goals, chosen["pruner"].name, warm, bool(tables["stop"]), problems)
    tables["budget"] = _read_budget(tables["budget"], problems)
    checks.check_budget(tables["budget"], tables["objective"], problems)
    checks.check_stop(tables["stop"], problems)
    check_test(tables["test"], goals, problems)
    tables["resources"] = read_resources(tables["resources"], written.get("resources"), problems)
    enqueue = _read_enqueue(space, top.get("enqueue", []), problems)
    _point_home(written, problems)
    return _Read(top, goals, tables, chosen, space.definitions() if space else {}, enqueue)


def _belongs(key: str, known: set[str]) -> str:
    """The hint for an unknown top-level key: the table it goes in, or the nearest name."""
    for table, kind in TABLES.items():
        if key in {f.name for f in fields_of(kind)}:
            return f"it goes under [{table}]"
    return nearest(key, sorted(known))


def _point_home(written: Mapping[str, Any], problems: list[HptuiError]) -> None:
    """Say of a key in the wrong table where it goes: in TOML all that follows `[table]` belongs to it."""
    if not problems:
        return
    above = {f.name: "it goes to the top of the file, above the first [table]" for f in fields_of(WrittenStudy)}
    homes = {f.name: f"it goes under [{table}]" for table, kind in TABLES.items() for f in fields_of(kind)} | above
    own = {table: {f.name for f in fields_of(kind)} for table, kind in TABLES.items()}
    lost = {
        f"{table}.{key}": homes[key]
        for table, keys in written.items()
        if isinstance(keys, Mapping) and (table in own or table == "space")
        for key, value in keys.items()
        if key in homes and key not in own.get(table, ()) and (table in own or not isinstance(value, (list, Mapping)))
    }
    for problem in problems:
        problem.hint = lost.get(problem.where, problem.hint)


def _read_space(written: Mapping[str, Any], top: Mapping[str, Any], problems: list[HptuiError]) -> Space | None:
    """None when it can't be told what may vary."""
    definitions = top.get("space")
    if definitions is None:
        if "command" in top.get("objective", {}) and "space" not in written:
            hint = "a program can't define its space as it runs: add a [space] with its parameters"
            problems.append(StudyError("space", "it is missing", hint))
        return None if "space" in written else Space.parse({})
    if not definitions:
        hint = 'add a parameter such as lr = {type = "float", low = 1e-5, high = 0.1, log = true}'
        if "command" not in top.get("objective", {}):
            hint += ", or leave [space] out when the objective calls trial.suggest_float and the like"
        problems.append(StudyError("space", "it has no parameters", hint))
        return None
    try:
        return Space.parse(definitions)
    except StudyErrors as found:
        problems += found.problems
        return None


def _read_choice(
    kind: str,
    top: Mapping[str, Any],
    max_steps: int | None,
    check_choice: CheckChoice | None,
    problems: list[HptuiError],
) -> Chosen:
    default = getattr(WrittenStudy(), kind)
    value = top.get(kind, default)
    table = {"name": value} if isinstance(value, str) else dict(value)
    name = table.pop("name", None)
    if not isinstance(name, str):
        problem = '"name" is missing' if name is None else f"expected text, not {show(name)}"
        hint = f'add name = "{default}"'
        problems.append(StudyError(kind if name is None else f"{kind}.name", problem, hint))
        return Chosen(name=default)
    chosen = Chosen(name=name, options=table)
    if check_choice is not None:
        problems += check_choice(kind, chosen, max_steps)
    return chosen


def _read_budget(written: Mapping[str, Any], problems: list[HptuiError]) -> dict[str, Any]:
    out = dict(written)
    for key in ("wall_clock", "trial_time"):
        value = out.pop(key, None)
        if value is None:
            continue
        try:
            out[f"{key}_s"] = parse_duration(value)
        except ValueError as wrong:
            problems.append(StudyError(f"budget.{key}", *str(wrong).split(": ", 1)))
    return out


def _read_enqueue(
    space: Space | None, entries: list[dict[str, Any]], problems: list[HptuiError]
) -> list[dict[str, Any]]:
    """The points to try first, in full. Of a space that defines itself as it runs nothing can be said."""
    if space is None or not space.dim:
        return entries
    out = []
    for i, entry in enumerate(entries):
        params, wrong = space.complete(entry, f"enqueue[{i}]")
        problems += wrong
        out.append(params)
    return out
