"""Spaces, histories and a loop that the tests of several objectives, constraints, priors and warm starts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import History, Kind, Proposal, Sampler
from hptui.core.space.space import Space

Array = NDArray[np.float64]


def floats(dim: int) -> Space:
    return Space.parse({f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(dim)})


def searched(
    sampler: Sampler,
    objective: Callable[[Array], float | Sequence[float]],
    dim: int,
    trials: int,
    constraints: Callable[[Array], Mapping[str, float]] = lambda x: {},
) -> History:
    """What is known after so many trials, one after the other."""
    seen = Observations(dim)
    for number in range(trials):
        answer = sampler.ask(seen.history(), number)
        assert isinstance(answer, Proposal)
        result: Any = objective(answer.x)
        losses = tuple(float(v) for v in result) if isinstance(result, Sequence) else (float(result),)
        several = losses if len(losses) > 1 else ()
        x = tuple(answer.x.tolist())
        seen.add(Observation(number, x, losses[0], Kind.COMPLETE, -1, several, dict(constraints(answer.x))))
    return seen.history()
