"""Whether one more trial made a GPU slower as a whole, by the steps that its trials report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

WINDOW_S = 10.0  # a pace is measured over at least this long, with the same trials all along
FEWEST_STEPS = 20
WORSE = 0.95  # below this share of the pace before, the last trial was one too many
FORGET_S = 900.0  # then it is tried again: other trials may fit better


@dataclass(frozen=True, slots=True)
class Pace:
    since: float = 0.0
    steps: Mapping[int, int] = field(default_factory=dict)  # trial -> its step then
    before: float | None = None  # steps a second of the same trials but the newest
    most: int | None = None
    reason: str = ""
    until: float = 0.0

    def limit(self, now: float) -> tuple[int, str] | None:
        """No more trials at once than this, and why."""
        return (self.most, self.reason) if self.most is not None and now < self.until else None

    def seen(self, at: float, steps: Mapping[int, int | None]) -> Pace:
        """The pace after a look at the trials that run there and their last steps."""
        known = {number: step for number, step in steps.items() if step is not None}
        if known.keys() != self.steps.keys() or len(known) != len(steps):
            newcomers = known.keys() - self.steps.keys()
            grew = len(newcomers) == 1 and self.steps.keys() <= known.keys()
            before = self._rate(at, known) if grew else None
            if len(known) != len(steps):  # somebody has not reported yet: the pace before stands until then
                return self
            return replace(self, since=at, steps=known, before=before)
        rate = self._rate(at, known)
        if rate is None or self.before is None or not known:
            return self
        count, before = len(known), self.before
        if rate >= WORSE * before:
            return replace(self, before=None)
        said = f"{before:.3g} steps/s with {count - 1}, {rate:.3g} with {count}"
        return replace(self, before=None, most=count - 1, reason=said, until=at + FORGET_S)

    def _rate(self, at: float, steps: Mapping[int, int]) -> float | None:
        """Steps a second, all together, of the trials watched; None when they were not watched for long enough."""
        if at - self.since < WINDOW_S or not self.steps:
            return None
        done = sum(steps[number] - step for number, step in self.steps.items() if number in steps)
        return done / (at - self.since) if done >= FEWEST_STEPS else None
