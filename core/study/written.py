"""A study as people write it. `file` reads it into a `Study`; `json_schema` describes it to editors."""

from __future__ import annotations

from typing import Any

import msgspec

from hptui.core.study.study import Direction, Objective, Resources


class WrittenBudget(msgspec.Struct, frozen=True, kw_only=True):
    """`Budget` with its durations as people say them."""

    n_trials: int | None = None
    wall_clock: str | float | None = None
    max_steps: int | None = None
    trial_time: str | float | None = None
    stop_after_failures: int = 5


class WrittenStudy(msgspec.Struct, frozen=True, kw_only=True):
    """The top level of a study file; each table is read by its own type."""

    name: str = ""
    direction: Direction = "minimize"
    metric: str = "value"
    seed: int = 0
    objective: dict[str, Any] = {}
    space: dict[str, Any] = {}
    sampler: str | dict[str, Any] = "random"
    pruner: str | dict[str, Any] = "none"
    budget: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    enqueue: list[dict[str, Any]] = []


TABLES: dict[str, type[msgspec.Struct]] = {
    "objective": Objective,
    "budget": WrittenBudget,
    "resources": Resources,
}
"""The tables with fixed keys."""
