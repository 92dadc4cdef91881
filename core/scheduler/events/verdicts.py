"""What a pruner said of a trial, with the numbers it compared."""

from __future__ import annotations

from dataclasses import dataclass, field

from hptui.core.scheduler.events.base import Event
from hptui.core.store.rows import EventRow

Numbers = dict[str, float | int | None]
"""What a verdict compared: value, threshold, cohort, and at a rung: rung, rank, kept, bracket."""


@dataclass(frozen=True, slots=True)
class Judged(Event):
    number: int
    milestone: int
    step: int
    verdict: str  # go, hold, stop, or spared: pinned, whatever its pruner says
    reason: str = ""
    compared: Numbers = field(default_factory=dict)  # the numbers of the reason, the user's sign

    def row(self) -> EventRow | None:
        if self.verdict == "spared":
            return self.line("spared", self.reason, step=self.step) if self.reason else None
        if self.verdict == "go":
            return self.line("promoted", self.reason, step=self.step, **self.compared) if self.reason else None
        return self.line("judged", self.reason, verdict=self.verdict, step=self.step, **self.compared)


@dataclass(frozen=True, slots=True)
class StopTold(Event):
    """The trial is told that it is to stop, which was written down before: heirs come of it."""

    number: int
    milestone: int


@dataclass(frozen=True, slots=True)
class Promoted(Event):
    """Held, and to go on in a slot that is free. The ledger hears of it when it does (`Thawed`)."""

    number: int
    reason: str
    compared: Numbers = field(default_factory=dict)
