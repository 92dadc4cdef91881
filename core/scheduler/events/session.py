"""What can happen to the session as a whole, the user's wishes among it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hptui.core.devices.held import Room
from hptui.core.devices.inventory import Device, Place
from hptui.core.scheduler.events.base import Event
from hptui.core.store.rows import CommandRow, EventRow, TrialRow
from hptui.core.study.commands import BUDGET
from hptui.core.study.durations import format_duration


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
class PrunerAsked(Event):
    """Whether a held trial should go on; `Promoted` is the answer, or nothing."""

    closing: bool  # nothing but held trials is left


@dataclass(frozen=True, slots=True)
class OutOfPoints(Event):
    reason: str

    def row(self) -> EventRow:
        return self.line("exhausted", self.reason)


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """Something a person should know; `number` None for the session as a whole."""

    number: int | None
    reason: str
    kind: str = "warning"

    def row(self) -> EventRow:
        return self.line(self.kind, self.reason)


@dataclass(frozen=True, slots=True)
class Advised(Event):
    """A red flag, or a good sign, that was not told before. known: all rules told of by now."""

    rule: str
    about: str
    says: str
    do: str
    known: tuple[str, ...]

    def row(self) -> EventRow:
        text = f"{self.says}; {self.do}" if self.do else self.says
        return self.line("advice", text, rule=self.rule, about=self.about, do=self.do)


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
class PlacesSet(Event):
    """Slots came, or went, by themselves; lines of their own tell of nodes. devices: what the places lie on."""

    slots: int
    places: tuple[Place, ...]
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class BudgetSet(Event):
    key: str  # of study.commands.BUDGET
    value: float | None
    was: float | None

    def row(self) -> EventRow:
        said = f"{BUDGET[self.key]}: {limit(self.key, self.was)} → {limit(self.key, self.value)}"
        return self.line("budget", said, key=self.key, value=self.value, was=self.was)


@dataclass(frozen=True, slots=True)
class PrunerSet(Event):
    """The rule that judges trials from now on."""

    name: str
    options: dict[str, Any]
    reason: str
    judges: bool
    ladder: bool

    def row(self) -> EventRow:
        return self.line("pruner", self.reason, name=self.name, options=self.options)


@dataclass(frozen=True, slots=True)
class RemarksSet(Event):
    """The session's own note and tags."""

    remarks: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EndedRemarked(Event):
    """The note and tags of a trial that has ended: its whole row, as it is to be written."""

    written: TrialRow


@dataclass(frozen=True, slots=True)
class HoldSet(Event):
    """The session as a whole was paused or resumed; a stop that has a way back is taken back with it."""

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
        return self.line("server", self.reason, state=self.state) if self.reason else None


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
class MemoryRead(Event):
    """A look at the machine's memory, while trials are held in it."""

    room: Room


@dataclass(frozen=True, slots=True)
class DeathsForgotten(Event):
    """The device was set aside for them, and begins anew when it is brought back."""

    device_id: str


@dataclass(frozen=True, slots=True)
class RoomAsked(Event):
    """Held trials are to give memory back; `Unwanted` says which."""


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


def limit(key: str, value: float | None) -> str:
    """A limit of the budget, in words."""
    if value is None:
        return "no limit"
    return format_duration(value) if key.endswith("_s") else f"{value:.0f}"


def answer_line(at: float, kind: str, command: CommandRow, reason: str) -> EventRow:
    return EventRow(at, kind, command.trial, reason, {"command": command.id, "by": command.by})
