"""Hyperband: brackets of successive halving, from many short trials to few full ones, filled as slots come free."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hptui.core.search.protocol import Compared, Curve, Go, Hold, Kind, Resume, Rungs, Stop
from hptui.core.search.pruners.halving import stop_or_go
from hptui.core.search.pruners.rungs import Ranking, hopeless, last_resort, newly_reached, verdict


@dataclass(frozen=True)
class Bracket:
    """Trials first .. first + counts[0] - 1; counts[i] of them reach rungs[i], the last counts the full length.

    rungs: steps, ascending; the full length is no rung, so there is one fewer than counts.
    """

    first: int
    rungs: tuple[int, ...]
    counts: tuple[int, ...]
    ordinal: int = 1  # from 1, in the order in which they are filled

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.counts[0])


@dataclass(frozen=True)
class Ladder:
    """The brackets of one round of Hyperband, as the paper's table has them; rounds follow each other.

    full: R, the steps of a full training. lowest: no rung below it. factor: eta.

    Source: Li et al. 2018, "Hyperband", algorithm 1 and table 1.
    """

    full: int
    lowest: int
    factor: int

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """R / eta^s .. R / eta, R: the rungs and the full length, ascending."""
        steps, divisor = [self.full], self.factor
        while self.full >= self.lowest * divisor:
            steps.append(round(self.full / divisor))
            divisor *= self.factor
        return tuple(reversed(steps))

    @cached_property
    def round(self) -> tuple[Bracket, ...]:
        brackets: list[Bracket] = []
        first, s_max = 0, len(self.steps) - 1
        for s in range(s_max, -1, -1):
            n = -(-(s_max + 1) * self.factor**s // (s + 1))  # ceil((s_max + 1) / (s + 1) * eta^s)
            counts = tuple(n // self.factor**i for i in range(s + 1))
            brackets.append(Bracket(first, self.steps[s_max - s : -1], counts, len(brackets) + 1))
            first += n
        return tuple(brackets)

    def bracket(self, number: int) -> Bracket:
        """The bracket that trial `number` belongs to."""
        size = self.round[-1].numbers.stop
        rounds, place = divmod(number, size)
        found = next(bracket for bracket in self.round if place in bracket.numbers)
        return replace(found, first=found.first + rounds * size, ordinal=found.ordinal + rounds * len(self.round))


@dataclass(frozen=True)
class Hyperband:
    """A bracket's rung is decided when all who are to come there have come: then its best go on, the others stay.

    While a bracket waits, the next one is begun, so no slot is idle. The trial's number tells its bracket.
    max_steps: R. min_resource: no rung below this step.
    """

    min_resource: int = 1
    reduction_factor: int = 3
    max_steps: int = 0
    sign: float = 1.0
    holds: bool = True
    instead: str = ""  # said with every stop where it does not hold

    @cached_property
    def ladder(self) -> Ladder:
        return Ladder(self.max_steps, self.min_resource, self.reduction_factor)

    def milestones(self) -> Rungs:
        return Rungs(self.ladder.steps[:-1])

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
        bracket = self.ladder.bracket(curve.number)
        rung = newly_reached(bracket.rungs, curve)
        if rung is None:
            return None
        if stop := hopeless(rung, curve, self.sign):
            return stop
        fellows = [other for other in others if other.number in bracket.numbers]
        if not self.holds:
            return stop_or_go(rung, curve, fellows, self.reduction_factor, self.sign, self.instead)
        crowd = (*fellows, replace(curve, held=True))
        i = bracket.rungs.index(rung)
        ranking, wanted = Ranking.of(rung, crowd), bracket.counts[i]
        kept = min(bracket.counts[i + 1], len(ranking))
        waits, compared = ranking.said(curve.number, kept, self.sign), self._compared(ranking, curve.number, kept)
        if len(ranking) < wanted:
            waits = f"rung {rung}: {len(ranking)} of {wanted} trials of its bracket are here, {_best(bracket, i)} go on"
            compared = replace(compared, kept=bracket.counts[i + 1], threshold=None)  # not known before all are here
        return verdict(curve, self._promotable(bracket, crowd, False), waits, compared)

    def promote(self, curves: Sequence[Curve], closing: bool = False) -> Resume | None:
        firsts = {self.ladder.bracket(curve.number).first for curve in curves if curve.held}
        for first in sorted(firsts):
            bracket = self.ladder.bracket(first)
            crowd = [curve for curve in curves if curve.number in bracket.numbers]
            if answer := self._promotable(bracket, crowd, closing):
                return answer
        return last_resort(self.milestones().steps, curves, self.sign) if closing else None

    def _promotable(self, bracket: Bracket, crowd: Sequence[Curve], closing: bool) -> Resume | None:
        """From the lowest rung up, as long as all who are to come to a rung have come, or have ended before."""
        expected: Collection[int] = bracket.numbers  # as many as a bracket may be large: never made a set of
        known = {curve.number: curve for curve in crowd}
        for i, rung in enumerate(bracket.rungs):
            if not closing and not all(n in known and _is_through(known[n], rung) for n in expected):
                return None
            above = bracket.rungs[i + 1] if i + 1 < len(bracket.rungs) else float("inf")
            ranking = Ranking.of(rung, crowd, above)
            kept = min(bracket.counts[i + 1], len(ranking))
            if closing and len(ranking) < bracket.counts[i]:  # nobody comes any more: the same share of those here
                kept = len(ranking) * bracket.counts[i + 1] // bracket.counts[i]
            if one := ranking.first_held(kept):
                said = ranking.said(one.number, kept, self.sign)
                return Resume(one.number, said, self._compared(ranking, one.number, kept))
            expected = {entrant.number for entrant in ranking.entrants[:kept]}
        return None

    def _compared(self, ranking: Ranking, number: int, kept: int) -> Compared:
        return ranking.compared(number, kept, self.ladder.bracket(number).ordinal)

    def without_holding(self, because: str = "") -> Hyperband:
        return replace(self, holds=False, instead=because)


def _is_through(curve: Curve, rung: int) -> bool:
    return curve.last_step >= rung or curve.kind != Kind.PENDING


def _best(bracket: Bracket, i: int) -> str:
    count = bracket.counts[i + 1]
    return f"then the best {count}" if count > 1 else "then the best one"
