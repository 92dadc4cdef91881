"""Builds a `History` from observations that come one by one, in any order."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from hptui.core.search.protocol import Array, Curve, History, Kind

_FIRST_ROWS = 64


class Observation(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one trial now; a later observation of the same trial replaces it."""

    number: int
    x: tuple[float | None, ...]  # the point in the unit cube; None where a parameter is inactive
    y: float | None = None  # loss; None where there is none
    kind: Kind = Kind.PENDING
    step: int = -1  # last step reported, -1 for none
    objectives: tuple[float | None, ...] = ()  # losses, y the first; () where the study has one objective
    constraints: dict[str, float] = {}  # at most 0 where it holds
    curve: tuple[tuple[int, float, int], ...] = ()  # (step, loss, arrival), as `Curve` has them; () if nobody asks


class PastTrials(msgspec.Struct, frozen=True):
    """What another session has found: parameters in its own numbers, and a finite loss each."""

    name: str
    params: list[dict[str, Any]]
    losses: list[float]


def _curve(seen: Observation) -> Curve:
    steps, losses, arrival = zip(*seen.curve, strict=True)
    return Curve(
        seen.number, np.array(steps), np.array(losses, float), seen.kind, x=seen.x, arrival=np.array(arrival)
    )  # fmt: skip


def _says_more(one: Observation, than: Observation) -> bool:
    """It has objectives or constraints that the other one lacks."""
    return len(one.objectives) > len(than.objectives) or not one.constraints.keys() <= than.constraints.keys()


class Observations:
    """All trials seen so far, each by its last observation, whatever order they came in."""

    def __init__(self, dim: int) -> None:
        self._known: dict[int, Observation] = {}
        self._rows: dict[int, int] = {}  # trial number -> row
        self._made: History | None = None
        self._width = 0  # objectives, where somebody has told of several
        self._limited: dict[str, None] = {}  # the names of all constraints
        self._curves: dict[int, Curve] = {}
        self._allocate(dim, _FIRST_ROWS)

    def __len__(self) -> int:
        return len(self._known)

    def add(self, observation: Observation) -> None:
        """Take a new trial, or what is new about a known one. Coordinates that its point lacks are NaN."""
        number = observation.number
        before = self._known.get(number)
        self._known[number] = observation
        self._made = None
        if before is not None and _says_more(before, observation):
            self._width, self._limited = 0, {}
            for seen in self._known.values():
                self._note_names(seen)
        self._note_names(observation)
        self._curves.pop(number, None)
        if observation.curve:
            self._curves[number] = _curve(observation)
        row = self._rows.setdefault(number, len(self._rows))
        if row == len(self._y):
            self._allocate(self._x.shape[1], 2 * row)
        else:
            self._write(row, observation)

    def _note_names(self, seen: Observation) -> None:
        self._width = max(self._width, len(seen.objectives))
        self._limited |= dict.fromkeys(seen.constraints)

    def widen(self, dim: int) -> None:
        """The space has `dim` coordinates now; the earlier ones kept their places."""
        if dim != self._x.shape[1]:
            self._made = None
            self._allocate(dim, len(self._y))

    def history(self) -> History:
        """All of it as arrays that can't be written to, rows by ascending trial number."""
        if self._made is None:
            n = len(self._rows)
            order = np.argsort(self._numbers[:n], kind="stable")
            x, y = self._x[:n][order], self._y[:n][order]
            kind, numbers, steps = self._kind[:n][order], self._numbers[:n][order], self._steps[:n][order]
            objectives, constraints = self._objectives(numbers), self._constraints(numbers)
            curves = tuple(self._curves[n] for n in sorted(self._curves))
            self._made = History(x, y, kind, numbers, steps, objectives, constraints, curves=curves)
            for column in (x, y, kind, numbers, steps, objectives, *constraints.values()):
                column.flags.writeable = False
        return self._made

    def _objectives(self, numbers: NDArray[np.int64]) -> Array:
        if not self._width:
            return np.empty((0, 0))
        rows = [[math.nan if loss is None else loss for loss in self._known[n].objectives] for n in numbers.tolist()]
        return np.array([row or [math.nan] * self._width for row in rows])

    def _constraints(self, numbers: NDArray[np.int64]) -> dict[str, Array]:
        names = sorted(self._limited)
        trials = [self._known[n] for n in numbers.tolist()] if names else []
        return {name: np.array([seen.constraints.get(name, math.nan) for seen in trials]) for name in names}

    def _allocate(self, dim: int, rows: int) -> None:
        self._x = np.full((rows, dim), math.nan)
        self._y = np.full(rows, math.nan)
        self._kind, self._numbers, self._steps = (np.zeros(rows, np.int64) for _ in range(3))
        for number, row in self._rows.items():
            self._write(row, self._known[number])

    def _write(self, row: int, seen: Observation) -> None:
        x = seen.x[: self._x.shape[1]]
        self._x[row] = math.nan
        self._x[row, : len(x)] = [math.nan if u is None else u for u in x]
        self._y[row] = math.nan if seen.y is None else seen.y
        self._kind[row], self._numbers[row], self._steps[row] = seen.kind, seen.number, seen.step
