"""All other curves, as rules that rank ask of them: those that have ended are sorted once, not for every verdict."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple, overload

from hptui.core.search.protocol import Curve, Kind


class Entrant(NamedTuple):  # a tuple: thousands of them are sorted
    """A trial at a rung; the better one is the lower one, and of equal ones the earlier trial."""

    loss: float
    number: int
    held: bool  # frozen at this very rung


class Ended:
    """Curves that get no more points. What is asked of a step is answered for all of them once, and kept up to date."""

    def __init__(self) -> None:
        self._curves: dict[int, Curve] = {}
        self.complete = 0
        self._losses: dict[int, tuple[list[float], int]] = {}
        self._ranked: dict[int, list[tuple[float, int]]] = {}
        self._reached: dict[int, tuple[list[Entrant], set[int]]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._curves

    def add(self, curve: Curve) -> None:
        """It has ended just now."""
        self._curves[curve.number] = curve
        self.complete += curve.kind == Kind.COMPLETE
        for step, (ranked, count) in self._losses.items():
            if _reported(curve, step):
                self._losses[step] = ranked, count + 1
                if not math.isnan(loss := curve.at(step)):
                    insort(ranked, loss)
        for step, places in self._ranked.items():
            for place in _place(curve, step):
                insort(places, place)
        for rung, (entrants, unknown) in self._reached.items():
            if curve.last_step >= rung:
                insort(entrants, _entrant(curve, rung))
                if math.isnan(curve.from_step(rung)):
                    unknown.add(curve.number)

    def losses_at(self, step: int) -> tuple[list[float], int]:
        """What complete ones reported at exactly `step`: the numbers, ascending; how many reports, NaN included."""
        if step not in self._losses:
            losses = [curve.at(step) for curve in self._curves.values() if _reported(curve, step)]
            self._losses[step] = sorted(loss for loss in losses if not math.isnan(loss)), len(losses)
        return self._losses[step]

    def ranked_at(self, step: int) -> list[tuple[float, int]]:
        """(loss, trial) of complete ones that reported a number at exactly `step`, ascending."""
        if step not in self._ranked:
            self._ranked[step] = sorted(place for curve in self._curves.values() for place in _place(curve, step))
        return self._ranked[step]

    def reached(self, rung: int) -> tuple[list[Entrant], set[int]]:
        """Those that have come to a rung, best first; which of them have a NaN there."""
        if rung not in self._reached:
            there = [curve for curve in self._curves.values() if curve.last_step >= rung]
            unknown = {curve.number for curve in there if math.isnan(curve.from_step(rung))}
            self._reached[rung] = sorted(_entrant(curve, rung) for curve in there), unknown
        return self._reached[rung]


class Crowd(Sequence[Curve]):
    """Every curve, in the order in which they came; ended and live ones apart for who knows to ask.

    Good until the next report.
    """

    def __init__(
        self, ended: Ended, live: Callable[[], Sequence[Curve]], everyone: Callable[[], Iterable[Curve]]
    ) -> None:
        self.ended, self._live, self._everyone = ended, live, everyone

    @cached_property
    def live(self) -> Sequence[Curve]:
        return self._live()

    @staticmethod
    def of(curves: Iterable[Curve]) -> Crowd:
        """Of any curves; one that is a crowd already as it is."""
        if isinstance(curves, Crowd):
            return curves
        everyone, ended = list(curves), Ended()
        for curve in everyone:
            if curve.kind != Kind.PENDING:
                ended.add(curve)
        return Crowd(ended, lambda: [curve for curve in everyone if curve.kind == Kind.PENDING], lambda: everyone)

    def beside(self, curve: Curve) -> Crowd:
        """With one more, which has not ended."""
        return Crowd(self.ended, lambda: [*self.live, curve], lambda: chain(self, (curve,)))

    def reached(self, rung: int, above: float = math.inf) -> list[Entrant]:
        """Those that have come to a rung, best first. above: the next rung up; one held there is not held here."""
        ended, _ = self.ended.reached(rung)
        there = [curve for curve in self.live if curve.last_step >= rung]
        live = sorted(_entrant(curve, rung, curve.held and curve.last_step < above) for curve in there)
        return sorted([*ended, *live])  # two runs, merged

    def unknown(self, rung: int) -> set[int]:
        """Those that have a NaN there."""
        live = {one.number for one in self.live if one.last_step >= rung and math.isnan(one.from_step(rung))}
        return live | self.ended.reached(rung)[1]

    def __iter__(self) -> Iterator[Curve]:
        return iter(self._everyone())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> Curve: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Curve]: ...
    def __getitem__(self, index: int | slice) -> Curve | Sequence[Curve]:
        return list(self)[index]


def _reported(curve: Curve, step: int) -> bool:
    """It is complete, and has a report at exactly `step`."""
    k = int(curve.steps.searchsorted(step))
    return curve.kind == Kind.COMPLETE and k < len(curve.steps) and bool(curve.steps[k] == step)


def _place(curve: Curve, step: int) -> list[tuple[float, int]]:
    known = _reported(curve, step) and not math.isnan(curve.at(step))
    return [(curve.at(step), curve.number)] if known else []


def _entrant(curve: Curve, rung: int, held: bool = False) -> Entrant:
    loss = curve.from_step(rung)
    return Entrant(math.inf if math.isnan(loss) else loss, curve.number, held)
