"""Neural surrogate: a few small networks, each with a Bayesian last layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import Judged, judged, pending, ranks
from hptui.core.search.samplers.networks import Networks, predict, trained
from hptui.core.search.samplers.pool import best_first, features, levelled, log_improvement, outlook, reach_of, room
from hptui.core.space.space import Space

_MOST = 500  # trials that the networks are trained on
_CANDIDATES = 512


@dataclass(frozen=True)
class Neural:
    """Where the expected improvement by a few networks is highest.

    The hidden layers are trained on as many of the first trials as `trained_on` says, so that not every proposal
    needs new ones; the last layer is Bayesian and has learned from all. Pending trials are taken to be as the
    networks of the others expect them, as sure as if they had been seen, and their surroundings are left alone.

    startup: quasi-random points first; one more than parameters, from 4 to 10, if not stated.

    Source: Snoek et al. 2015, section 3 (adaptive basis regression); ensembles of Lakshminarayanan et al. 2017.
    """

    space: Space
    seed: int
    grows: bool = False
    startup: int | None = None

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < self._startup:
            return self._ground.start(history, number)
        axes, rng = self._ground.axes, np.random.default_rng([self.seed, number])
        x, y = self._lessons(seen)
        hidden = self._hidden(seen)
        table = self._table(x)
        model = hidden.fitted(table, y)
        more = self._table(axes.snap(pending(history)))
        if len(more):
            expected, _ = predict(model, more)
            model = hidden.fitted(np.vstack([table, more]), np.append(y, expected))
        best, reach = float(y.min()), reach_of(table, y)

        def score(points: Array) -> Array:
            at = self._table(points)
            return log_improvement(*predict(model, at), best) + room(at, more, reach)

        points, _ = best_first(score, axes, rng, x[np.argsort(y, kind="stable")[:5]], _CANDIDATES)
        [mean], [sd] = predict(model, self._table(points[:1]))
        return self._ground.choose(history, number, points[:64], "neural", outlook(mean, sd, seen.loss))

    def _lessons(self, seen: Judged) -> tuple[Array, Array]:
        """(n, d) points and (n,) levelled losses: the best half of those kept, and evenly of the others."""
        x, y = self._ground.axes.snap(seen.x), levelled(seen.loss)
        if len(y) <= _MOST:
            return x, y
        order = np.argsort(ranks(y))
        rows = np.append(order[: _MOST // 2], order[np.linspace(_MOST // 2, len(y) - 1, _MOST // 2).astype(int)])
        return x[rows], y[rows]

    def _table(self, x: Array) -> Array:
        return 2 * features(self._ground.axes, x, 0.5) - 1

    def _hidden(self, seen: Judged) -> Networks:
        """Trained on the first of the trials, and kept until there are more of them or they have changed."""
        first = seen.first(trained_on(len(seen)))
        key = (first.x.tobytes(), first.loss.tobytes())
        if key not in self._memory:
            x, y = self._lessons(first)
            self._memory.clear()
            self._memory[key] = trained(self._table(x), y, np.random.default_rng([self.seed, len(first)]))
        return self._memory[key]

    @cached_property
    def _startup(self) -> int:
        return self.startup or min(max(self.space.dim + 1, 4), 10)

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)

    @cached_property
    def _memory(self) -> dict[tuple[bytes, bytes], Networks]:
        """The networks trained last; trained again from the same trials they are the same."""
        return {}


def trained_on(trials: int) -> int:
    """How many of the first trials the hidden layers see: all up to 20, then steps of about a tenth."""
    if trials <= 20:
        return trials
    known = 20
    while known + max(known // 10, 1) <= trials:
        known += max(known // 10, 1)
    return known
