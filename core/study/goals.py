"""`metric` and `direction` of a study file: one objective, or a list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptui.core.errors import HptuiError, StudyError
from hptui.core.study.study import Goal


def read_goals(top: Mapping[str, Any], problems: list[HptuiError]) -> list[Goal]:
    """The objectives, the first one first. One direction said once is that of all."""
    metric, direction = top.get("metric", "value"), top.get("direction", "minimize")
    metrics = metric if isinstance(metric, list) else [metric]
    directions = direction if isinstance(direction, list) else [direction] * len(metrics)
    if not metrics or not all(name.strip() for name in metrics):
        hint = 'give it a name, such as "loss"'
        problems.append(StudyError("metric", "it is empty", hint))
    for i, name in enumerate(metrics):
        if name in metrics[:i]:
            problems.append(StudyError("metric", f'"{name}" is there twice'))
    if len(directions) != len(metrics):
        problem = f"{len(directions)} directions for {len(metrics)} metrics"
        problems.append(StudyError("direction", problem, "give each metric its own, or one word for all"))
    return [Goal(name, way) for name, way in zip(metrics, directions, strict=False)] or [Goal("value")]


def goals_of(facts: Mapping[str, Any]) -> tuple[Goal, ...]:
    """The objectives of a session, as it wrote them down."""
    first = Goal(facts.get("metric", "value"), facts.get("direction", "minimize"))
    return (first, *(Goal(each["metric"], each["direction"]) for each in facts.get("also") or []))


def check_several(goals: list[Goal], pruner: str, warm: bool, stop: bool, problems: list[HptuiError]) -> None:
    """A pruner compares trials by one number; so do past sessions and the rules that end a search."""
    if len(goals) < 2:
        return
    names = ", ".join(goal.metric for goal in goals)
    if pruner != "none":
        problem = f"a pruner judges one objective, and this study has {len(goals)}: {names}"
        problems.append(StudyError("pruner", problem, 'take it out, or write pruner = "none"'))
    if stop:
        problem = f"these rules look at the best trial, and with {len(goals)} objectives none is the best: {names}"
        problems.append(StudyError("stop", problem, "take it out, and set budget.n_trials"))
    if warm:
        problem = f"past sessions tell of one objective, and this study has {len(goals)}: {names}"
        problems.append(StudyError("warm_start", problem, "take it out, or enqueue their best points"))
