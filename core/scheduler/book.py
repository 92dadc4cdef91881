"""The curves of all trials as losses, for the pruner. Arrays are made only when somebody judges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from hptui.core.search.crowd import Crowd, Ended
from hptui.core.search.protocol import Curve, Kind


@dataclass
class _Page:
    kind: Kind = Kind.PENDING
    points: dict[int, float] = field(default_factory=dict)  # step -> loss; a step reported again counts as last said
    arrival: dict[int, int] = field(default_factory=dict)  # step -> its place among all reports
    x: tuple[float | None, ...] = ()
    curve: Curve | None = None
    held: bool = False
    step_s: float = float("nan")


class Book:
    def __init__(self) -> None:
        self._written = 0
        self._pages: dict[int, _Page] = {}
        self._open: dict[int, _Page] = {}  # those whose trials have not ended
        self._ended = Ended()
        self._held: frozenset[int] = frozenset()

    def write(self, number: int, points: Iterable[tuple[int, float]]) -> None:
        page = self._page(number)
        for step, loss in points:
            page.points[step] = loss
            page.arrival[step] = self._written
            self._written += 1
        page.curve = None

    def place(self, number: int, x: tuple[float | None, ...]) -> None:
        """Where the trial's point is in the unit cube."""
        page = self._page(number)
        if page.x != x:
            page.x = x
            page.curve = replace(page.curve, x=x) if page.curve else None

    def time(self, number: int, step_s: float) -> None:
        """How long the trial's steps take."""
        page = self._page(number)
        page.step_s = step_s
        page.curve = replace(page.curve, step_s=step_s) if page.curve else None

    def close(self, number: int, kind: Kind) -> None:
        """No more points will come: keep the arrays alone."""
        page = self._page(number)
        page.kind = kind
        page.curve = replace(self._curve(number, page), kind=kind)
        page.points, page.arrival = {}, {}
        self._open.pop(number, None)
        self._ended.add(page.curve)

    def set_held(self, numbers: frozenset[int]) -> None:
        """Just these wait at their rungs."""
        for number in numbers ^ self._held:
            page = self._page(number)
            page.held = number in numbers
            page.curve = replace(page.curve, held=page.held) if page.curve else None
        self._held = numbers

    def curves(self) -> Crowd:
        return self._but(None)

    def curve(self, number: int) -> Curve:
        return self._curve(number, self._page(number))

    def others(self, number: int) -> Crowd:
        return self._but(number)

    def _but(self, number: int | None) -> Crowd:
        def of(pages: dict[int, _Page]) -> list[Curve]:
            return [self._curve(other, page) for other, page in pages.items() if other != number]

        return Crowd(self._ended, lambda: of(self._open), lambda: of(self._pages))

    def _page(self, number: int) -> _Page:
        if number not in self._pages:
            self._pages[number] = self._open[number] = _Page()
        return self._pages[number]

    def _curve(self, number: int, page: _Page) -> Curve:
        if page.curve is None:
            steps = np.fromiter(page.points.keys(), np.int64, len(page.points))
            losses = np.fromiter(page.points.values(), np.float64, len(page.points))
            arrival = np.fromiter(page.arrival.values(), np.int64, len(page.arrival))
            order = np.argsort(steps, kind="stable")
            page.curve = Curve(
                number, steps[order], losses[order], page.kind, page.held, page.x, arrival[order], page.step_s
            )
        return page.curve
