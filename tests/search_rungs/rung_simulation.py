"""A session without processes or time: workers that take turns, one rung at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from hptui.core.search.protocol import Curve, Finisher, Go, Hold, Kind, Promoter, Pruner, Resume, Stop

Loss = Callable[[int, int], float]


@dataclass
class Simulated:
    """Every worker's next step takes the same time; trials start in order.

    budget: steps of all trials, after which all stops.
    """

    pruner: Pruner
    workers: int
    points: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    kinds: dict[int, Kind] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    running: list[int] = field(default_factory=list)
    order: list[tuple[int, int]] = field(default_factory=list)  # (trial, step) of every stretch that ended
    reasons: list[str] = field(default_factory=list)
    idle_before_the_last_start: int = 0
    places: dict[int, tuple[float | None, ...]] = field(default_factory=dict)  # trial -> its point
    arrival: dict[int, list[int]] = field(default_factory=dict)
    budget: int | None = None
    _curves: dict[int, tuple[tuple[int, Kind, bool], Curve]] = field(default_factory=dict)
    _reports: int = 0

    @property
    def steps(self) -> dict[int, int]:
        """Trial -> how far it came."""
        return {number: points[-1][0] for number, points in self.points.items() if points}

    def curve(self, number: int) -> Curve:
        """As it is now; the same object as long as nothing has happened to the trial."""
        kind = self.kinds.get(number, Kind.PENDING)
        now = (len(self.points[number]), kind, number in self.held)
        known = self._curves.get(number)
        if known is None or known[0] != now:
            known = self._curves[number] = (now, self._made(number, kind))
        return known[1]

    def _made(self, number: int, kind: Kind) -> Curve:
        steps, losses = zip(*self.points[number], strict=True) if self.points[number] else ((), ())
        arrival = np.array(self.arrival.get(number, []), np.int64)
        return Curve(
            number, np.array(steps, np.int64), np.array(losses, float), kind, number in self.held,
            self.places.get(number, ()), arrival,
        )  # fmt: skip

    def curves(self) -> list[Curve]:
        return [self.curve(number) for number, points in self.points.items() if points]

    def run(self, loss: Loss, trials: int, steps: int) -> Simulated:
        started = 0
        while True:
            idle = 0
            while len(self.running) < self.workers:
                closing = started == trials and not self.running
                answer = self._finisher(self.curves(), list(self.points))
                if answer is None and isinstance(self.pruner, Promoter):
                    answer = self.pruner.promote(self.curves(), closing)
                if answer is not None:
                    assert answer.number in self.held, f"{answer} is not held"
                    self.held.remove(answer.number)
                    self.running.append(answer.number)
                    self.reasons.append(answer.reason)
                elif started < trials:
                    self.running.append(started)
                    self.points[started] = []
                    started += 1
                    self.idle_before_the_last_start += idle
                else:
                    idle += 1
                    break
            if not self.running or self._reports == self.budget:
                return self
            self._train(self.running.pop(0), loss, steps)

    def _finisher(self, curves: list[Curve], asked: list[int]) -> Resume | None:
        if self.budget is None or not isinstance(self.pruner, Finisher):
            return None
        return self.pruner.finish(curves, dict.fromkeys(asked, (self.budget - self._reports) / self.workers))

    def _train(self, number: int, loss: Loss, steps: int) -> None:
        """Until it ends or is held; other workers' trials have their turns in between."""
        step = len(self.points[number]) + 1
        self.points[number].append((step, loss(number, step)))
        self._reports += 1
        self.arrival.setdefault(number, []).append(self._reports)
        if step == steps:
            self.kinds[number] = Kind.COMPLETE
            self.order.append((number, step))
            return
        milestones = self.pruner.milestones()
        if milestones is not None and milestones.reached(step, step - 1):
            others = [curve for curve in self.curves() if curve.number != number]
            verdict = self.pruner.judge(self.curve(number), others)
            if isinstance(verdict, Hold):
                last = self._finisher([*others, replace(self.curve(number), held=True)], [*self.running, number])
                verdict = verdict if last is None or last.number != number else Go(last.reason)
            if verdict is not None:
                self.reasons.append(verdict.reason)
            if isinstance(verdict, Stop):
                self.kinds[number] = Kind.PRUNED
            elif isinstance(verdict, Hold):
                self.held.add(number)
            if isinstance(verdict, Stop | Hold):
                self.order.append((number, step))
                return
        self.running.append(number)
