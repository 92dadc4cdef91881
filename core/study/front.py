"""Several objectives at once: which trials nobody beats. Losses, the lower the better. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hptui.core.study.study import Goal

Losses = tuple[float, ...]
Front = tuple[tuple[Losses, int], ...]
"""The losses and numbers of trials of which none beats another one."""


def losses_of(values: Sequence[float | None], goals: Sequence[Goal]) -> Losses | None:
    """A trial's value of each objective, the user's sign, as losses; None unless all are known and finite."""
    found = [goal.sign * value for goal, value in zip(goals, values, strict=True) if value is not None]
    return tuple(found) if len(found) == len(goals) and all(map(math.isfinite, found)) else None


def beats(one: Losses, other: Losses) -> bool:
    """Nowhere worse, and better somewhere."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def joined(front: Front, losses: Losses, number: int) -> tuple[Front, tuple[int, ...]] | None:
    """The front with one more trial, and the trials that it beats, by number; None for one that is beaten itself."""
    if any(beats(known, losses) for known, _ in front):
        return None
    stay = tuple(each for each in front if not beats(losses, each[0]))
    beaten = {each for _, each in front} - {each for _, each in stay}
    return (*stay, (losses, number)), tuple(sorted(beaten))
