"""A study: the question. Typed as it is written in TOML; never changes once read."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Direction = Literal["minimize", "maximize"]


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is tuned: a Python function (`script`, `function`) or any program (`command`)."""

    script: str | None = None  # relative to the study file
    function: str = "objective"
    shared: str | None = None  # a function of the script, run once; its result reaches every trial copy-on-write
    command: str | list[str] | None = None
    arguments: Literal["flags", "placeholders", "json"] = "flags"
    pattern: str | list[str] | None = None  # how a program's printed lines are read: named groups step, value, NAME
    cwd: str | None = None  # default: the study file's folder
    env: dict[str, str] = {}
    preload: list[str] = msgspec.field(default_factory=lambda: ["auto"])  # modules the fork server imports once


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A sampler or pruner by name; its other keys are its options (checked by `search.catalog`)."""

    name: str
    options: dict[str, Any] = {}


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    n_trials: int | None = None  # the session's total
    wall_clock_s: float | None = None  # written as `wall_clock = "2 h"`
    max_steps: int | None = None  # how far a trial can go; also the x axis of the curves
    trial_time_s: float | None = None  # written as `trial_time = "10 min"`; running time, pauses not counted
    stop_after_failures: int = 5  # give up when this many trials in a row fail


class Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    slots: int | None = None  # trials at once; default: one per GPU, or one per two CPU cores (at least two) without
    gpus: Literal["auto", "none"] | list[int | str] = "auto"  # which GPUs: all, none, or indices and UUIDs
    threads: int | None = None  # per trial; default: cores / slots
    gpu_env: Literal["uuid", "index"] = "uuid"


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    objective: Objective
    space: dict[str, Any] = {}  # parameter name -> definition; `space.Space.parse` types it. Empty: define-by-run
    direction: Direction = "minimize"
    metric: str = "value"  # what `trial.report(value, step)` is called in tables and curves
    sampler: Chosen = Chosen(name="random")
    pruner: Chosen = Chosen(name="none")
    budget: Budget = Budget()
    resources: Resources = Resources()
    seed: int = 0
    enqueue: list[dict[str, Any]] = []  # tried first; the first one is the baseline, trial 0

    @property
    def sign(self) -> float:
        """Loss = sign * value."""
        return 1.0 if self.direction == "minimize" else -1.0
