"""Priors: densities against SciPy, draws, and what a right and a wrong one do to a search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from wider_problems import Array, searched

from hptui.core.errors import StudyErrors
from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import SAMPLERS, make_sampler
from hptui.core.search.protocol import Exhausted, History, Proposal
from hptui.core.search.samplers.agreement import trust
from hptui.core.search.samplers.believing import Believing
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

ONE = (Goal("loss"),)
BEST = np.array([0.3, 0.35, 0.25, 0.4])
MIXED: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True, "prior": {"center": 1e-3, "spread": 10}},
    "width": {"type": "int", "low": 1, "high": 10, "default": 4, "prior": {"spread": 2}},
    "optimizer": {"type": "categorical", "choices": ["sgd", "adam", "rms"], "prior": {"center": "adam"}},
    "decay": {"type": "float", "low": 0.0, "high": 1.0},
}


def believing(definitions: dict[str, Any] = MIXED) -> Believing:
    space = Space.parse(definitions)
    return Believing(make_sampler(Chosen(name="random"), space, 0), space, 0)


def test_the_density_is_normal_in_logarithms_and_half_for_the_own_choice() -> None:
    space = Space.parse(MIXED)
    there = [
        {"lr": 1e-3, "width": 4, "optimizer": "adam", "decay": 0.1},
        {"lr": 1e-4, "width": 8, "optimizer": "sgd", "decay": 0.9},
    ]

    at, away = believing().log_density(np.array([space.point(params) for params in there]))

    normal = stats.norm.logpdf
    lr = normal(np.log10(1e-4), np.log10(1e-3), 1.0) - normal(np.log10(1e-3), np.log10(1e-3), 1.0)
    width = normal(8, 4, 2) - normal(4, 4, 2)
    assert away - at == pytest.approx(lr + width + np.log(0.25 / 0.5))


def test_draws_are_as_believed() -> None:
    x = believing()._drawn(np.random.default_rng(0), 4000)

    low, high = -5.0, -1.0
    truncated = stats.truncnorm(low + 3.0, high + 3.0, loc=-3.0, scale=1.0)
    assert stats.kstest(low + x[:, 0] * (high - low), truncated.cdf).pvalue > 0.01
    assert np.mean((x[:, 2] > 1 / 3) & (x[:, 2] < 2 / 3)) == pytest.approx(0.5 + 0.5 / 3, abs=0.03)
    assert stats.kstest(x[:, 3], "uniform").pvalue > 0.01


def test_centers_count_as_defaults_of_the_baseline() -> None:
    assert Space.parse(MIXED).defaults() == {"lr": 1e-3, "width": 4, "optimizer": "adam", "decay": 0.5}


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        ({"center": 2.0}, "space.a.prior.center: 2.0 is outside 0 .. 1"),
        ({"spread": 0.1}, "space.a.prior: it has no center"),
        ({"center": 0.5, "spread": 0}, "space.a.prior.spread: 0 is not above 0"),
        ({"centre": 0.5}, 'space.a.prior.centre: unknown key'),
        (0.5, "space.a.prior: expected a table, not 0.5"),
    ],
)
def test_what_is_wrong_with_a_prior_is_said(prior: Any, said: str) -> None:
    with pytest.raises(StudyErrors) as caught:
        Space.parse({"a": {"type": "float", "low": 0.0, "high": 1.0, "prior": prior}})

    assert any(str(problem).startswith(said) for problem in caught.value.problems)


def test_a_belief_counts_less_the_less_the_trials_bear_it_out() -> None:
    losses = np.arange(20.0)

    assert trust(losses[:0], losses[:0]) == 1.0
    assert trust(losses, losses) == 1.0
    assert trust(-losses, losses) == 0.0
    assert trust(np.zeros(20), losses) == 5 / 25
    assert 0.0 < trust(-losses[:3], losses[:3]) < 0.5


@pytest.mark.parametrize("name", SAMPLERS)
def test_any_sampler_answers_under_a_prior(name: str) -> None:
    space = Space.parse(MIXED)
    sampler, history = assemble(Chosen(name=name), space, 3, ONE), History.empty(4)

    answers = [sampler.ask(history, number) for number in range(12)]

    assert all(isinstance(answer, Proposal) for answer in answers)
    drawn = [answer for answer in answers if "your prior" in answer.why]
    assert 2 <= len(drawn) <= 10


def test_a_finite_space_under_a_prior_is_tried_point_by_point_and_then_exhausted() -> None:
    space = Space.parse({"n": {"type": "int", "low": 1, "high": 6, "prior": {"center": 2, "spread": 1}}})
    sampler, tried = assemble(Chosen(name="random"), space, 0, ONE), []
    while True:
        n = len(tried)
        x = np.array([space.point({"n": v}) for v in tried]).reshape(n, 1)
        answer = sampler.ask(History(x, np.ones(n), np.zeros(n, np.int64), np.arange(n), np.full(n, -1)), n)
        if isinstance(answer, Exhausted):
            break
        tried.append(space.values(answer.x)["n"])

    assert sorted(tried) == [1, 2, 3, 4, 5, 6]


def bowl(x: Array) -> float:
    return float(np.sum((x - BEST) ** 2 * [1, 2, 4, 1]))


def trials_to(center: Array | None, goal: float, seed: int, most: int = 70) -> int:
    def parameter(i: int) -> dict[str, Any]:
        plain = {"type": "float", "low": 0.0, "high": 1.0}
        return plain if center is None else plain | {"prior": {"center": float(center[i]), "spread": 0.1}}

    space = Space.parse({f"x{i}": parameter(i) for i in range(4)})
    y = searched(assemble(Chosen(name="tpe"), space, seed, ONE), bowl, 4, most).y
    return int(np.argmax(y <= goal)) + 1 if (y <= goal).any() else most


def test_a_right_prior_saves_trials_and_a_wrong_one_costs_less_than_half_again() -> None:
    """Geometric means over seeds, with TPE: the trials until a loss of 0.03."""

    def mean(center: Array | None) -> float:
        return float(np.exp(np.mean([np.log(trials_to(center, 0.03, seed)) for seed in range(5)])))

    none, right, wrong = mean(None), mean(BEST + 0.05), mean(np.full(4, 0.9))

    assert right < 0.7 * none
    assert wrong < 1.5 * none
