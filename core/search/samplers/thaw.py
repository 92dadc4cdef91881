"""New points for a freeze-thaw search, and other samplers taught by curves that have not ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr

from hptui.core.search.models.candidates import everywhere, near
from hptui.core.search.models.curve_model import expect_elsewhere
from hptui.core.search.models.layout import Layout
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Outlook, Proposal, Sampler
from hptui.core.search.pruners.thaw_choice import chance
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.search.samplers.warm import pull_of
from hptui.core.space.parameter import Float
from hptui.core.space.roles import Role, role_of

if TYPE_CHECKING:
    from hptui.core.search.pruners.thaw_mind import Mind, Thought

DRAWS = 384  # candidates everywhere, and as many near the best trials
HOPE = 1.0  # so far below the lowest predicted end a new point is to land, in standard deviations of all losses
HOPE_GIVEN = 1.5  # where there are no points but those given: few of them are near the best
TURNS, MANY = 2, 300  # of the later points anywhere, one is by the other sampler; with so many trials it takes .3 s
USUAL = 0.2  # of its range: so far from the middle the best learning rate usually is, as a standard deviation


@dataclass(frozen=True)
class NewPoints:
    """Where the model of all curves hopes for most; the first points are those of `first`, and every second one later,
    where new points may be anywhere: it hears of predicted ends (`Taught`), and looks closer where these are good.

    Priors, constraints and past sessions count as with any model (`History.tilt`, `warm.pull_of`). A learning rate of
    which nothing is said but its range is believed to be best near its middle, where people put what they expect: of
    few curves, none of them at its end, a model learns where rates are too high or too low later than anything else.
    What a trial would tell by going on is no reason to start another one beside it: wherever new points may be, trials
    are taken to end as predicted. mind: the pruner's.
    """

    first: Sampler
    mind: Mind

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        thought = self.mind.think(history.curves)
        if thought is None or thought.expected is None or self.mind.space is None:
            return self.first.ask(history, number)
        if self.mind.given is not None:
            found = self._given(thought, history)
        elif number % TURNS or len(thought.heard.curves) > MANY:
            found = self._anywhere(thought, history, number)
        else:
            found = None
        return found or _possible(self.first.ask(history, number), thought)

    def _given(self, thought: Thought, history: History) -> Proposal | None:
        assert thought.expected is not None
        if not thought.untried.any():
            return None
        mean, sd = thought.expected.points
        promise = self._promise((_goal(thought, HOPE_GIVEN) - mean) / sd, thought.points, history)
        row = int(np.argmax(np.where(thought.untried, promise, -np.inf)))
        return self._proposal(thought, thought.points[row], float(mean[row]), float(sd[row]))

    def _anywhere(self, thought: Thought, history: History, number: int) -> Proposal | None:
        assert self.layout is not None
        points = self.candidates(thought, number)
        mean, sd, left = expect_elsewhere(thought.heard.seen, thought.features, self.layout.features(points))
        known = tried(history, self._same)
        promise = self._promise((_goal(thought, HOPE) - mean) / left, points, history)
        for row in np.argsort(-promise, kind="stable").tolist():
            if self._same(points[row]) not in known:
                return self._proposal(thought, points[row], float(mean[row]), float(sd[row]))
        return None

    def _promise(self, z: Array, points: Array, history: History) -> Array:
        """(c,) logarithms of the chance of points (c, d) to reach a goal `z` (c,) deviations above what is expected of
        them, times what is believed of them besides."""
        believed = pull_of(history, points)
        if history.tilt is not None:
            believed += history.tilt(points)
        away = np.nan_to_num(points[:, self._rates] - 0.5)
        worth = log_ndtr(z) + believed - 0.5 * ((away / USUAL) ** 2).sum(axis=1)
        return np.asarray(np.maximum(worth, -1e300))

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

    @cached_property
    def _rates(self) -> list[int]:
        """Places of learning rates of which the user has said nothing more than their range."""
        assert self.mind.space is not None
        rates = []
        for place, (name, parameter) in enumerate(self.mind.space.parameters.items()):
            unsaid = isinstance(parameter, Float) and parameter.log and parameter.prior is None
            if unsaid and role_of(name) is Role.LEARNING_RATE:
                rates.append(place)
        return rates

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


def _possible(answer: Proposal | Exhausted, thought: Thought) -> Proposal | Exhausted:
    """The same, expecting nothing that no loss can be: predicted ends may lie there, and a model of them goes on."""
    if isinstance(answer, Exhausted):
        return answer
    told = tuple(replace(one, loss=max(one.loss, thought.floor)) for one in answer.outlooks)
    return replace(answer, outlooks=told)


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
