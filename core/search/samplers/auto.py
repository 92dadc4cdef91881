"""The default: a model of the losses, checked against how well it predicts, with others for what it can't see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from hptui.core.search.models.observed import observe
from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.start import Start
from hptui.core.space.space import Space

if TYPE_CHECKING:  # SciPy takes half a second to load: the first trials do not wait for it
    from hptui.core.search.models.learning import Learned
    from hptui.core.search.samplers.gp import GP
    from hptui.core.search.samplers.tpe import TPE

Turn = Literal["improve", "density", "explore"]
TURNS: tuple[Turn, ...] = ("improve", "density", "explore")
TURNS_FROM = 20  # losses; before, every trial goes where the model hopes for most
TRUSTED, TRUSTED_FROM = 0.03, 25  # the share of the variance that a followed model may miss; more before 25 losses
MOST_PARAMETERS = 200  # with more, models cost too much
STUCK_FOR, NOTEWORTHY = 25, 0.01  # trials; the share of the way from the median to the best loss
LEAVES_FROM, LEAVES_AT = 100, 0.001  # losses; an improvement, as above, with which a basin is not left yet
MARGIN = 0.1  # standard deviations of the losses: improvements of less don't count when exploring


@dataclass(frozen=True)
class Auto:
    """Evenly spread points, then the Gaussian processes' best guess; from 20 losses on, three take turns.

    A model that predicts left-out losses well is followed all the way down, for as long as that leads on. One that
    does not is stuck sooner or later, polishing a basin that is not the best: then every third point comes from the
    densities of good and other trials (TPE), which know no lengths, and every third must promise a sizable improvement.
    From 100 losses on, where hardly anything was gained, the latter goes down other basins, while any is untried.
    """

    space: Space
    seed: int
    grows: bool = False

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        layout = self._start.layout
        if not layout.columns:
            return self._start.ask(history, number)
        if len(layout.varying) > MOST_PARAMETERS:
            return self._by_density(history, number)
        seen = observe(history, layout)
        if self._start.lasts(seen):
            return self._start.ask(history, number)
        gp = self._gp
        turn = TURNS[number % len(TURNS)] if len(seen) >= TURNS_FROM else "improve"
        learned = gp.learned(seen)
        trusted = missed(learned) < TRUSTED * max(1.0, TRUSTED_FROM / len(seen)) ** 2
        if turn == "improve" or (trusted and not stuck(seen.y)):
            return gp.improve(seen, learned, history, number)
        if turn == "density":
            return self._by_density(history, number)
        leaves = len(seen) >= LEAVES_FROM and stuck(seen.y, LEAVES_AT)
        other = gp.elsewhere(seen, learned, history, number) if leaves else None
        return other or gp.improve(seen, learned, history, number, MARGIN)

    def recommend(self, history: History) -> int:
        """The complete trial whose loss, were it tried once more, is expected to be lowest."""
        return self._gp.recommend(history)

    def _by_density(self, history: History, number: int) -> Proposal | Exhausted:
        answer = self._tpe.ask(history, number)
        return Proposal(answer.x, f"tpe: {answer.why}") if isinstance(answer, Proposal) else answer

    @cached_property
    def _start(self) -> Start:
        return Start(self.space, self.seed, self.grows)

    @cached_property
    def _gp(self) -> GP:
        from hptui.core.search.samplers.gp import GP

        return GP(self.space, self.seed, self.grows)

    @cached_property
    def _tpe(self) -> TPE:
        from hptui.core.search.samplers.tpe import TPE

        return TPE(self.space, self.seed, self.grows)


def stuck(y: Array, noteworthy: float = NOTEWORTHY) -> bool:
    """Whether the latest quarter of the losses (n,), 25 at least, brought no improvement worth a word.

    noteworthy: the least that is, as a share of the way from the median to the best loss.
    """
    late = max(STUCK_FOR, len(y) // 4)
    if len(y) <= late:
        return False
    before = y[:-late]
    best = float(before.min())
    return float(y[-late:].min()) > best - noteworthy * (float(np.median(before)) - best)


def missed(learned: tuple[Learned, ...]) -> float:
    """The share of the variance of left-out losses that the member with the best score can't explain."""
    return max(learned, key=lambda one: one.score).unexplained
