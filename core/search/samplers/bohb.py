"""BOHB's model: TPE on the trials of the highest rung that has enough of them. With Hyperband it is BOHB."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hptui.core.search.protocol import Exhausted, History, Kind, Proposal
from hptui.core.search.samplers.axes import Ints
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import pending
from hptui.core.search.samplers.parzen import Parzen
from hptui.core.space.space import Space

_FINEST = 20  # kernels to a range
_END = np.iinfo(np.int64).max  # beyond every rung: complete


@dataclass(frozen=True)
class Bohb:
    """One trial in three is drawn without the model; for the others the good are the best 15 % of a rung.

    The rung is the highest step that parameters + 3 trials have reached. Among these, who went further is better, and
    of those stopped at the same step the one with the lower loss: those that went on were the best there. The others
    are all that are not good, those that never came to the rung included (in the paper only those that did): else a
    rung of a few good ones would repel.

    Source: Falkner et al. 2018, "BOHB", algorithm 2 and section 3.2; kernels as in `TPE`.
    """

    space: Space
    seed: int
    grows: bool = False
    random_share: float = 1 / 3
    candidates: int = 64

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        rng = np.random.default_rng([self.seed, number])
        ranked = furthest(history)
        rung, rows = highest(history, ranked, self.space.dim + 3)
        if self.space.dim == 0 or not len(rows) or rng.random() < self.random_share:
            return self._ground.start(history, number)
        good = max(self.space.dim + 1, round(0.15 * len(rows)))
        x = self._ground.axes.snap(history.x[rows])
        rest = np.setdiff1d(ranked, rows[:good])
        others = np.vstack([self._ground.axes.snap(history.x[rest]), self._ground.axes.snap(pending(history))])
        narrowest = 1 / min(_FINEST, len(rows) + 2)
        promising = Parzen.of(self._ground.axes, x[:good], np.ones(good), narrowest)
        plain = Parzen.of(self._ground.axes, others, np.ones(len(others)), narrowest)
        points = promising.sample(rng, self.candidates)
        active = self._ground.axes.active(points)
        gain = promising.log_density(points, active) - plain.log_density(points, active)
        order = np.argsort(-gain, kind="stable")
        times = np.exp(min(gain[order[0]], 700))
        where = "of the complete" if rung < 0 else f"of those that came to step {rung}"
        why = f"the best {good} {where} ({len(rows)} trials) are {times:.3g} times denser here than the others"
        return self._ground.choose(history, number, points[order], why)

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)


def furthest(history: History) -> Ints:
    """The rows of complete and pruned trials, best first: by how far they came, then by loss; NaN comes last."""
    y = np.where(np.isnan(history.y), np.inf, history.y)
    rows = np.flatnonzero((history.kind == Kind.COMPLETE) | (history.kind == Kind.PRUNED))
    return rows[np.lexsort((history.numbers[rows], y[rows], -_came(history)[rows]))]


def highest(history: History, ranked: Ints, enough: int) -> tuple[int, Ints]:
    """The highest rung that `enough` trials have reached, and their rows, best first; no rows when there is none.

    ranked: of `furthest`. The rung is -1 for the complete ones alone.
    """
    if len(ranked) < enough:
        return -1, ranked[:0]
    came = _came(history)
    rung = int(came[ranked[enough - 1]])
    return (-1 if rung == _END else rung), ranked[came[ranked] >= rung]


def _came(history: History) -> Ints:
    return np.where(history.kind == Kind.COMPLETE, _END, history.steps)
