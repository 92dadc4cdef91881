"""What can happen to a session. Each event says how the ledger tells it; those that tell nothing return None."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hptui.core.devices.inventory import Place
from hptui.core.store.rows import CommandRow, EventRow
from hptui.core.study.trial import Ended, Params, Process, Why
from hptui.core.wire.spool import End


@dataclass(frozen=True, slots=True)
class Event:
    at: float

    def row(self) -> EventRow | None:
        """Its line in the ledger."""
        return None

    def line(self, kind: str, reason: str, **data: Any) -> EventRow:
        """A ledger line about its trial, if it has one."""
        return EventRow(self.at, kind, getattr(self, "number", None), reason, data)


@dataclass(frozen=True, slots=True)
class Tick(Event):
    """Time went by."""


@dataclass(frozen=True, slots=True)
class Opened(Event):
    pid: int
    reason: str

    def row(self) -> EventRow:
        return self.line("opened", self.reason, pid=self.pid)


@dataclass(frozen=True, slots=True)
class Asked(Event):
    number: int


@dataclass(frozen=True, slots=True)
class AskFailed(Event):
    """The thinker will not answer what it was asked."""


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
class OutOfPoints(Event):
    reason: str

    def row(self) -> EventRow:
        return self.line("exhausted", self.reason)


@dataclass(frozen=True, slots=True)
class Placed(Event):
    """A process is about to be asked for."""

    number: int
    place: Place
    reason: str

    def row(self) -> EventRow:
        return self.line("starting", self.reason, device=self.place.device_id, slot=self.place.slot)


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
class Noted(Event):
    """Something a person should know; `number` None for the session as a whole."""

    number: int | None
    reason: str
    kind: str = "warning"

    def row(self) -> EventRow:
        return self.line(self.kind, self.reason)


@dataclass(frozen=True, slots=True)
class Judged(Event):
    number: int
    milestone: int
    step: int
    verdict: str  # go, hold or stop
    reason: str = ""

    def row(self) -> EventRow | None:
        if self.verdict == "go":
            return None
        return self.line("judged", self.reason, verdict=self.verdict, step=self.step)


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

    def row(self) -> EventRow:
        kind = "undone" if "prune" in self.reason else "resumed"
        return self.line(kind, self.reason, device=self.place.device_id, slot=self.place.slot)


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


@dataclass(frozen=True, slots=True)
class Settled(Event):
    """It has ended, and this is what became of it."""

    number: int
    outcome: Ended
    value: float | None
    detail: str = ""

    def row(self) -> EventRow:
        data: dict[str, Any] = {"state": self.outcome.state.value}
        if self.outcome.cause is not None:
            data["cause"] = self.outcome.cause.value
        if self.detail:
            data["detail"] = self.detail
        reason = self.outcome.reason
        if not reason and self.value is not None:
            reason = f"complete: {self.value:.6g}"
        return self.line("ended", reason, **data)


@dataclass(frozen=True, slots=True)
class NewBest(Event):
    number: int
    value: float
    was: float | None

    def row(self) -> EventRow:
        was = "" if self.was is None else f" (was {self.was:.6g})"
        return self.line("best", f"new best {self.value:.6g}{was}", value=self.value, was=self.was)


@dataclass(frozen=True, slots=True)
class Wished(Event):
    """A command was read; `Heeded` or `Refused` answers it."""

    command: CommandRow


@dataclass(frozen=True, slots=True)
class Heeded(Event):
    command: CommandRow
    reason: str

    def row(self) -> EventRow:
        return answer_line(self.at, "wished", self.command, self.reason)


@dataclass(frozen=True, slots=True)
class Refused(Event):
    command: CommandRow
    reason: str

    def row(self) -> EventRow:
        return answer_line(self.at, "refused", self.command, self.reason)


@dataclass(frozen=True, slots=True)
class SlotsSet(Event):
    slots: int
    places: tuple[Place, ...]

    def row(self) -> EventRow:
        return self.line("slots", f"{self.slots} trial{'s' if self.slots != 1 else ''} at once", slots=self.slots)


@dataclass(frozen=True, slots=True)
class BudgetSet(Event):
    n_trials: int | None

    def row(self) -> EventRow:
        return self.line("budget", f"{self.n_trials} trials in all", n_trials=self.n_trials)


@dataclass(frozen=True, slots=True)
class Enqueued(Event):
    params: Params
    x: tuple[float | None, ...]
    origin: str
    why: str
    retry_of: int | None = None


@dataclass(frozen=True, slots=True)
class HoldSet(Event):
    """The session as a whole was paused or resumed."""

    held: bool

    def row(self) -> EventRow:
        if self.held:
            return self.line("paused", "the session is paused: nothing new starts")
        return self.line("resumed", "the session goes on")


@dataclass(frozen=True, slots=True)
class ServerChanged(Event):
    state: str
    reason: str
    died: bool = False

    def row(self) -> EventRow | None:
        return self.line("server", self.reason) if self.reason else None


@dataclass(frozen=True, slots=True)
class DiskFilled(Event):
    reason: str

    def row(self) -> EventRow:
        return self.line("disk-full", self.reason)


@dataclass(frozen=True, slots=True)
class DiskFreed(Event):
    reason: str

    def row(self) -> EventRow:
        return self.line("disk-back", self.reason)


@dataclass(frozen=True, slots=True)
class StopAsked(Event):
    reason: str
    now: bool = False
    ok: bool = True
    final: bool = False

    def row(self) -> EventRow:
        return self.line("stopping", self.reason, now=self.now)


@dataclass(frozen=True, slots=True)
class Finished(Event):
    reason: str
    ok: bool
    final: bool  # nothing is left to do; False: it was stopped and can be resumed

    def row(self) -> EventRow:
        return self.line("finished", self.reason, ok=self.ok, final=self.final)


def answer_line(at: float, kind: str, command: CommandRow, reason: str) -> EventRow:
    return EventRow(at, kind, command.trial, reason, {"command": command.id, "by": command.by})
