"""What can happen to a trial, from its proposal to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hptui.core.devices.inventory import Place
from hptui.core.scheduler.events.base import Event
from hptui.core.scheduler.events.verdicts import Numbers
from hptui.core.store.rows import EventRow
from hptui.core.study.trial import Ended, Params, Process, Why
from hptui.core.wire.spool import End


@dataclass(frozen=True, slots=True)
class Proposed(Event):
    number: int
    params: Params
    x: tuple[float | None, ...]
    why: str
    origin: str
    seed: int
    retry_of: int | None = None
    attrs: dict[str, Any] = field(default_factory=dict)

    def row(self) -> EventRow:
        kind = "retried" if self.origin == "retry" else "proposed"
        return self.line(kind, self.why, origin=self.origin, params=self.params)


@dataclass(frozen=True, slots=True)
class Placed(Event):
    """A process is about to be asked for."""

    number: int
    place: Place
    reason: str
    units: int = 0  # of each of its GPUs
    memory_bytes: int | None = None  # what it is expected to need there

    def row(self) -> EventRow:
        more = {"memory_bytes": self.memory_bytes} if self.memory_bytes is not None else {}
        return self.line("starting", self.reason, device=self.place.device_id, slot=self.place.slot, **more)


@dataclass(frozen=True, slots=True)
class Launched(Event):
    """The fork server was asked for it."""

    number: int


@dataclass(frozen=True, slots=True)
class Started(Event):
    number: int
    process: Process
    cold: bool = False

    def row(self) -> EventRow:
        how = "in a Python of its own" if self.cold else "forked"
        pid = self.process.pid
        return self.line("started", f"{how}, pid {pid}", pid=pid, cold=self.cold)


@dataclass(frozen=True, slots=True)
class NotStarted(Event):
    """Back to the queue: the slot was taken, or no process came up."""

    number: int
    place: Place
    reason: str
    wait_s: float = 2.0

    def row(self) -> EventRow:
        return self.line("waiting", self.reason, device=self.place.device_id)


@dataclass(frozen=True, slots=True)
class Defined(Event):
    """The objective asked for parameters of its own."""

    number: int
    params: Params
    x: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Reported(Event):
    """One look at a trial's spool found reports; the rows themselves go straight to `metrics`."""

    number: int
    step: int
    value: float | None
    best: float | None
    milestone: int = 0


@dataclass(frozen=True, slots=True)
class AttrSet(Event):
    number: int
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class ParkAsked(Event):
    number: int
    why: Why
    until: float | None = None

    def row(self) -> EventRow | None:
        if self.why is not Why.UNDO:
            return None
        return self.line("pruning", "pruned by you: u takes it back", until=self.until)


@dataclass(frozen=True, slots=True)
class Parked(Event):
    """It waits inside report()."""

    number: int


@dataclass(frozen=True, slots=True)
class Frozen(Event):
    number: int
    reason: str

    def row(self) -> EventRow:
        return self.line("paused", self.reason)


@dataclass(frozen=True, slots=True)
class ResumeWanted(Event):
    number: int
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Thawed(Event):
    number: int
    place: Place
    reason: str
    promoted: bool = False
    compared: Numbers = field(default_factory=dict)

    def row(self) -> EventRow:
        kind = "promoted" if self.promoted else "undone" if "prune" in self.reason else "resumed"
        return self.line(kind, self.reason, device=self.place.device_id, slot=self.place.slot, **self.compared)


@dataclass(frozen=True, slots=True)
class MemoryMoving(Event):
    """A held trial's GPU memory is about to be moved to the machine's, or back to this slot of its GPU."""

    number: int
    to: str  # leaving, returning; away: there was no room to return to after all
    slot: int | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryMoved(Event):
    """It was, or could not be."""

    number: int
    problem: str
    seconds: float
    out: bool

    def row(self) -> EventRow:
        what = "moved to the machine's memory" if self.out else "brought back"
        if self.problem:
            return self.line("warning", f"its GPU memory could not be {what}: {self.problem}")
        return self.line("gpu-memory", f"its GPU memory was {what} in {self.seconds:.1f} s", seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class HoldsMemory(Event):
    """Frozen, its processes keep so much of the machine's memory."""

    number: int
    held_bytes: int


@dataclass(frozen=True, slots=True)
class Unwanted(Event):
    """Held, and the least promising when memory got short."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class PutAwayAsked(Event):
    """Held, and its process is ended: another one goes on from its checkpoint."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class PutAway(Event):
    """It is held without a process, which holds no memory and no slot."""

    number: int
    reason: str

    def row(self) -> EventRow:
        return self.line("put-away", self.reason)


@dataclass(frozen=True, slots=True)
class Requeued(Event):
    """It was put away, and goes on in the next slot."""

    number: int
    reason: str
    promoted: bool = False
    compared: Numbers = field(default_factory=dict)

    def row(self) -> EventRow:
        return self.line("promoted" if self.promoted else "resumed", self.reason, **self.compared)


@dataclass(frozen=True, slots=True)
class EndAsked(Event):
    """It is to end as `outcome` says; its process is told next."""

    number: int
    outcome: Ended


@dataclass(frozen=True, slots=True)
class Told(Event):
    """SIGTERM (`killed` False) or SIGKILL was sent."""

    number: int
    killed: bool


@dataclass(frozen=True, slots=True)
class Exited(Event):
    """Its process is gone. `end`: its own last line; `status`: as waitpid gives it, where that can be known."""

    number: int
    end: End | None
    status: int | None = None
    oom_killed: bool = False
    since: float | None = None  # when it was seen to be gone; what is left of its spool is read after that
    lost: str = ""  # it went with its node: which, and how


@dataclass(frozen=True, slots=True)
class Settled(Event):
    """It has ended, and this is what became of it."""

    number: int
    outcome: Ended
    value: float | None
    detail: str = ""
    judged: bool = False  # the ledger has the pruner's reason already
    also: tuple[tuple[str, float | None], ...] = ()  # its further objectives

    def row(self) -> EventRow:
        data: dict[str, Any] = {"state": self.outcome.state.value}
        if self.outcome.cause is not None:
            data["cause"] = self.outcome.cause.value
        if self.detail:
            data["detail"] = self.detail
        value = "–" if self.value is None else f"{self.value:.6g}"
        for name, other in self.also:
            value += f", {name} {'–' if other is None else f'{other:.6g}'}"
        reason = f"pruned at {value}, as judged" if self.judged else self.outcome.reason or f"complete: {value}"
        return self.line("ended", reason, **data)


@dataclass(frozen=True, slots=True)
class Dequeued(Event):
    """A point of the user's is not tried after all. asked: the command that enqueued it."""

    asked: int


@dataclass(frozen=True, slots=True)
class Enqueued(Event):
    """A point to try before the sampler is asked again."""

    params: Params
    x: tuple[float | None, ...]
    origin: str
    why: str
    retry_of: int | None = None
    attrs: dict[str, Any] = field(default_factory=dict)
