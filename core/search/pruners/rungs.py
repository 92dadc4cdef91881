"""Rungs: steps at which trials are ranked. What successive halving, ASHA, Hyperband and PASHA share.

A trial's loss at a rung is what it reported there, or at its first report past it. NaN ranks with infinity, last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from hptui.core.search.crowd import Crowd, Entrant
from hptui.core.search.protocol import Compared, Curve, Go, Hold, Kind, Resume, Stop
from hptui.core.search.pruners.wording import number as told
from hptui.core.search.pruners.wording import two_numbers

FAR = 10**9  # rungs go up to here when nobody says how far a trial can go


def geometric(first: int, factor: int, max_steps: int | None) -> tuple[int, ...]:
    """first, first * factor, ... below the end: no trial is judged at its last step, be it counted from 0 or from 1."""
    rungs, rung = [], first
    while rung < (FAR if max_steps is None else max_steps - 1):
        rungs.append(rung)
        rung *= factor
    return tuple(rungs)


def newly_reached(rungs: Sequence[int], curve: Curve) -> int | None:
    """The highest rung that the curve's last report reached; None when it reached none that the one before had not."""
    previous = int(curve.steps[-2]) if len(curve.steps) > 1 else -1
    return max((rung for rung in rungs if previous < rung <= curve.last_step), default=None)


@dataclass(frozen=True)
class Ranking:
    """Those that have reached a rung, best first."""

    rung: int
    entrants: tuple[Entrant, ...]

    @staticmethod
    def of(rung: int, curves: Iterable[Curve], above: float = math.inf) -> Ranking:
        """above: the next rung up; a trial held there is not held at this one."""
        return Ranking(rung, tuple(Crowd.of(curves).reached(rung, above)))

    def __len__(self) -> int:
        return len(self.entrants)

    def rank(self, number: int) -> int:
        """1 for the best."""
        return self._numbers.index(number) + 1

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        return tuple(map(itemgetter(1), self.entrants))

    def first_held(self, kept: int) -> Entrant | None:
        """The best of the first `kept` that still waits here."""
        return next((entrant for entrant in self.entrants[:kept] if entrant.held), None)

    def said(self, number: int, kept: int, sign: float) -> str:
        """`rung 9: rank 9 of 21 with 0.52, kept are 7 (the last with 0.41)`."""
        rank = self.rank(number)
        loss = self.entrants[rank - 1].loss
        value, last = two_numbers(loss, self.entrants[kept - 1].loss if kept else loss, sign)
        kept_said = f"kept {'is' if kept == 1 else 'are'} {kept}{f' (the last with {last})' if kept else ''}"
        return f"rung {self.rung}: rank {rank} of {len(self)} with {value}, {kept_said}"

    def compared(self, number: int, kept: int, bracket: int | None = None) -> Compared:
        """The numbers of `said`."""
        rank = self.rank(number)
        threshold = self.entrants[kept - 1].loss if kept else None
        return Compared(self.entrants[rank - 1].loss, threshold, len(self), self.rung, rank, kept, bracket)


def hopeless(rung: int, curve: Curve, sign: float) -> Stop | None:
    """Without a finite loss at its rung it could never be promoted."""
    loss = curve.from_step(rung)
    if math.isnan(loss):
        return Stop(f"rung {rung}: the value is not a number")
    return Stop(f"rung {rung}: the value is {told(loss, sign)}") if loss == math.inf else None


def verdict(curve: Curve, answer: Resume | None, waits: str, compared: Compared) -> Go | Hold:
    """A trial that its pruner would promote at once is not frozen first."""
    if answer is not None and answer.number == curve.number:
        return Go(answer.reason, answer.compared)
    return Hold(waits, compared)


def last_resort(rungs: Sequence[int], curves: Sequence[Curve], sign: float) -> Resume | None:
    """The best trial held at the highest rung, when no trial is complete: a study is to end with a result."""
    if any(curve.kind == Kind.COMPLETE for curve in curves):
        return None
    for rung in reversed(rungs):
        ranking = Ranking.of(rung, (curve for curve in curves if curve.held))
        if ranking.entrants:
            best = ranking.entrants[0]
            value = told(best.loss, sign)
            said = f"rung {rung}: no trial is complete, and its {value} is the best of those held"
            return Resume(best.number, said, ranking.compared(best.number, 1))
    return None
