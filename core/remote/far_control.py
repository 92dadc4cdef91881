"""A trial's control page whose trial is on another machine: the scheduler's words are kept here and sent there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hptui.core.remote import words as w
from hptui.core.wire.control import Ask, Control, Verdict


class FarControl(Control):
    def __init__(self, path: Path, number: int, say: Callable[[w.ToBridge], None]) -> None:
        super().__init__(path)
        self._number, self._say = number, say

    def ask(self, ask: Ask) -> None:
        super().ask(ask)
        self._say(w.Wish(self._number, ask=int(ask)))

    def answer(self, milestone: int, verdict: Verdict) -> None:
        super().answer(milestone, verdict)
        self._say(w.Wish(self._number, milestone=milestone, verdict=int(verdict)))
