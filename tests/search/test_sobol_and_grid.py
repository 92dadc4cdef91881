from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc
from search_strategies import GRIDDABLE, space

from hptui.core.errors import StudyError
from hptui.core.search.catalog import make_sampler
from hptui.core.search.protocol import History, Proposal
from hptui.core.search.samplers.grid import spread
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen


def floats(dim: int) -> Space:
    return Space.parse({f"p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(dim)})


def asked(sampler_name: str, here: Space, number: int, seed: int = 7) -> Proposal:
    answer = make_sampler(Chosen(name=sampler_name), here, seed).ask(History.empty(here.dim), number)
    assert isinstance(answer, Proposal)
    return answer


@pytest.mark.parametrize("dim", [1, 3, 50])
def test_sobol_points_are_scipys_in_whatever_order_they_are_asked(dim: int) -> None:
    expected = qmc.Sobol(dim, scramble=True, rng=7).random(2048)
    here = floats(dim)

    for number in [2047, 0, 300, 255, 256, 1, 1023, 511, 0]:
        np.testing.assert_array_equal(asked("quasi_random", here, number).x, expected[number])


def test_many_dimensions_come_in_smaller_blocks_and_are_the_same_points() -> None:
    expected = qmc.Sobol(3000, scramble=True, rng=7).random(256)
    here = floats(3000)

    for number in [0, 63, 64, 200]:
        np.testing.assert_array_equal(asked("quasi_random", here, number).x, expected[number])


def test_a_sobol_point_says_which_it_is() -> None:
    assert asked("quasi_random", floats(2), 17).why == "Sobol point 17"


def test_more_parameters_than_sobol_has_directions_for_are_refused() -> None:
    with pytest.raises(StudyError) as caught:
        make_sampler(Chosen(name="quasi_random"), floats(21202), 0)

    assert caught.value.where == "sampler.name"
    assert caught.value.problem == "Sobol points exist for up to 21201 parameters, and the space has 21202"
    assert caught.value.hint == 'use sampler "random"'


@pytest.mark.parametrize("count", [*range(1, 60), 125, 625, 1000, 99_999])
def test_a_grid_visits_each_point_once(count: int) -> None:
    assert sorted(spread(place, count) for place in range(count)) == list(range(count))


def test_a_grid_starts_in_the_middle_and_sees_every_value_early() -> None:
    """Of a 5 x 5 grid, the first eight points have every value of either parameter."""
    points = [divmod(spread(place, 25), 5) for place in range(25)]

    assert points[0] == (2, 2)
    assert {row for row, _ in points[:8]} == {column for _, column in points[:8]} == set(range(5))


@pytest.mark.parametrize(("levels", "dim"), [(5, 3), (4, 4), (3, 6), (2, 8)])
def test_a_grid_that_is_stopped_early_has_seen_every_value_of_every_parameter(levels: int, dim: int) -> None:
    """Nested loops need levels ** (dim - 1) points to see a second value of the first parameter."""
    count = levels**dim
    first = np.array([np.unravel_index(spread(place, count), (levels,) * dim) for place in range(5 * levels)])

    assert [len(set(first[:, axis])) for axis in range(dim)] == [levels] * dim


def test_a_grid_point_says_which_it_is_of_how_many() -> None:
    assert asked("grid", floats(2), 0).why == "grid point 1 of 25"


def test_a_grid_skips_what_was_tried_by_hand() -> None:
    here = floats(2)
    middle = History(np.array([[0.5, 0.5]]), np.array([1.0]), *(np.zeros(1, np.int64),) * 3)

    answer = make_sampler(Chosen(name="grid"), here, 0).ask(middle, 1)

    assert answer.why == "grid point 2 of 25"


def test_points_sets_how_many_values_a_float_has() -> None:
    sampler = make_sampler(Chosen(name="grid", options={"points": 3}), space("one float"), 0)

    assert sampler.ask(History.empty(1), 0).why == "grid point 1 of 3"


def test_a_grid_too_large_to_ever_finish_is_refused() -> None:
    with pytest.raises(StudyError) as caught:
        make_sampler(Chosen(name="grid"), floats(10), 0)

    assert caught.value.problem == "the grid has 9,765,625 points, and more than 100,000 are not kept in mind"


@pytest.mark.parametrize("kind", GRIDDABLE)
@pytest.mark.parametrize("points", [1, 3])
def test_the_size_of_a_grid_is_known_without_making_it(kind: str, points: int) -> None:
    here = space(kind)

    assert here.size(points) == len(list(here.grid(points)))
