"""Every sampler goes through a finite space point by point, whatever losses it gets, and then says that it is done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spaces_and_histories import history

from hptui.core.search.catalog import make_sampler
from hptui.core.search.protocol import History, Proposal
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

NAMES = ["tpe", "cmaes", "forest", "neural", "evolution", "differential_evolution", "particle_swarm"]
SPACES: dict[str, dict[str, Any]] = {
    "one value": {"a": {"type": "int", "low": 3, "high": 3}, "b": ["only"]},
    "steps": {"n": {"type": "int", "low": 1, "high": 20}},
    "choices": {"c": list("abcd"), "d": [1, 2, 3], "e": [True, False]},
    "conditions": {
        "o": ["sgd", "adam"],
        "n": {"type": "int", "low": 1, "high": 5},
        "m": {"type": "int", "low": 1, "high": 4, "when": {"o": "sgd"}},
    },
}


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_no_point_is_tried_twice(name: str, kind: str) -> None:
    space = Space.parse(SPACES[kind])
    sampler = make_sampler(Chosen(name=name), space, 3)
    x, y, seen = np.empty((0, space.dim)), np.empty(0), []
    while isinstance(answer := sampler.ask(history(x, y), len(y)), Proposal):
        values = space.values(answer.x)
        seen.append(str(values))
        x = np.vstack([x, space.point(values)])
        y = np.append(y, float(len(seen) % 3))

    assert len(seen) == len(set(seen)) == space.size()
    assert str(space.size()) in answer.why


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_loss_is_no_obstacle(name: str) -> None:
    space = Space.parse({f"p{i}": {"type": "float", "low": -1, "high": 1} for i in range(3)})
    rng = np.random.default_rng(0)
    sampler = make_sampler(Chosen(name=name), space, 0)

    points = [sampler.ask(history(rng.random((n, 3)), np.ones(n)), n) for n in (1, 15, 60)]

    assert all(isinstance(point, Proposal) and np.isfinite(point.x).all() for point in points)


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_that_was_added_later_is_unknown_in_earlier_trials(name: str) -> None:
    space = Space.parse({f"p{i}": {"type": "float", "low": -1, "high": 1} for i in range(2)})
    x = np.random.default_rng(0).random((40, 2))
    x[:25, 1] = np.nan

    answer = make_sampler(Chosen(name=name), space, 0, grows=True).ask(history(x, x[:, 0]), 40)

    assert isinstance(answer, Proposal) and np.isfinite(answer.x).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_history_of_only_failures_and_infeasible_points_is_no_obstacle(name: str) -> None:
    space = Space.parse({f"p{i}": {"type": "float", "low": -1, "high": 1} for i in range(2)})
    none = np.full(40, np.nan)
    kind = np.where(np.arange(40) % 2, 2, 3)

    seen: History = history(np.random.default_rng(0).random((40, 2)), none, kind)

    assert isinstance(make_sampler(Chosen(name=name), space, 0).ask(seen, 40), Proposal)
