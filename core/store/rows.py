"""Rows as the rest of the program sees them: our own frozen values, one class per table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from hptui.core.study.study import broken


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial as the `trials` table has it: what the screen shows and what a new scheduler goes on from."""

    number: int
    state: str  # study.trial.State
    params: dict[str, Any]
    x: tuple[float | None, ...] = ()
    seed: int = 0
    origin: str = "sampler"  # baseline, enqueued, sampler, retry
    proposal: str = ""  # why this point
    why: str | None = None  # PAUSED: study.trial.Why; RUNNING: the state it was told to end in (PRUNED, FAIL)
    reason: str = ""  # why it waits, is paused, was pruned or failed
    cause: str | None = None  # FAIL: study.trial.Cause
    may_retry: bool = False
    retry_of: int | None = None
    value: float | None = None  # last reported or final, the user's sign; may be nan or inf
    best: float | None = None  # best reported, the user's sign
    step: int | None = None  # last step reported
    device: str | None = None
    slot: int | None = None
    pid: int | None = None
    start_ticks: int | None = None
    created_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    paused_at: float | None = None  # PAUSED: since when. RUNNING: when its last pause ended
    until: float | None = None  # PAUSED for undo: when the prune becomes final
    resume_wanted: bool = False
    busy_s: float = 0.0  # seconds of running, up to the last pause
    attrs: dict[str, Any] = field(default_factory=dict)
    change: int = 0  # grows with every change of any trial: readers ask for what changed after it

    def ran_s(self, at: float) -> float | None:
        """Seconds that it has run until `at`, pauses not counted; None before it started."""
        if self.started_at is None:
            return None
        if self.state == "RUNNING":
            return self.busy_s + max(at - (self.paused_at or self.started_at), 0.0)
        ended = self.ended_at or self.paused_at or self.started_at
        return self.busy_s or max(ended - self.started_at, 0.0)

    @property
    def broken(self) -> tuple[str, ...]:
        """The constraints that it broke: such a trial is never the best."""
        return broken(self.attrs)

    @property
    def is_answer(self) -> bool:
        """Whether it may be the best: complete, with a finite value, and no constraint broken."""
        return self.state == "COMPLETE" and self.value is not None and math.isfinite(self.value) and not self.broken


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the ledger."""

    at: float
    kind: str
    trial: int | None = None
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    id: int = 0  # given by the database


@dataclass(frozen=True, slots=True)
class CommandRow:
    kind: str  # study.commands.Wish
    trial: int | None = None
    args: dict[str, Any] = field(default_factory=dict)
    by: str = ""  # who asked: "screen", "cli", ...
    at: float = 0.0
    id: int = 0


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A GPU or a CPU slot, as last read. None: that reading is not to be had here."""

    id: str  # GPU UUID, or "cpu"
    name: str
    at: float
    slots: int = 1
    used_slots: int = 0
    load: float | None = None  # 0..1
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    note: str = ""  # why it can't be used, who else uses it, what slows it down
    memory_ours_bytes: int | None = None  # of it, what trials of this session have
    power_limit_w: float | None = None
    idle: str = ""  # why no trial of this session is there
    number: int | None = None  # of a GPU, as nvidia-smi counts; None for the CPU and for a MIG instance


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A device over some seconds that end at `at`: averages."""

    device: str
    at: float
    load: float | None = None
    memory_used_bytes: int | None = None
    memory_ours_bytes: int | None = None
    power_w: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class ReportRow:
    trial: int
    metric: str
    step: int
    value: float | None  # NaN is stored as NULL with `word` saying which
    word: str | None = None  # "nan", "inf" or "-inf" when value is None


@dataclass(frozen=True, slots=True)
class Finished:
    """A session that is over: the fact `finished`."""

    at: float
    reason: str
    ok: bool
    final: bool = True  # nothing is left to do; False: it was stopped and can be resumed


__all__ = ["CommandRow", "DeviceRow", "EventRow", "Finished", "ReadingRow", "ReportRow", "TrialRow"]
