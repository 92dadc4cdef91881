"""What is true of a session, from what it wrote about itself. An older or newer one may lack any of it."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

from hptui.core.review.lanes import drained_in
from hptui.core.study.durations import parse_duration
from hptui.core.study.goals import goals_of
from hptui.core.study.remarks import FACT
from hptui.core.study.session import SessionFolder
from hptui.tui.snapshot import Facts, Parameter

T = TypeVar("T")


def written_study(folder: SessionFolder) -> Mapping[str, Any]:
    """study.toml as it stands; empty when it can't be read. Only for what the database does not say."""
    with contextlib.suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return tomllib.loads(folder.study.read_text())
    return {}


def facts_of(name: str, raw: Mapping[str, Any], parameters: Mapping[str, Any], study: Mapping[str, Any]) -> Facts:
    """raw: the session's own facts. parameters: name -> definition, in the order to show them."""
    budget = _table(study.get("budget"))
    limits = limits_of(raw, budget)
    chosen = raw.get("pruner_now") or raw.get("pruner", study.get("pruner"))
    finished = _table(raw.get("finished"))
    return Facts(
        name=name,
        direction=_of(str, raw.get("direction"), study.get("direction")) or "minimize",
        metric=_of(str, raw.get("metric"), study.get("metric")) or "value",
        also=goals_of({"also": raw.get("also")})[1:],
        n_trials=_of(int, limits["n_trials"]),
        max_steps=_of(int, limits["max_steps"]),
        limits=limits,
        created_at=_of((int, float), raw.get("created_at")),
        finished_at=_of((int, float), finished.get("at")),
        finish=_of(str, finished.get("reason")) or "",
        final=finished.get("final") is not False,
        slots=_of(int, raw.get("slots")),
        held=raw.get("held") is True,
        held_trials=_of(int, _table(raw.get("held_memory")).get("trials")) or 0,
        held_bytes=_of(int, _table(raw.get("held_memory")).get("bytes")) or 0,
        sampler=_chosen(raw.get("sampler", study.get("sampler"))),
        pruner=_chosen(chosen),
        pruner_options=_options(chosen, study.get("pruner")),
        parts={device: str(part) for device, part in _table(raw.get("mig_parts")).items()},
        drained=drained_in(raw),
        remarks=_table(raw.get(FACT)),
        rungs=tuple(step for step in raw.get("rungs") or () if isinstance(step, int)),
        metrics=tuple(str(metric) for metric in raw.get("metric_names") or ()),
        space=tuple(Parameter(key, _definition(value)) for key, value in parameters.items()),
    )


def limits_of(raw: Mapping[str, Any], budget: Mapping[str, Any]) -> dict[str, float | None]:
    """The budget as it is now: what was changed while the session lived, else what its study says."""
    now = _table(raw.get("budget"))
    return {
        "n_trials": now.get("n_trials", raw.get("n_trials", budget.get("n_trials"))),
        "wall_clock_s": now.get("wall_clock_s", _seconds(budget.get("wall_clock"))),
        "max_steps": now.get("max_steps", raw.get("max_steps", budget.get("max_steps"))),
        "trial_time_s": now.get("trial_time_s", _seconds(budget.get("trial_time"))),
        "gpu_hours": now.get("gpu_hours", budget.get("gpu_hours")),
        "total_steps": now.get("total_steps", budget.get("total_steps")),
        "stop_after_failures": now.get("stop_after_failures", budget.get("stop_after_failures", 5)),
    }


def _seconds(written: object) -> float | None:
    with contextlib.suppress(ValueError):
        return parse_duration(written) if isinstance(written, (str, int, float)) else None
    return None


def _options(chosen: object, written: object) -> dict[str, Any]:
    """A pruner's own numbers. The session's fact may be its name alone: then the study file has them."""
    now = _table(chosen)
    if "options" in now:
        return dict(_table(now["options"]))
    table = _table(chosen if now else written)
    same = bool(now) or table.get("name") == chosen
    return {key: value for key, value in table.items() if key != "name"} if same else {}


def _of(kind: type[T] | tuple[type[T], ...], *candidates: object) -> T | None:
    return next((one for one in candidates if isinstance(one, kind) and not isinstance(one, bool)), None)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _chosen(value: object) -> str:
    """A sampler or pruner: its name, written as text or as a table with a name."""
    return value if isinstance(value, str) else str(_table(value).get("name", ""))


def _definition(value: object) -> Mapping[str, Any]:
    """A bare list of choices is a categorical."""
    return {"type": "categorical", "choices": value} if isinstance(value, list) else _table(value)


def set_of_session(facts: Facts) -> dict[str, Any]:
    """What can be set of it as it is now, by the arguments of the wishes that set it."""
    return {**facts.limits, "slots": facts.slots, "remarks": facts.remarks}
