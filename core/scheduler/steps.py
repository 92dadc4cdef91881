"""How long a trial's steps take, as its reports tell: the median, so that a slow start or a pause does not count."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from hptui.core.wire import spool as s

STEP_S = "step_s"
"""The attribute: the trial's median seconds per step."""

KEPT = 128  # durations that the median is taken of, the latest


@dataclass
class StepTimes:
    count: int = 0
    _durations: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _last: tuple[float, int] | None = None  # when and at which step the trial reported last; None: it waited since
    _told: int = 0

    def hear(self, lines: Sequence[s.AnyLine]) -> None:
        """Reports that follow each other. One that waits for a verdict, a pause and a new process begin anew."""
        for line in lines:
            match line:
                case s.Report(at=at, step=step, milestone=milestone):
                    if self._last is not None and step > self._last[1] and at >= self._last[0]:
                        self._durations.append((at - self._last[0]) / (step - self._last[1]))
                        self.count += 1
                    self._last = None if milestone else (at, step)
                case s.Parked() | s.Begin():
                    self._last = None
                case _:
                    pass

    def news(self, ended: bool) -> float | None:
        """The median, when it is worth telling: after 2, 4, 8, ... steps and at the end. None: nothing new."""
        if self.count == self._told or not self._durations:
            return None
        if not ended and self.count < max(2, 2 * self._told):
            return None
        self._told = self.count
        return float(f"{median(self._durations):.4g}")
