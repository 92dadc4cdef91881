"""CMA-ES: a normal distribution that moves to where the good points are and takes the shape of the valley."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from hptui.core.search.protocol import Array, Exhausted, History, Proposal
from hptui.core.search.samplers.axes import Axes, Ints
from hptui.core.search.samplers.ground import Ground
from hptui.core.search.samplers.judged import Judged, judged
from hptui.core.space.space import Space

if TYPE_CHECKING:
    from cmaes import CMA

_LEARNING = 0.3  # how far the shares of choices move towards those of a generation's better half
_LEAST_SHARE = 0.05  # of all choices of a parameter together: each can always come back


@dataclass(frozen=True)
class State:
    """What the generations so far have taught. A value: it is copied before it learns more.

    told: trials it was made from. shares: for each axis of choices, the chance of each choice.
    """

    cma: CMA
    shares: dict[int, Array]
    told: int
    restarts: int = 0


@dataclass(frozen=True)
class CmaEs:
    """Draw from the distribution after all complete generations, replayed from the history.

    A generation is as many judged trials as the population has, by number; who proposed them does not matter. The
    start is the middle of the better half of a few quasi-random points. Choices are drawn from shares that follow
    each generation's better half. Steps are told at the middles of their cells, and a normal distribution never
    gets too narrow to leave one. When nothing moves any more it starts elsewhere with twice the population.

    population: 4 + 3 ln(dim) when it is not stated. spread: the first standard deviation, in units of the cube.

    Source: Hansen 2016 by the `cmaes` package; margin for steps: Hamano et al. 2022, section 4; restarts: Auger &
    Hansen 2005.
    """

    space: Space
    seed: int
    grows: bool = False
    spread: float = 0.17
    startup: int | None = None
    population: int | None = None

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        seen = judged(history)
        if self.space.dim == 0 or len(seen) < self._startup:
            return self._ground.start(history, number)
        state = self._replayed(seen)
        x = self._draw(state, number)
        cma = state.cma
        why = f"a draw, deviation {cma._sigma:.2g}, after {cma.generation} generations of {cma.population_size}"
        if state.restarts:
            why += f", restarted {state.restarts} times"
        return self._ground.choose(history, number, x[None], why)

    def _replayed(self, seen: Judged) -> State:
        """The state after every complete generation; begins where the last replay of the same trials ended."""
        known, state = self._memory.get("last", (seen, None))
        if state is None or not _begins_with(seen, known, state.told):
            state = self._began(seen.first(self._startup), self._startup, 0)
        while len(seen) - state.told >= state.cma.population_size:
            state = self._learned(state, seen)
        self._memory["last"] = (seen, state)
        return state

    def _began(self, first: Judged, told: int, restarts: int) -> State:
        """Around the better half of the first points; after a restart, somewhere else."""
        from cmaes import CMA

        at = centre(self._axes.snap(first.x), first.loss)
        if restarts:
            at = np.random.default_rng([self.seed, restarts]).random(self.space.dim)
        mean = at[self._numbers]
        if len(mean) == 0:
            mean = np.full(1, 0.5)  # the package has no distribution of no numbers; this one is never looked at
        cma = CMA(
            mean=mean,
            sigma=self.spread,
            bounds=np.tile([0.0, 1.0], (len(mean), 1)),
            population_size=self._population * 2**restarts,
        )
        counts = self._axes.counts
        shares = {j: np.full(counts[j], 1 / counts[j]) for j in np.flatnonzero(self._axes.choice).tolist()}
        return State(cma, shares, told, restarts)

    def _learned(self, state: State, seen: Judged) -> State:
        """The state that has been told the next generation too."""
        cma = copy.deepcopy(state.cma)
        rows = slice(state.told, state.told + cma.population_size)
        x, loss = self._axes.snap(seen.x[rows]), seen.loss[rows]
        numbers = x[:, self._numbers] if len(self._numbers) else np.full((len(x), 1), 0.5)
        # an inactive coordinate pulls nowhere
        numbers = np.where(np.isnan(numbers), cma.mean, numbers)
        cma.tell([(point, float(y)) for point, y in zip(numbers, loss, strict=True)])
        better = x[np.argsort(loss, kind="stable")[: len(loss) // 2]]
        learned = replace(
            state,
            cma=cma,
            shares={j: _moved(s, better[:, j], self._axes.cells(better)[:, j]) for j, s in state.shares.items()},
            told=rows.stop,
        )
        if cma.should_stop():
            return self._began(seen.first(rows.stop), rows.stop, state.restarts + 1)
        return learned

    def _draw(self, state: State, number: int) -> Array:
        cma = copy.deepcopy(state.cma)
        cma.reseed_rng(int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0]))
        rng = np.random.default_rng([self.seed, number])
        x = np.full(self.space.dim, 0.5)
        if len(self._numbers):
            drawn = cma.ask()
            x[self._numbers] = np.clip(cma.mean + self._margin(cma) * (drawn - cma.mean), 0.0, 1.0)
        for j, shares in state.shares.items():
            x[j] = (rng.choice(len(shares), p=shares) + 0.5) / len(shares)
        return x

    def _margin(self, cma: CMA) -> Array:
        """(numbers,) by how much to widen each axis so that a step is left at least once in a few generations."""
        counts = self._axes.counts[self._numbers]
        sd = cma._sigma * np.sqrt(np.diag(cma._C))
        rarely = 1 / (cma.population_size * len(sd))
        least = np.where(counts > 1, 0.5 / np.maximum(counts, 1) / -ndtri(rarely / 2), 0.0)
        return np.asarray(np.maximum(1.0, least / sd))

    @cached_property
    def _startup(self) -> int:
        return self._population if self.startup is None else self.startup

    @cached_property
    def _population(self) -> int:
        return self.population or 4 + int(3 * np.log(max((self._axes.counts != 1).sum(), 1)))

    @cached_property
    def _numbers(self) -> Ints:
        """The axes that are numbers with more than one value."""
        return np.flatnonzero(~self._axes.choice & (self._axes.counts != 1))

    @property
    def _axes(self) -> Axes:
        return self._ground.axes

    @cached_property
    def _ground(self) -> Ground:
        return Ground(self.space, self.seed, self.grows)

    @cached_property
    def _memory(self) -> dict[str, tuple[Judged, State]]:
        """The last replay. A replay from the start gives the same state, only later."""
        return {}


def centre(x: Array, loss: Array) -> Array:
    """(d,) the mean of the better half of the points (n, d), the best weighing most; inactive ones as the middle.

    Source: Hansen 2016, eq. 49: the mean that a first generation gives.
    """
    half = max(len(loss) // 2, 1)
    weights = np.log(half + 0.5) - np.log(np.arange(1, half + 1))
    better = np.nan_to_num(x[np.argsort(loss, kind="stable")[:half]], nan=0.5)
    return np.asarray(weights @ better / weights.sum())


def _begins_with(seen: Judged, known: Judged, told: int) -> bool:
    if len(seen) < told:
        return False
    here, there = seen.first(told), known.first(told)
    return np.array_equal(here.loss, there.loss) and np.array_equal(here.x, there.x, equal_nan=True)


def _moved(shares: Array, coordinates: Array, cells: Ints) -> Array:
    """The shares, a step closer to those of the cells; where the parameter was inactive, nothing is learned."""
    cells = cells[~np.isnan(coordinates)]
    if len(cells) == 0:
        return shares
    target = np.bincount(cells, minlength=len(shares)) / len(cells)
    moved = (1 - _LEARNING) * shares + _LEARNING * target
    return np.asarray((1 - _LEAST_SHARE) * moved + _LEAST_SHARE / len(shares))
