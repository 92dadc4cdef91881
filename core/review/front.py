"""Several objectives: which trials nobody beats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hptui.core.store.rows import TrialRow
from hptui.core.study.front import Losses, beats, losses_of
from hptui.core.study.study import OBJECTIVES, Goal


def front(trials: Iterable[TrialRow], goals: Sequence[Goal]) -> list[TrialRow]:
    """Complete trials that keep every constraint and that no other is as good as everywhere and better than somewhere.

    The best by the first objective first; equal ones are there together, by number.
    """
    able = (row for row in trials if row.state == "COMPLETE" and not row.broken)
    losses = [(loss, row) for row in able if (loss := losses_of(values_of(row, goals), goals)) is not None]
    kept: list[Losses] = []
    found = []
    for loss, row in sorted(losses, key=lambda each: (each[0], each[1].number)):
        if not any(beats(other, loss) for other in kept):  # whoever beats it came before
            kept.append(loss)
            found.append(row)
    return found


def corners(points: Sequence[tuple[float, float]], signs: tuple[float, float]) -> list[tuple[float, float]]:
    """The edge of what a front of two objectives dominates: its points joined by a step line, by ascending first value.

    points: the front, the user's sign. signs: loss = sign * value. Between two points the edge is at the worse of their
    values in both, as nothing better was seen there.
    """
    one, other = signs
    best_first = sorted(set(points), key=lambda point: (one * point[0], other * point[1]))
    line = best_first[:1]
    for before, after in pairwise(best_first):
        line += [(after[0], before[1]), after]
    return line if one > 0 else line[::-1]


def values_of(row: TrialRow, goals: Sequence[Goal]) -> tuple[float | None, ...]:
    """A trial's value of each objective, the user's sign; None where it is not known."""
    return (row.value, *(further(row, goal.metric) for goal in goals[1:]))


def further(row: TrialRow, metric: str) -> float | None:
    """A trial's value of an objective beyond the first, the user's sign; None where it is not known."""
    others: dict[str, float | None] = row.attrs.get(OBJECTIVES) or {}
    return others.get(metric)
