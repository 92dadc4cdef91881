"""Random forest: trees that were grown at random disagree where little is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import Judged, judged, pending, ranks
from hptui.core.search.samplers.pool import best_first, features, levelled, log_improvement, outlook, reach_of, room
from hptui.core.space.space import Space

_INACTIVE = -0.5  # outside of every range, so that a split can tell
_MOST = 1000  # trials that a forest is grown from
_CANDIDATES = 512


@dataclass(frozen=True)
class Forest:
    """Where the expected improvement by a forest of extremely randomised trees is highest.

    Splits at random places make the mean smooth, and their spread is the doubt. Pending trials are taken to be as
    good as the median, and their surroundings are left alone.

    trees: their number. startup: quasi-random points first; the dimension and one, but 4 to 10, if not stated.

    Source: Hutter et al. 2011, section 4; trees of Geurts et al. 2006.
    """

    space: Space
    seed: int
    grows: bool = False
    trees: int = 30
    startup: int | None = None

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < self._startup:
            return self._ground.start(history, number)
        axes, rng = self._ground.axes, np.random.default_rng([self.seed, number])
        waiting = axes.snap(pending(history))
        x, y = self._lessons(seen, waiting)
        table = features(axes, x, _INACTIVE)
        trees, best = self._grown(table, y, rng), float(y.min())
        known = len(x) - len(waiting)
        reach = reach_of(table[:known], y[:known])

        def score(points: Array) -> Array:
            at = features(axes, points, _INACTIVE)
            return log_improvement(*predict(trees, at), best) + room(at, table[known:], reach)

        top = x[np.argsort(y, kind="stable")[:5]]
        points, _ = best_first(score, axes, rng, top, _CANDIDATES)
        [mean], [sd] = predict(trees, features(axes, points[:1], _INACTIVE))
        return self._ground.choose(history, number, points[:64], "forest", outlook(mean, sd, seen.loss))

    def _lessons(self, seen: Judged, waiting: Array) -> tuple[Array, Array]:
        """(n, d) points and (n,) levelled losses: the best half of those kept, and evenly of the others."""
        axes, y = self._ground.axes, levelled(seen.loss)
        x = axes.snap(seen.x)
        if len(y) > _MOST:
            order = np.argsort(ranks(y))
            rows = np.append(order[: _MOST // 2], order[np.linspace(_MOST // 2, len(y) - 1, _MOST // 2).astype(int)])
            x, y = x[rows], y[rows]
        return np.vstack([x, waiting]), np.append(y, np.full(len(waiting), np.median(y)))

    def _grown(self, table: Array, y: Array, rng: np.random.Generator) -> list[Any]:
        from sklearn.tree import ExtraTreeRegressor

        table = table.astype(np.float32)
        grown = []
        for random_state in rng.integers(2**31, size=self.trees).tolist():
            tree = ExtraTreeRegressor(max_features=1.0, min_samples_leaf=1, random_state=random_state)
            grown.append(tree.fit(table, y, check_input=False).tree_)
        return grown

    @cached_property
    def _startup(self) -> int:
        return self.startup or min(max(self.space.dim + 1, 4), 10)

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)


def predict(trees: list[Any], table: Array) -> tuple[Array, Array]:
    """(c,) mean and standard deviation over the trees, never below a thousandth."""
    rows = np.ascontiguousarray(table, np.float32)
    each = np.stack([tree.predict(rows).ravel() for tree in trees])
    return each.mean(axis=0), np.maximum(each.std(axis=0), 1e-3)
