"""What a pruner answers, with the numbers it compared. Read them from `protocol`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Compared:
    """The numbers that a verdict compared, for the ledger. value, threshold: losses.

    value: the trial's own. threshold: what it had to be as good as; None while nobody is kept.
    cohort: with how many trials it was compared, itself among them at a rung. rank: 1 for the best of a rung, where
    `kept` go on. bracket: Hyperband's, from 1 in the order in which they are filled. chance: to end below `threshold`,
    where `value` is the loss that the trial is predicted to end with, and `rank` its place by it.
    """

    value: float
    threshold: float | None
    cohort: int
    rung: int | None = None
    rank: int | None = None
    kept: int | None = None
    bracket: int | None = None
    chance: float | None = None

    def told(self, sign: float) -> dict[str, float | int | None]:
        """By name, in the user's sign; what does not apply is left out."""
        asked_for = None if self.threshold is None else sign * self.threshold + 0.0  # + 0.0: no -0
        numbers = {"value": sign * self.value + 0.0, "threshold": asked_for, "cohort": self.cohort}
        more = {name: getattr(self, name) for name in ("rung", "rank", "kept", "bracket", "chance")}
        return numbers | {name: number for name, number in more.items() if number is not None}


# Two verdicts are the same when they say the same: `compared` repeats the numbers of the reason.


@dataclass(frozen=True)
class Go:
    """The trial has earned its next steps: goes on, and the ledger says why. None goes on without a word."""

    reason: str
    compared: Compared | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Hold:
    """Freeze the trial here; it may be continued later."""

    reason: str
    compared: Compared | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Heir:
    """A new trial is to begin with the checkpoint of trial `donor`, which runs; `Breeder.explore` gives its point."""

    donor: int


@dataclass(frozen=True)
class Stop:
    """The trial is not worth its GPU any more. heir: who comes in its place, if anybody."""

    reason: str
    compared: Compared | None = field(default=None, compare=False)
    heir: Heir | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Resume:
    """Trial `number`, which is held, goes on now."""

    number: int
    reason: str
    compared: Compared | None = field(default=None, compare=False)
