"""The default: a model of all curves says which trial to train on next, or to start a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from hptui.core.search.protocol import Array, Curve, Go, Hold, Kind, Milestones, Resume, Rungs, Stop
from hptui.core.search.pruners.halving import SuccessiveHalving
from hptui.core.search.pruners.wording import number as told
from hptui.core.search.pruners.wording import percent
from hptui.core.space.space import Space

if TYPE_CHECKING:
    from hptui.core.search.pruners.thaw_mind import Mind, Thought

DENSE, SPARSE = 0.15, 30  # milestones are 15 % apart, but at most a 30th of the whole
SURE = 0.01  # a chance below this is none
SEARCHING, FEW_STEPS = 0.5, 3.0  # this part of the share goes to the search, or so many steps a trial
FIRST_END = 5  # when so many full trainings' steps are spent, a first trial goes to its end
CLOSING_FULL, CLOSING_STEPS = 3, 2  # full trainings, and steps for every trial, that a session has at least
LIKELY = 0.6  # such a chance to become the best is worth more than its share to a small session, and less of one near
AS_OF, NO_MORE = 80, 0.5  # its end: as if it had so many trials, but never more than this part of all full trainings
HALVING = 15  # where trials can't be held, the first halving is at this part of a full training


@dataclass(frozen=True)
class Thaw:
    """Freeze-thaw: hold every trial at every milestone; train on what the model of all curves hopes for most.

    Two decisions of five go to the trial that is predicted to end best, the others to the best chance of ending
    a random bit below the best loss so far; a new point has its chance like the trials held. After five full
    trainings' steps without a complete trial, the one that is predicted best goes to its end. When no new trial
    will come, those held climb a ladder, so that the best is not missed for a wrong prediction (`thaw_ladder`);
    then the most promising ones go on until their share of steps is spent, or none has a chance of 1 % left to
    become the best. Where time or steps run out first, the best predicted goes to its end while it still can.

    max_steps: of a full training. share: of the steps that full trainings of all trials would take, so many are
    spent at most (a small session has at least three full trainings and two steps for every trial). space: of the
    trials' points. points: (c, d) the only points that new trials may have; None for any.

    Sources: freeze-thaw, Swersky, Snoek & Adams 2014; random targets, Rakotoarison et al. 2024 (ifBO).
    """

    max_steps: int
    share: float = 0.25
    sign: float = 1.0
    seed: int = 0
    space: Space | None = None
    points: Array | None = field(default=None, compare=False)

    def milestones(self) -> Milestones:
        return Rungs(self._milestones)

    @cached_property
    def _milestones(self) -> tuple[int, ...]:
        """Every step of a short training; of a long one some fifty, close together at first. Never the last step."""
        steps, step = [0], 1
        while step < self.max_steps:
            steps.append(step)
            step += max(1, min(int(DENSE * step), self.max_steps // SPARSE))
        return tuple(steps)

    @cached_property
    def mind(self) -> Mind:
        from hptui.core.search.pruners.thaw_mind import Mind  # with SciPy, which is loaded when first needed

        return Mind(self.milestones(), self.max_steps, self.seed, self.space, self.points)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
        previous = int(curve.steps[-2]) if len(curve.steps) > 1 else -1
        if not self.milestones().reached(curve.last_step, previous):
            return None
        if not np.isfinite(curve.last):
            value = told(curve.last, self.sign)
            return Stop(f"step {curve.last_step}: the value is {'not a number' if value == 'nan' else value}")
        # chained, for a crowd that is unpacked is counted first, which takes as long again
        thought = self.mind.think(list(chain(others, (replace(curve, held=True),))))
        if thought is None or curve.last_step >= thought.heard.last:  # at its end
            return None
        answer = self._next(thought)
        if answer is not None and answer.number == curve.number:
            return Go(answer.reason, answer.compared)
        return Hold(self._said(thought, curve.number), thought.compared(curve.number))

    def promote(self, curves: Sequence[Curve], closing: bool = False) -> Resume | None:
        if not any(curve.held for curve in curves):
            return None
        thought = self.mind.think(curves)
        if thought is None:
            return None
        return self._last(thought) if closing else self._next(thought)

    def finish(self, curves: Sequence[Curve], room: Mapping[int, float]) -> Resume | None:
        thought = self.mind.think(curves)
        if thought is None:
            return None
        from hptui.core.search.pruners.thaw_finish import last_chance

        last = last_chance(thought, room)
        if last is None:
            return None
        why = f"{last.need} steps to its end, and the budget has {last.room:.0f} more for it: "
        return self._resume(thought, last.number, why)

    def _next(self, thought: Thought) -> Resume | None:
        """A held trial, or None for a new one."""
        choice = thought.choice
        if (row := self._overdue(thought)) is not None:
            return self._resume(thought, thought.heard.curves[row].number, "no trial is complete yet: ")
        searching = max(SEARCHING * self.share, FEW_STEPS / self.max_steps)
        if choice is None or choice.what == "point" or self._spent(thought, searching):
            return None
        number = thought.heard.curves[choice.row].number
        why = f"predicted to end best of {thought.held} held: " if choice.how == "finish" else ""
        return self._resume(thought, number, why)

    def _overdue(self, thought: Thought) -> int | None:
        """The row of a trial predicted best, when steps enough for some full trainings have brought no end yet."""
        heard = thought.heard
        if thought.expected is None or heard.steps.sum() < FIRST_END * self.max_steps:
            return None
        if any(curve.kind == Kind.COMPLETE for curve in heard.curves):
            return None
        heard_of = thought.expected.heard.tolist()
        lives = [row for row, curve in enumerate(heard.curves) if heard_of[row] and curve.kind == Kind.PENDING]
        if not lives:
            return None
        row = thought.furthest(lives)
        return row if thought.free[row] else None  # else it runs already

    def _last(self, thought: Thought) -> Resume | None:
        """No new trial comes: the best of those held, while it is worth its steps."""
        row = thought.most_promising
        if row is None:
            return None
        number = thought.heard.curves[row].number
        if not any(curve.kind == Kind.COMPLETE for curve in thought.heard.curves):
            return self._resume(thought, number, "no trial is complete: ")
        if self._closed(thought):
            return self._likely(thought)
        from hptui.core.search.pruners.thaw_ladder import next_up

        if climber := next_up(thought.heard, self.max_steps, self.share):
            return Resume(climber.number, climber.said(self.sign), climber.compared)
        if thought.outlook(number).chance < SURE:
            return None
        return self._resume(thought, number, "no new trial comes: ")

    def _likely(self, thought: Thought) -> Resume | None:
        """The share is spent: a trial held that would probably be the best, where there are too few for their share to
        take many to their ends."""
        most = self.max_steps * min(self.share * AS_OF, NO_MORE * len(thought.heard.curves))
        if thought.heard.steps.sum() >= most:
            return None
        heard = thought.heard
        enough = LIKELY * np.minimum(1.0, 2.0 * (1.0 - heard.steps / heard.full))
        held = np.flatnonzero(thought.free).tolist()
        likely = [row for row in held if thought.outlook(heard.curves[row].number).chance >= enough[row]]
        if not likely:
            return None
        number = heard.curves[thought.furthest(likely)].number
        return self._resume(thought, number, "the share of steps is spent, but it is likely to become the best: ")

    def _closed(self, thought: Thought) -> bool:
        """Whether the steps of this session are spent: a few short trials have more than their share, for a quarter
        of it would not take three of them to their end."""
        least = CLOSING_FULL * self.max_steps + CLOSING_STEPS * len(thought.heard.curves)
        return self._spent(thought, self.share) and bool(thought.heard.steps.sum() >= least)

    def _spent(self, thought: Thought, share: float) -> bool:
        """Whether the trials so far have had this share of the steps of their full trainings."""
        return bool(thought.heard.steps.sum() >= min(share, self.share) * self.max_steps * len(thought.heard.curves))

    def _resume(self, thought: Thought, number: int, why: str) -> Resume:
        return Resume(number, why + self._said(thought, number), thought.compared(number))

    def _said(self, thought: Thought, number: int) -> str:
        """`predicted 0.12 ± 0.03 at step 50, best 0.1: chance of beating it 4 %`."""
        if not thought.predicts:
            return f"held until {thought.wanted} trials have begun: then their curves tell which go on"
        outlook, best = thought.outlook(number), thought.heard.best
        predicted = f"predicted {told(outlook.loss, self.sign)} ± {outlook.doubt:.2g} at step {thought.heard.last}"
        return f"{predicted}, best {told(best, self.sign)}: chance of beating it {percent(outlook.chance)}"

    def least_promising(self, curves: Sequence[Curve]) -> list[int]:
        """Numbers of the trials held, the one that is expected to end worst first."""
        thought = self.mind.think(curves)
        return [] if thought is None else thought.worst_first

    def without_holding(self, because: str = "") -> SuccessiveHalving:
        """Keeps the better half at a fifteenth of a full training and at each doubling of it."""
        return SuccessiveHalving(max(1, self.max_steps // HALVING), 2, self.max_steps, self.sign, because)
