"""Two or three objectives with a model of each: where the front is expected to gain most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.models.candidates import everywhere, near
from hptui.core.search.models.feasibility import Feasibility
from hptui.core.search.models.hypervolume import boxes, expected_improvement, front
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import observe
from hptui.core.search.models.process import Process
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Outlook, Proposal
from hptui.core.search.samplers.gp import GP
from hptui.core.search.samplers.random import Random
from hptui.core.search.samplers.start import Start
from hptui.core.search.samplers.tried import Same, same_point, tried
from hptui.core.space.space import Space

Score = Callable[[Array], Array]

_DRAWS, _NEAR, _ROUNDS = 500, 500, 4
_BEYOND = 0.1  # of the front's range, from its nadir to the reference point
_LEAST = 6.0  # standard deviations of all losses, over the number of objectives: from the best of the front to there
_MOST_ON_FRONT = 60
_ENOUGH = 3  # trials that say all objectives, before there is anything to learn


@dataclass(frozen=True)
class HyperImprovement:
    """Expected improvement of the hypervolume, by a Gaussian process over each objective.

    Losses are bent until they look normal, which leaves the front as it is. Before there is enough to learn from, and
    while a trial says nothing of some objective: the start of the sampler `gp`.
    Sources: Emmerich, Giannakoglou & Naujoks 2006; the boxes, Yang et al. 2019.
    """

    space: Space
    seed: int
    grows: bool = False
    startup: int | None = None

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        start, losses = self._start, history.objectives
        layout = start.layout
        known = np.all(np.isfinite(losses), axis=1)  # complete trials alone have all
        if not layout.columns or start.lasts(observe(history, layout)) or known.sum() < _ENOUGH:
            return start.ask(history, number)
        if history.violated[known].all():  # what counts is to keep the constraints, and that is what the loss says
            return self._one_loss.ask(history, number)
        x, losses, fair = layout.snap(history.x[known]), losses[known], ~history.violated[known]
        pending = layout.snap(history.x[history.kind == Kind.PENDING])
        processes = [Process.of(x, losses[:, j], pending, layout) for j in range(losses.shape[1])]
        scaled = np.column_stack([p.scaled(losses[:, j]) for j, p in enumerate(processes)])
        told = np.vstack([scaled[fair], np.column_stack([p.believed for p in processes])])
        best = self._front(told if len(told) else scaled)
        lower, upper = boxes(best, _reference(best))

        ruled_out = layout.snap(history.x[history.kind == Kind.INFEASIBLE])
        feasible = _feasibility(x, ruled_out, layout) if len(ruled_out) else None

        def score(points: Array) -> Array:
            predicted = [p.predict(points) for p in processes]
            mean, sd = (np.column_stack(column) for column in zip(*predicted, strict=True))
            gain = np.log(np.maximum(expected_improvement(mean, sd, lower, upper), 1e-300))
            if feasible is not None:
                gain += feasible.penalty(layout.features(points))
            return gain if history.tilt is None else gain + history.tilt(points)

        found = self._highest(score, x[front(scaled)], history, number)
        if found is None:
            return Random(self.space, self.seed, self.grows).ask(history, number)
        outlooks = tuple(Outlook(*p.told(found), 0.0) for p in processes)
        size = int(front(scaled[fair]).sum())
        return Proposal(np.nan_to_num(found, nan=0.5), f"gp, for a larger front than its {size} trials", outlooks)

    def _front(self, losses: Array) -> Array:
        """(m, k) what nobody beats; of very many, an even selection along the first objective."""
        best = losses[front(losses)]
        best = best[np.argsort(best[:, 0], kind="stable")]
        return best[np.linspace(0, len(best) - 1, min(len(best), _MOST_ON_FRONT)).round().astype(np.int64)]

    def _highest(self, score: Score, centres: Array, history: History, number: int) -> Array | None:
        """The untried point with the highest score, looked for everywhere, around the front, then closer."""
        rng, layout = np.random.default_rng([self.seed, number]), self._start.layout
        reach = np.ones(len(layout.varying))
        rng.shuffle(centres)
        points = np.vstack([everywhere(layout, rng, _DRAWS), near(layout, rng, centres, reach, _NEAR)])
        worth = score(points)
        for turn in range(_ROUNDS):
            top = points[np.argsort(-worth, kind="stable")[:5]]
            more = near(layout, rng, top, reach / 3.0**turn, _NEAR // 4)
            points, worth = np.vstack([points, more]), np.r_[worth, score(more)]
        known = tried(history, self._same)
        for row in np.argsort(-worth, kind="stable").tolist():
            if self._same(points[row]) not in known:
                return np.asarray(points[row])
        return None

    @cached_property
    def _one_loss(self) -> GP:
        return GP(self.space, self.seed, self.grows, self.startup)

    @cached_property
    def _start(self) -> Start:
        return Start(self.space, self.seed, self.grows, self.startup)

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)


def _feasibility(x: Array, ruled_out: Array, layout: Layout) -> Feasibility:
    return Feasibility(layout.features(x), layout.features(ruled_out), layout.groups)


def _reference(best: Array) -> Array:
    """(k,) a little worse than the worst of the front in each objective.

    A front of one trial, or of a few next to each other, has no range to speak of: a box around it would leave out
    whatever is better in one objective for being worse in another.
    """
    low, high = best.min(axis=0), best.max(axis=0)
    return np.asarray(np.maximum(high + _BEYOND * (high - low), low + _LEAST / len(low)))
