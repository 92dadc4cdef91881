"""What every sampler and pruner is: a frozen value whose answer depends on nothing but what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.verdicts import Compared, Go, Heir, Hold, Resume, Stop
from hptui.core.space.space import Params, Space
from hptui.core.study.milestones import Every, Milestones, Rungs

Array = NDArray[np.float64]
Tilt = Callable[[Array], Array]
"""Points (m, d) to (m,) logarithms of factors by which what they promise is to be multiplied."""


class Kind(IntEnum):
    """What is known of a point."""

    COMPLETE = 0  # y is its final loss
    PRUNED = 1  # y is its loss at `step`, where it was stopped
    INFEASIBLE = 2  # it can't be evaluated; y is NaN
    FAILED = 3  # it says nothing about the point; y is NaN
    PENDING = 4  # running, waiting or held; y is its latest loss, or NaN


@dataclass(frozen=True)
class History:
    """All trials so far, by number.

    x: (n, d) points in the unit cube, NaN where a parameter was inactive.
    y: (n,) losses, NaN where there is none.
    kind: (n,) of `Kind`. numbers: (n,) trial numbers. steps: (n,) last step reported, -1 for none.
    objectives: (n, k) losses where a study has k > 1 objectives, NaN where not known; else (0, 0). y is the first.
    constraints: name -> (n,) value, at most 0 where it holds, NaN where not known.
    tilt: what is believed of points besides; samplers with a model of the losses multiply it in.
    curves: what trials have reported step by step; () where nobody asked for it.
    """

    x: Array
    y: Array
    kind: NDArray[np.int64]
    numbers: NDArray[np.int64]
    steps: NDArray[np.int64]
    objectives: Array = field(default_factory=lambda: np.empty((0, 0)))
    constraints: Mapping[str, Array] = field(default_factory=dict)
    tilt: Tilt | None = None
    curves: tuple[Curve, ...] = ()

    @staticmethod
    def empty(dim: int) -> History:
        none = np.empty(0, np.int64)
        return History(np.empty((0, dim)), np.empty(0), none, none, none)

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def violated(self) -> NDArray[np.bool_]:
        """(n,) trials that broke a constraint."""
        broken = np.zeros(len(self.y), bool)
        for values in self.constraints.values():
            broken |= values > 0
        return broken


@dataclass(frozen=True)
class Outlook:
    """What a model expects of a point, in the losses' own units.

    hope: how far below the best loss it may well land; 0 when it is tried to learn more. chance: of a model of curves,
    that it ends below the best loss seen; None of any other.
    """

    loss: float
    doubt: float  # one standard deviation
    hope: float
    chance: float | None = None


@dataclass(frozen=True)
class Proposal:
    """A point of the cube, and why it was chosen: which part chose it, and what that expects.

    x: (d,), each in [0, 1]; inactive coordinates are ignored. why: one line.
    outlooks: one for each objective; () where nothing is expected.
    """

    x: Array
    why: str
    outlooks: tuple[Outlook, ...] = ()


@dataclass(frozen=True)
class Exhausted:
    """There is nothing left to propose: every point of a finite space was tried."""

    why: str


@runtime_checkable
class Sampler(Protocol):
    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        """The point for trial `number`. Same sampler, history and number: same proposal."""
        ...


@runtime_checkable
class Recommender(Sampler, Protocol):
    """A sampler that knows which trial is best when losses are noisy: the lowest one may have been lucky."""

    def recommend(self, history: History) -> int:
        """The number of the complete trial whose loss is expected to be lowest. ValueError when there is none."""
        ...


@dataclass(frozen=True)
class Curve:
    """What one trial has reported of its main metric, as losses.

    steps ascend; losses may be NaN or infinite.
    held: it waits frozen at a rung (and is `Kind.PENDING`), and goes on when its pruner says so.
    x: its point in the unit cube, None where a parameter is inactive; () where it is not known.
    arrival: (k,) places of the reports among all reports of the session; None where that is not known.
    step_s: what a step costs: the trial's median seconds; NaN where that is not known.
    """

    number: int
    steps: NDArray[np.int64]  # (k,)
    losses: Array  # (k,)
    kind: Kind = Kind.PENDING
    held: bool = False
    x: tuple[float | None, ...] = ()
    arrival: NDArray[np.int64] | None = None
    step_s: float = float("nan")

    @cached_property
    def last_step(self) -> int:
        return int(self.steps[-1]) if len(self.steps) else -1

    @property
    def last(self) -> float:
        return float(self.losses[-1]) if len(self.losses) else float("nan")

    @cached_property
    def _running_best(self) -> Array:
        # fmin: a NaN is never the best while a number is known
        return np.asarray(np.fmin.accumulate(self.losses))

    def best_up_to(self, step: int) -> float:
        """The lowest loss reported at or before `step`; NaN when there is none."""
        k = int(self.steps.searchsorted(step, side="right"))
        return float(self._running_best[k - 1]) if k else float("nan")

    @cached_property
    def _known_from(self) -> dict[int, float]:
        return {}

    def from_step(self, step: int) -> float:
        """The loss of the first report at or after `step`; NaN when there is none."""
        known = self._known_from.get(step)  # asked again for every rung whenever another trial is judged
        if known is None:
            k = int(self.steps.searchsorted(step))
            known = self._known_from[step] = float(self.losses[k]) if k < len(self.steps) else float("nan")
        return known

    def at(self, step: int) -> float:
        """The loss reported at exactly `step`; NaN when there is none."""
        k = int(self.steps.searchsorted(step))
        return float(self.losses[k]) if k < len(self.steps) and self.steps[k] == step else float("nan")


@runtime_checkable
class Pruner(Protocol):
    def milestones(self) -> Milestones | None:
        """The steps at which a trial waits for a verdict; None when this rule never judges."""
        ...

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
        """Go on (`Go`, or None without a word), hold or stop.

        others: every other trial's curve, running, held and ended; `kind` and `held` tell which.
        """
        ...


@runtime_checkable
class Promoter(Pruner, Protocol):
    """A pruner that holds trials, and has them continued."""

    def promote(self, curves: Sequence[Curve], closing: bool = False) -> Resume | None:
        """The held trial that a free slot goes to; None: a new trial is the better use of it.

        Asked whenever a slot is free, before a new trial is started. curves: every trial that has reported.
        closing: only held trials are left and no new one will come. After None they are all ended.
        """
        ...

    def without_holding(self, because: str = "") -> Pruner:
        """The nearest rule that stops trials instead, for where a frozen one is in the way (on a GPU).

        because: what its stops say after their numbers.
        """
        ...


@runtime_checkable
class Finisher(Promoter, Protocol):
    """A pruner that sees to it that a trial is complete when the budget ends."""

    def finish(self, curves: Sequence[Curve], room: Mapping[int, float]) -> Resume | None:
        """The held trial that has to go on now if it is to be complete in time; None: there is time, or no need.

        Asked before `promote`, and at every milestone that a trial would be held at; then only for trials that run
        and this one, so that what has begun to be finished is finished.
        room: how many steps each of these trials could still make before the budget ends.
        """
        ...


@runtime_checkable
class Ranker(Promoter, Protocol):
    """A pruner that knows which held trials to part with when memory is short."""

    def least_promising(self, curves: Sequence[Curve]) -> Sequence[int]:
        """The numbers of the held trials, the least promising first."""
        ...


@runtime_checkable
class Breeder(Pruner, Protocol):
    """A pruner that has other trials come in the place of those it stops."""

    def explore(self, space: Space, donor: Params, seed: int, place: tuple[int, int]) -> tuple[Params, str]:
        """The parameters of an heir of a trial with the parameters `donor`, and what is different, in words.

        place: the trial that it replaces, and the step. The same arguments: the same heir.
        """
        ...


__all__ = [
    "Array",
    "Breeder",
    "Compared",
    "Curve",
    "Every",
    "Exhausted",
    "Finisher",
    "Go",
    "Heir",
    "History",
    "Hold",
    "Kind",
    "Milestones",
    "Outlook",
    "Promoter",
    "Proposal",
    "Pruner",
    "Ranker",
    "Recommender",
    "Resume",
    "Rungs",
    "Sampler",
    "Stop",
    "Tilt",
]
