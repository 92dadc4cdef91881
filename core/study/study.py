"""A study: the question. Typed as it is written in TOML; never changes once read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Direction = Literal["minimize", "maximize"]

OBJECTIVES = "objective_values"
"""The attribute in which a complete trial keeps its further objectives: metric -> value, the user's sign."""
TEST = "test_value"
"""The attribute in which a trial keeps its held-out metric; nothing that chooses or judges looks at it."""
CONSTRAINTS = "constraint_values"
"""The attribute in which a trial keeps its constraints: name -> value, at most 0 where it holds."""


def broken(attrs: Mapping[str, Any]) -> tuple[str, ...]:
    """The constraints that a trial with these attributes broke: such a trial is never the best."""
    values = attrs.get(CONSTRAINTS) or {}
    return tuple(name for name, value in values.items() if not (isinstance(value, (int, float)) and value <= 0))


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
    gpu_hours: float | None = None  # running time of all trials, times the GPUs each takes
    total_steps: int | None = None  # steps of all trials together
    rerun: bool = False  # the objective reads `trial.budget`, and is run again with a larger one when it earns that


class Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    slots: int | None = None  # trials at once; default: what the GPUs hold, or one per two CPU cores (at least two)
    gpus: float | None = None  # how many a trial takes; below 1: a share of one. None: a share that its memory asks for
    gpu_memory_bytes: int | None = None  # a trial's need on each of its GPUs; None, written "auto": learned
    devices: Literal["all", "none"] | list[int | str] = "all"  # which GPUs: all, none, or indices and UUIDs
    share_with_strangers: bool = False  # also start trials on GPUs that other people's processes use
    yields: bool = False  # written as `yield`: trials leave a GPU that a stranger comes to
    look_every_s: float = 1.0  # between looks at the GPUs; memory that stands still for three of them has settled
    max_trials: int = 16  # at once on one GPU
    threads: int | None = None  # per trial; default: cores / slots
    gpu_env: Literal["uuid", "index"] = "uuid"
    held_memory_bytes: int | None = None  # what held trials may keep of the machine's memory; written `held_memory`
    held_memory_share: float | None = None  # or which share of it; neither: half of what is free but for them
    freeze: bool = False  # a paused trial's GPU memory moves to the machine's (CUDA checkpoint, driver 580 or newer)


class StopWhen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the search has found what it will find. None of it is set unless the study says so."""

    need: Literal["any", "all"] = "any"  # how many of the rules that are set
    target: float | None = None  # a value that is good enough
    same_best_for: int | None = None  # trials without a better one
    gain_below: float | None = None  # of the best value per trial, on average over the last `over`
    over: int = 20
    chance_below: float | None = None  # that a further trial improves, by how often the last ones did


class WarmStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sessions: list[str] = []  # past ones, by name or folder, whose trials tell where to begin


class Round(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A study as one of several that follow each other: what it is to tell, and what it goes on from.

    A scientific parameter is what the round asks about; nuisance ones are tuned so that its values compare fairly, and
    so is every parameter that is not named; a fixed one is held at its default.
    """

    goal: str = ""  # one sentence
    parent: str | None = None  # the session of the round before, by name or folder
    scientific: list[str] = []
    nuisance: list[str] = []
    fixed: list[str] = []
    adopted: int | None = None  # the parent's trial whose parameters are the baseline here
    evidence: str = ""  # why it was adopted, with its numbers


class HeldOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    metric: str | None = None  # the study's metric on data that the search never sees; reported once, at the end


class Goal(msgspec.Struct, frozen=True):
    """One objective: a metric, and whether a low or a high value of it is good."""

    metric: str
    direction: Direction = "minimize"

    @property
    def sign(self) -> float:
        """Loss = sign * value."""
        return 1.0 if self.direction == "minimize" else -1.0


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    objective: Objective
    space: dict[str, Any] = {}  # parameter name -> definition; `space.Space.parse` types it. Empty: define-by-run
    direction: Direction = "minimize"
    metric: str = "value"  # what `trial.report(value, step)` is called in tables and curves
    also: list[Goal] = []  # further objectives; written as `metric = ["loss", "latency"]`, `direction` likewise
    sampler: Chosen = Chosen(name="auto")
    pruner: Chosen = Chosen(name="none")
    budget: Budget = Budget()
    resources: Resources = Resources()
    seed: int = 0
    stop: StopWhen = StopWhen()
    enqueue: list[dict[str, Any]] = []  # tried first; the first one is the baseline, trial 0
    warm_start: WarmStart = WarmStart()
    round: Round = Round()
    test: HeldOut = HeldOut()

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Every objective, the first one's metric being `metric`."""
        return (Goal(self.metric, self.direction), *self.also)

    def losses(self, value: float | None, attrs: Mapping[str, Any]) -> tuple[float | None, ...]:
        """A complete trial's loss by each of several objectives; () for one objective."""
        if not self.also:
            return ()
        others = attrs.get(OBJECTIVES, {})
        values = (value, *(others.get(goal.metric) for goal in self.also))
        return tuple(None if v is None else goal.sign * v for v, goal in zip(values, self.goals, strict=True))

    @property
    def sign(self) -> float:
        """Loss = sign * value."""
        return 1.0 if self.direction == "minimize" else -1.0
