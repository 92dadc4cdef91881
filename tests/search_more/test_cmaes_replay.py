"""Our CMA-ES is the `cmaes` package's, step by step."""

from __future__ import annotations

import cmaes
import numpy as np
import pytest
from spaces_and_histories import floats, history, mixed, trials

from hptui.core.search.protocol import Array, History, Proposal
from hptui.core.search.samplers.cmaes import CmaEs
from hptui.core.search.samplers.judged import judged
from hptui.core.space.space import Space


def proposed(sampler: CmaEs, seen: History) -> Array:
    answer = sampler.ask(seen, len(seen))
    assert isinstance(answer, Proposal)
    return answer.x


def loss(x: Array) -> float:
    return float(((x - 0.3) ** 2 @ [1.0, 10.0, 100.0]) + 0.5 * x[0] * x[1])


@pytest.mark.parametrize("population", [6, 9])
def test_mean_deviation_shape_and_draws_are_those_of_the_package_driven_directly(population: int) -> None:
    ours = CmaEs(floats(3), seed=5, startup=4, population=population)
    x = list(np.random.default_rng(0).random((4, 3)))
    y = [loss(u) for u in x]
    weights = np.log(2.5) - np.log([1, 2])
    theirs = cmaes.CMA(
        mean=weights @ np.array(x)[np.argsort(y)[:2]] / weights.sum(),
        sigma=0.17,
        bounds=np.tile([0.0, 1.0], (3, 1)),
        population_size=population,
    )
    for _ in range(8):
        told = []
        for _ in range(population):
            theirs.reseed_rng(int(np.random.SeedSequence([5, len(y)]).generate_state(1)[0]))
            point = theirs.ask()
            np.testing.assert_allclose(proposed(ours, history(np.array(x), np.array(y))), point, atol=1e-9)
            x.append(point)
            y.append(loss(point))
            told.append((point, y[-1]))
        theirs.tell(told)
        state = ours._replayed(judged(history(np.array(x), np.array(y))))
        np.testing.assert_allclose(state.cma.mean, theirs.mean, atol=1e-9)
        np.testing.assert_allclose(state.cma._C, theirs._C, atol=1e-9)
        assert state.cma._sigma == pytest.approx(theirs._sigma)


def test_a_replay_from_the_start_and_one_that_goes_on_agree() -> None:
    seen, going_on = trials(mixed(), 100), CmaEs(mixed(), 0)
    for n in range(10, 101, 7):
        part = History(seen.x[:n], seen.y[:n], seen.kind[:n], seen.numbers[:n], seen.steps[:n])

        np.testing.assert_array_equal(proposed(going_on, part), proposed(CmaEs(mixed(), 0), part))


def test_a_history_that_was_corrected_is_replayed_from_the_start() -> None:
    seen, sampler = trials(floats(3), 60), CmaEs(floats(3), 0)
    other = history(seen.x, seen.y[::-1])

    proposed(sampler, seen)

    np.testing.assert_array_equal(proposed(sampler, other), proposed(CmaEs(floats(3), 0), other))


def test_choices_that_do_well_are_drawn_more_often_and_none_is_given_up() -> None:
    space = Space.parse({"c": list("abcd"), "x": {"type": "float", "low": 0, "high": 1}})
    sampler, x, y = CmaEs(space, 0), np.empty((0, 2)), np.empty(0)
    for _ in range(90):
        point = proposed(sampler, history(x, y))
        x, y = np.vstack([x, point]), np.append(y, (space.values(point)["c"] != "c") + 0.1 * point[1])

    [shares] = sampler._replayed(judged(history(x, y))).shares.values()

    assert shares.sum() == pytest.approx(1.0)
    assert shares[2] > 0.7 and shares.min() >= 0.05 / 4


def test_a_step_is_still_left_when_the_distribution_has_become_narrow() -> None:
    """All trials at one integer: the deviation shrinks, the margin does not."""
    space = Space.parse({"n": {"type": "int", "low": 1, "high": 9}, "x": {"type": "float", "low": 0, "high": 1}})
    rng = np.random.default_rng(0)
    x = np.column_stack([np.full(200, 0.5), 0.5 + 1e-3 * rng.normal(size=200)])
    seen = history(x, np.abs(x[:, 1] - 0.5))
    sampler = CmaEs(space, 0)

    drawn = [sampler._draw(sampler._replayed(judged(seen)), number)[0] for number in range(300)]

    assert sum(int(u * 9) != 4 for u in drawn) > 3


def test_it_starts_again_with_twice_the_population_when_nothing_moves() -> None:
    """A constant loss: after so many generations without a difference the package says stop."""
    rng = np.random.default_rng(0)
    seen = history(rng.random((2000, 2)), np.zeros(2000))

    state = CmaEs(floats(2), 0)._replayed(judged(seen))

    assert state.restarts >= 1
    assert state.cma.population_size == 6 * 2**state.restarts
