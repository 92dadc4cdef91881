"""New points for a freeze-thaw search, and other samplers taught by curves that have not ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hptui.core.search.models.candidates import everywhere, near
from hptui.core.search.models.curve_model import expect_elsewhere
from hptui.core.search.models.layout import Layout
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Outlook, Proposal, Sampler
from hptui.core.search.pruners.thaw_choice import chance
from hptui.core.search.samplers.tried import Same, same_point, tried

if TYPE_CHECKING:
    from hptui.core.search.pruners.thaw_mind import Mind, Thought

DRAWS = 384  # candidates everywhere, and as many near the best trials
HOPE = 1.0  # so far below the lowest predicted end a new point is to land, in standard deviations of all losses
HOPE_GIVEN = 1.5  # where there are no points but those given: few of them are near the best


@dataclass(frozen=True)
class NewPoints:
    """Where the model of all curves hopes for most; the first points are those of `first`.

    What a trial would tell by going on is no reason to start another one beside it: wherever new points may be, trials
    are taken to end as predicted. mind: the pruner's.
    """

    first: Sampler
    mind: Mind

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        thought = self.mind.think(history.curves)
        if thought is None or thought.expected is None or self.mind.space is None:
            return self.first.ask(history, number)
        found = self._given(thought) if self.mind.given is not None else self._anywhere(thought, history, number)
        return self.first.ask(history, number) if found is None else found

    def _given(self, thought: Thought) -> Proposal | None:
        assert thought.expected is not None
        if not thought.untried.any():
            return None
        mean, sd = thought.expected.points
        promise = np.where(thought.untried, (_goal(thought, HOPE_GIVEN) - mean) / sd, -np.inf)
        row = int(np.argmax(promise))
        return self._proposal(thought, thought.points[row], float(mean[row]), float(sd[row]))

    def _anywhere(self, thought: Thought, history: History, number: int) -> Proposal | None:
        assert self.layout is not None
        points = self.candidates(thought, number)
        mean, sd, left = expect_elsewhere(thought.heard.seen, thought.features, self.layout.features(points))
        known = tried(history, self._same)
        for row in np.argsort(-(_goal(thought, HOPE) - mean) / left, kind="stable").tolist():
            if self._same(points[row]) not in known:
                return self._proposal(thought, points[row], float(mean[row]), float(sd[row]))
        return None

    def candidates(self, thought: Thought, number: int) -> Array:
        """(c, d) points to choose from, snapped: everywhere, and near the trials that are predicted to end best."""
        layout, expected = self.layout, thought.expected
        assert layout is not None and expected is not None
        rng = np.random.default_rng([self.mind.seed, number, 2])
        order = np.argsort(np.where(expected.heard, expected.trials[0], np.inf), kind="stable")[:5].tolist()
        centres = layout.snap(np.array([self.mind.ear.located(thought.heard.curves[row].x) for row in order]))
        drawn = [everywhere(layout, rng, DRAWS), near(layout, rng, centres, np.ones(len(layout.varying)), DRAWS)]
        return np.vstack(drawn)

    def _proposal(self, thought: Thought, x: Array, mean: float, sd: float) -> Proposal:
        assert thought.expected is not None
        scale = thought.expected.scale
        sd = thought.expected.widening * sd
        loss, best = scale.backward(mean), scale.backward(thought.best)
        doubt = scale.backward(mean + sd) - loss
        outlook = Outlook(max(loss, thought.floor), doubt, max(best - loss, 0.0), chance(thought.best, mean, sd))
        return Proposal(np.nan_to_num(x, nan=0.5), "curves", (outlook,))

    @property
    def layout(self) -> Layout | None:
        return self.mind.ear.layout

    @cached_property
    def _same(self) -> Same:
        assert self.mind.space is not None
        return same_point(self.mind.space)


def _goal(thought: Thought, hope: float) -> float:
    """What a new point is to reach, as z.

    A loss seen on the way is no goal where curves fall to their end: all but the worst points promise to pass it, and
    the copies of what is best known most surely, as they do a little below the lowest end that is predicted.
    """
    return min(thought.best, float(thought.ends.min())) - hope


@dataclass(frozen=True)
class Taught:
    """Another sampler, for which a trial that was stopped or is held counts as ended, with the loss predicted of it."""

    sampler: Sampler
    mind: Mind

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        return self.sampler.ask(self.with_ends(history), number)

    def with_ends(self, history: History) -> History:
        thought = self.mind.think(history.curves)
        if thought is None or thought.expected is None:
            return history
        scale, (mean, _) = thought.expected.scale, thought.expected.trials
        ends = {
            curve.number: scale.backward(float(mean[row]))
            for row, curve in enumerate(thought.heard.curves)
            if curve.kind == Kind.PRUNED and thought.expected.heard[row]
        }
        y, kind = history.y.copy(), history.kind.copy()
        for row, number in enumerate(history.numbers.tolist()):
            if number in ends:
                y[row], kind[row] = ends[number], Kind.COMPLETE
        return replace(history, y=y, kind=kind)
