"""A study as people write it. `file` reads it into a `Study`; `json_schema` describes it to editors."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hptui.core.study.study import Direction, HeldOut, Objective, Round, StopWhen, WarmStart


class WrittenBudget(msgspec.Struct, frozen=True, kw_only=True):
    """`Budget` with its durations as people say them."""

    n_trials: int | None = None
    wall_clock: str | float | None = None
    max_steps: int | None = None
    trial_time: str | float | None = None
    stop_after_failures: int = 5
    gpu_hours: float | None = None
    total_steps: int | None = None
    rerun: bool = False


class WrittenResources(msgspec.Struct, frozen=True, kw_only=True):
    """`Resources` with its sizes as people say them."""

    slots: int | None = None
    gpus: int | float | None = None
    gpu_memory: str = "auto"
    devices: Literal["all", "none"] | list[int | str] = "all"
    share_with_strangers: bool = False
    yields: bool = msgspec.field(name="yield", default=False)
    look_every: str | float = "1 s"
    max_trials: int = 16
    threads: int | None = None
    gpu_env: Literal["uuid", "index"] = "uuid"
    held_memory: str | None = None
    freeze: bool = False


class WrittenStudy(msgspec.Struct, frozen=True, kw_only=True):
    """The top level of a study file; each table is read by its own type."""

    name: str = ""
    direction: Direction | list[Direction] = "minimize"
    metric: str | list[str] = "value"
    seed: int = 0
    objective: dict[str, Any] = {}
    space: dict[str, Any] = {}
    sampler: str | dict[str, Any] = "auto"
    pruner: str | dict[str, Any] = "auto"
    budget: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    stop: dict[str, Any] = {}
    enqueue: list[dict[str, Any]] = []
    warm_start: dict[str, Any] = {}
    round: dict[str, Any] = {}
    test: dict[str, Any] = {}


TABLES: dict[str, type[msgspec.Struct]] = {
    "objective": Objective,
    "budget": WrittenBudget,
    "resources": WrittenResources,
    "stop": StopWhen,
    "warm_start": WarmStart,
    "round": Round,
    "test": HeldOut,
}
"""The tables with fixed keys."""
