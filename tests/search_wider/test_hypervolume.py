"""Fronts and hypervolumes, against counting and sampling."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from hptui.core.search.models.hypervolume import boxes, expected_improvement, front, fronts, hypervolume

SIDE = 6  # losses are whole numbers below this, and so is the reference: then volumes are counts of unit cells


def losses(k: int) -> st.SearchStrategy[NDArray[np.float64]]:
    whole = st.integers(0, SIDE).map(float)
    return st.integers(0, 8).flatmap(lambda n: arrays(np.float64, (n, k), elements=whole))


def counted(points: NDArray[np.float64], k: int) -> float:
    """Unit cells of the cube whose lower corner is at least as bad as a point."""
    cells = np.array(list(itertools.product(range(SIDE), repeat=k)), float)
    return float(sum(any(np.all(p <= cell) for p in points) for cell in cells))


@pytest.mark.parametrize("k", [1, 2, 3])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_hypervolume_is_the_number_of_cells_that_the_points_reach(k: int, data: st.DataObject) -> None:
    points = data.draw(losses(k))

    assert hypervolume(points, np.full(k, float(SIDE))) == counted(points, k)


@pytest.mark.parametrize("k", [2, 3])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_fronts_are_what_is_left_when_those_before_are_taken_away(k: int, data: st.DataObject) -> None:
    points = data.draw(losses(k))

    found = fronts(points)

    for level in range(int(found.max(initial=-1)) + 1):
        left = points[found >= level]
        np.testing.assert_array_equal(front(left), found[found >= level] == level)


@pytest.mark.parametrize("k", [2, 3])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_front_is_what_no_other_row_beats(k: int, data: st.DataObject) -> None:
    points = data.draw(losses(k))

    beaten = [any(np.all(q <= p) and np.any(q < p) for q in points) for p in points]
    assert front(points).tolist() == [not each for each in beaten]


def test_a_row_that_is_not_known_is_never_on_the_front() -> None:
    assert front(np.array([[0.0, np.nan], [1.0, 1.0]])).tolist() == [False, True]


@pytest.mark.parametrize("k", [2, 3])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_boxes_cover_each_cell_that_no_point_reaches_once(k: int, data: st.DataObject) -> None:
    points, reference = data.draw(losses(k)), np.full(k, float(SIDE))

    lower, upper = boxes(points, reference)

    for cell in itertools.product(range(SIDE), repeat=k):
        middle = np.array(cell) + 0.5
        inside = int(np.sum(np.all((lower < middle) & (middle < upper), axis=1)))
        assert inside == (not any(np.all(p <= np.array(cell)) for p in points))


@pytest.mark.parametrize("k", [2, 3])
def test_the_expected_improvement_is_the_mean_of_improvements(k: int) -> None:
    rng = np.random.default_rng(k)
    points, reference = rng.random((6, k)), np.full(k, 1.1)
    mean, sd = rng.random((3, k)), 0.1 + 0.3 * rng.random((3, k))
    before = hypervolume(points, reference)

    expected = expected_improvement(mean, sd, *boxes(points, reference))

    for i in range(3):
        drawn = mean[i] + sd[i] * rng.standard_normal((400, k))
        gains = [hypervolume(np.vstack([points, draw]), reference) - before for draw in drawn]
        error = float(np.std(gains)) / np.sqrt(len(gains))
        assert abs(expected[i] - np.mean(gains)) < 4 * error + 1e-9
