"""Tree-structured Parzen estimator: propose where good points are dense and the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import Judged, judged, pending, ranks
from hptui.core.search.samplers.parzen import Parzen
from hptui.core.space.space import Space

_MOST_GOOD = 25
_FINEST = 20  # kernels to a range, whichever of the densities: by its own few points the good one stays too wide
_MOST_OTHERS = 1000  # kernels; of more trials, an even selection


@dataclass(frozen=True)
class TPE:
    """The candidate with the highest ratio of two densities, over all parameters jointly.

    The good are the best tenth of the trials so far, at most 25. Pending trials count as not good (the constant
    liar), so that parallel trials keep apart. Under conditions the kernels of a trial speak only of the parameters
    that it had, and a candidate is judged by those that it has.

    startup: quasi-random points first. candidates: draws from the density of the good.

    Source: Bergstra et al. 2011, section 4; defaults as in Optuna, but for the least width of a kernel.
    """

    space: Space
    seed: int
    grows: bool = False
    startup: int = 10
    candidates: int = 24

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < self.startup:
            return self._ground.start(history, number)
        rng = np.random.default_rng([self.seed, number])
        good, others = self._densities(seen, pending(history))
        x = good.sample(rng, self.candidates)
        active = self._ground.axes.active(x)
        gain = good.log_density(x, active) - others.log_density(x, active)
        order = np.argsort(-gain, kind="stable")
        why = (
            f"the best {len(good.weights) - 1} of {len(seen)} trials are {np.exp(min(gain[order[0]], 700)):.3g} times "
            "denser here than the others"
        )
        return self._ground.choose(history, number, x[order], why)

    def _densities(self, seen: Judged, waiting: Array) -> tuple[Parzen, Parzen]:
        """Of the good, and of the others with those that wait."""
        x = self._ground.axes.snap(seen.x)
        good = ranks(seen.loss) < min(-(-len(seen) // 10), _MOST_GOOD)
        others = np.vstack([x[~good], self._ground.axes.snap(waiting)])
        if len(others) > _MOST_OTHERS:
            others = others[np.linspace(0, len(others) - 1, _MOST_OTHERS).astype(int)]
        narrowest = 1 / min(_FINEST, len(seen) + 2)
        return (
            Parzen.of(self._ground.axes, x[good], np.ones(int(good.sum())), narrowest),
            Parzen.of(self._ground.axes, others, ramp(len(others)), narrowest),
        )

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)


def ramp(n: int) -> Array:
    """(n,) weights: the latest 25 have 1, those before them less the older they are."""
    return np.ones(n) if n < 25 else np.append(np.linspace(1 / n, 1.0, n - 25), np.ones(25))
