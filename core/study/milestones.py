"""The steps at which a trial waits for its pruner's verdict."""

from __future__ import annotations

import msgspec


class Every(msgspec.Struct, frozen=True, tag="every"):
    """A milestone at step `first` and every `interval` steps after it."""

    first: int = 0
    interval: int = 1

    def __contains__(self, step: int) -> bool:
        return step >= self.first and (step - self.first) % self.interval == 0

    def reached(self, step: int, previous: int = -1) -> bool:
        """Whether a report at `step`, with the one before it at `previous`, is at a milestone or past one."""
        return step >= self.first and previous < step - (step - self.first) % self.interval


class Rungs(msgspec.Struct, frozen=True, tag="rungs"):
    steps: tuple[int, ...]

    def __contains__(self, step: int) -> bool:
        return step in self.steps

    def reached(self, step: int, previous: int = -1) -> bool:
        return any(previous < rung <= step for rung in self.steps)


Milestones = Every | Rungs
