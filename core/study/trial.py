"""A trial: one point, tried once. Its phase holds data only where it is true."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

AT_RUNG = "rung"  # the attribute: the last rung it was judged at, and with what numbers
Params = dict[str, Any]
"""Parameter name -> JSON value, in the user's own numbers; active parameters only."""


CHECKPOINT_STEP = "checkpoint_step"
"""The attribute that says what was reported last when the trial saved its checkpoint; None: nothing yet."""
STARTS_FROM = "starts_from"
"""The attribute that says whose checkpoint a trial begins with, until it has one of its own."""


OURS = frozenset((
    "hptui", "rung", "checkpoint_step", "starts_from", "objective_values", "test_value", "constraint_values",
    "gpu_memory", "gpu_share", "gpu_memory_peak_bytes", "torch_peak_bytes", "host_peak_bytes", "alone", "step_s",
    "judged_step", "heir", "times_lost", "paused_before", "asked_of",
))  # fmt: skip
"""The attributes that hptui keeps for itself, all of them: an objective's own go under another name (`key_of`)."""


def key_of(name: str) -> str:
    """The attribute under which an objective's own attribute is kept."""
    return f"user_{name}" if name in OURS else name


class State(StrEnum):
    """What the screen and the database call a trial's phase (Optuna's words, and PAUSED)."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAIL = "FAIL"

    @property
    def ended(self) -> bool:
        return self in (State.COMPLETE, State.PRUNED, State.FAIL)


class Why(StrEnum):
    """Why a trial is PAUSED."""

    USER = "user"
    RUNG = "rung"
    UNDO = "undo"  # pruned by hand, may still be taken back
    YIELDED = "yielded"
    DISK = "disk"  # no space left to record what it reports


class Cause(StrEnum):
    """Why a trial is FAIL."""

    OOM = "oom"
    NAN = "nan"
    CRASH = "crash"
    TIMEOUT = "timeout"
    KILLED = "killed"
    LOST = "lost"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that can be told from a later one with the same pid."""

    pid: int
    start_ticks: int  # /proc/PID/stat field 22


@dataclass(frozen=True, slots=True)
class Waiting:
    since: float
    reason: str = ""  # "waiting: both slots are taken"


WAITS = "waits for a slot"
NEVER_STARTED = "not started: the session ended before its turn came"
NOT_GONE_ON = "did not go on: the session ended before its turn came"


@dataclass(frozen=True, slots=True)
class Starting:
    """A process was asked for; nobody has seen it yet."""

    device: str
    since: float


@dataclass(frozen=True, slots=True)
class Running:
    process: Process
    device: str
    since: float


@dataclass(frozen=True, slots=True)
class Paused:
    process: Process | None  # frozen; None: put away, its process ended and it goes on from its checkpoint
    device: str  # where it ran, and where its memory still is unless it was put away
    since: float
    why: Why
    until: float | None = None  # UNDO: when the prune becomes final
    resume_wanted: bool = False  # the user asked for it back; a slot has to come free first
    was: Why | None = None  # UNDO: why it was paused before, if it was


@dataclass(frozen=True, slots=True)
class Ended:
    state: State  # COMPLETE, PRUNED or FAIL
    at: float
    reason: str = ""  # "best 0.41 at step 9 is above the median 0.37 of 12 trials"
    cause: Cause | None = None  # FAIL only
    may_retry: bool = False


Phase = Waiting | Starting | Running | Paused | Ended


@dataclass(frozen=True, slots=True)
class Trial:
    number: int
    params: Params
    x: tuple[float | None, ...]  # the point in the unit cube; None where a parameter is inactive
    seed: int
    origin: str  # baseline, enqueued, sampler or retry
    proposal: str  # why this point
    phase: Phase
    created_at: float
    retry_of: int | None = None
    started_at: float | None = None
    value: float | None = None  # final value, or the last one reported; the user's sign
    step: int | None = None  # last step reported
    attrs: dict[str, Any] = field(default_factory=dict)
    slot: int | None = None

    @property
    def has_checkpoint(self) -> bool:
        """It has saved by `trial.checkpoint`: a process that is gone can be followed by another one."""
        return CHECKPOINT_STEP in self.attrs

    @property
    def state(self) -> State:
        match self.phase:
            case Waiting():
                return State.WAITING
            case Starting() | Running():
                return State.RUNNING
            case Paused():
                return State.PAUSED
            case Ended(state=state):
                return state
