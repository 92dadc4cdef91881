"""How a complete trial stands among those before it."""

from __future__ import annotations

from dataclasses import dataclass

from hptui.core.scheduler.events.base import Event
from hptui.core.store.rows import EventRow
from hptui.core.study.front import Front

_SAID = 6  # trials that a line names


@dataclass(frozen=True, slots=True)
class NewBest(Event):
    number: int
    value: float
    was: float | None

    def row(self) -> EventRow:
        was = "" if self.was is None else f" (was {self.was:.6g})"
        return self.line("best", f"new best {self.value:.6g}{was}", value=self.value, was=self.was)


@dataclass(frozen=True, slots=True)
class FrontJoined(Event):
    """Of several objectives: a complete trial that nobody beats. front: with it. beaten: those it is better than."""

    number: int
    front: Front
    beaten: tuple[int, ...] = ()

    def row(self) -> EventRow:
        size, left = len(self.front), ""
        if self.beaten:
            some = ", ".join(str(number) for number in self.beaten[:_SAID])
            more = "" if len(self.beaten) <= _SAID else f" and {len(self.beaten) - _SAID} more"
            left = f", where it beats trial{'s' if len(self.beaten) > 1 else ''} {some}{more}"
        reason = "begins the front" if size == 1 and not left else f"joined the front of {size}{left}"
        return self.line("front", reason, size=size, beaten=list(self.beaten))
