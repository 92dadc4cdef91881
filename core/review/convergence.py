"""How the search has come along: the best value known after each complete trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hptui.core.store.rows import BestPoint, TrialRow


@dataclass(frozen=True, slots=True)
class Convergence:
    points: tuple[BestPoint, ...]  # in finishing order

    @property
    def records(self) -> tuple[BestPoint, ...]:
        """The trials that were better than all before them."""
        befores = (None, *(point.best for point in self.points))
        return tuple(p for p, before in zip(self.points, befores, strict=False) if p.best != before)

    @property
    def trials_since_record(self) -> int | None:
        """How many complete trials have ended since the last record; None before the first one."""
        if not self.points:
            return None
        ended = [point.best for point in self.points]
        return len(ended) - 1 - ended.index(ended[-1])


def convergence(trials: Sequence[TrialRow], direction: str) -> Convergence:
    """`Reader.running_best` without a database. trials: in any order; complete and finite ones count."""
    better = max if direction == "maximize" else min
    ended = sorted((row.ended_at, row.number, row.value) for row in trials if _counts(row))
    points: list[BestPoint] = []
    for at, number, value in ended:
        assert at is not None and value is not None
        points.append(BestPoint(number, at, value, better(points[-1].best, value) if points else value))
    return Convergence(tuple(points))


def _counts(row: TrialRow) -> bool:
    finite = row.value is not None and row.value - row.value == 0.0
    return row.state == "COMPLETE" and row.ended_at is not None and finite and not row.broken
