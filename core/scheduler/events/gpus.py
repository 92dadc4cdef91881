"""What can happen to GPUs, and to trials because of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hptui.core.scheduler.events.base import Event
from hptui.core.store.rows import EventRow
from hptui.core.study.commands import DRAINED


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one GPU. None: not to be had.

    mine: what each trial of this session has there, where processes can be told apart.
    elsewhere: the share that other sessions hold, in units. strangers: who else computes there, in words.
    """

    device_id: str
    used_bytes: int | None = None
    total_bytes: int | None = None
    reserved_bytes: int = 0
    mine: Mapping[int, int] | None = None
    elsewhere: int = 0
    strangers: str = ""
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Looked(Event):
    """All GPUs were looked at."""

    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Waits(Event):
    """Why a trial has no place. usual: for trials of its own session; the ledger need not hear of that."""

    number: int
    key: str
    reason: str
    usual: bool

    def row(self) -> EventRow | None:
        return None if self.usual else self.line("waiting", self.reason)


@dataclass(frozen=True, slots=True)
class ClaimSet(Event):
    """A trial is now known to need another share of its GPU than it holds."""

    number: int
    units: int
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuTold(Event):
    """Something about a GPU that a person should know. key: the same until it changes."""

    device_id: str
    kind: str  # lost, back, strangers, alone, slower
    key: str
    reason: str

    def row(self) -> EventRow:
        return self.line(f"gpu-{self.kind}", self.reason, device=self.device_id)


@dataclass(frozen=True, slots=True)
class GpuClosed(Event):
    """Nothing starts on a GPU any more: drained by the user, or set aside because trials die there at once."""

    device_id: str
    reason: str  # goes behind the GPU's name: "is drained by you"
    told: str = ""  # the ledger's line
    pause: bool = False  # trials that run there leave it

    def row(self) -> EventRow:
        drained = self.reason == DRAINED
        return self.line("gpu-closed", self.told or self.reason, device=self.device_id, drained=drained)


@dataclass(frozen=True, slots=True)
class GpuOpened(Event):
    """A GPU that was closed takes trials again. drained: the user had closed it."""

    device_id: str
    reason: str
    drained: bool = False

    def row(self) -> EventRow:
        return self.line("gpu-opened", self.reason, device=self.device_id, drained=self.drained)


__all__ = ["ClaimSet", "GpuClosed", "GpuOpened", "GpuTold", "Look", "Looked", "Waits"]
