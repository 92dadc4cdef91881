"""Peers that the comparison's own `samplers.py` does not have: Optuna's NSGA-II, Nevergrad's populations.

Nevergrad (`pip install nevergrad==1.0.12`) is needed by nothing else here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

Made = Callable[[Any, int, int, int], Any]  # of a space as the lines state it, seed, trials, how many are outstanding
_POPULATION = 10  # Nevergrad's own are 30 and 40: most of a hundred trials would be its first generation


class Nevergrad:
    """A population of Nevergrad's on the unit cube, which our space turns into configurations."""

    def __init__(self, which: str, space: Any, seed: int, trials: int, parallel: int) -> None:
        import nevergrad

        from bench.search_adapter import space_from_lines

        self._space = space_from_lines(space)
        cube = nevergrad.p.Array(init=np.full(self._space.dim, 0.5)).set_bounds(0.0, 1.0)
        cube.random_state.seed(seed)
        families = nevergrad.families
        family: Any = {
            "de": nevergrad.optimizers.DE,
            "de_small": families.DifferentialEvolution(popsize=_POPULATION),
            "pso": nevergrad.optimizers.PSO,
            "pso_small": families.ConfPSO(popsize=_POPULATION),
        }[which]
        self._search = family(parametrization=cube, budget=trials, num_workers=parallel)
        self._out: list[tuple[dict[str, Any], Any]] = []

    def ask(self) -> dict[str, Any]:
        candidate = self._search.ask()
        config = self._space.values(candidate.value)
        self._out.append((config, candidate))
        return config

    def tell(self, config: dict[str, Any], value: float) -> None:
        place = next(i for i, (known, _) in enumerate(self._out) if known == config)
        self._search.tell(self._out.pop(place)[1], value)

    def close(self) -> None:
        return

    def child_cpu(self) -> float:
        return 0.0


def more_peers(samplers: Any) -> Mapping[str, Made]:
    """By name. samplers: the comparison's module of that name."""

    def nsga2(space: Any, seed: int, trials: int, parallel: int) -> Any:
        from optuna.samplers import NSGAIISampler

        peer = samplers.Optuna(space, seed, trials, parallel, kind="random")
        peer.study.sampler = NSGAIISampler(seed=seed, population_size=20)
        return peer

    theirs = ("de", "de_small", "pso", "pso_small")
    return {"optuna_nsga2": nsga2} | {f"nevergrad_{name}": partial(Nevergrad, name) for name in theirs}
