from __future__ import annotations

import numpy as np
import pytest

from hptui.core.search.models.candidates import everywhere, near, neighbours
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import observe, thinned
from hptui.core.search.protocol import Array, History, Kind
from hptui.core.space.space import Space

SPACE = Space.parse(
    {
        "optimizer": ["sgd", "adam", "lion"],
        "batch": ["16", "32", "64"],
        "width": {"type": "int", "low": 4, "high": 128, "log": True},
        "layers": {"type": "int", "low": 1, "high": 3},
        "drop": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
        "lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
        "fixed": {"type": "int", "low": 7, "high": 7},
        "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
        "nesterov": {"type": "categorical", "choices": [True, False], "when": {"optimizer": ["sgd"]}},
        "width2": {"type": "int", "low": 1, "high": 9, "when": {"layers": [2, 3], "optimizer": ["sgd", "lion"]}},
    }
)
LAYOUT = Layout(SPACE)


def draws(n: int = 300) -> Array:
    return np.random.default_rng(0).random((n, SPACE.dim))


def test_snapping_keeps_values_and_is_what_reading_them_back_gives() -> None:
    x = draws()

    snapped = LAYOUT.snap(x)

    for point, moved in zip(x, snapped, strict=True):
        expected = SPACE.point(SPACE.values(point))
        np.testing.assert_allclose(moved, expected, atol=1e-9)
    np.testing.assert_array_equal(LAYOUT.snap(snapped), snapped)


def test_two_choices_are_one_apart_and_numbers_lie_between_0_and_1() -> None:
    x = np.repeat(draws(1), 3, axis=0)
    x[:, 0] = [1 / 6, 3 / 6, 5 / 6]
    x[:, 7:] = np.nan

    features = LAYOUT.features(LAYOUT.snap(x))

    apart = features[:, None] - features[None]
    np.testing.assert_allclose((apart**2).sum(-1), 1 - np.eye(3))
    everything = LAYOUT.features(LAYOUT.snap(draws()))
    assert (everything.min(), everything.max()) == (0.0, 1.0)


def test_choices_that_read_as_numbers_are_in_their_order() -> None:
    kinds = {name: axis.kind for name, axis in zip(SPACE.names, LAYOUT.axes, strict=True)}

    assert kinds == {
        "optimizer": "choice",
        "batch": "ordered",
        "width": "ordered",
        "layers": "ordered",
        "drop": "ordered",
        "lr": "continuous",
        "fixed": "fixed",
        "momentum": "continuous",
        "nesterov": "choice",
        "width2": "ordered",
    }


def test_every_candidate_is_a_point_of_the_space() -> None:
    rng = np.random.default_rng(0)
    centres = LAYOUT.snap(draws(3))
    around = neighbours(LAYOUT, centres[0])

    for points in (everywhere(LAYOUT, rng, 50), near(LAYOUT, rng, centres, np.ones(9), 200), around):
        np.testing.assert_array_equal(LAYOUT.snap(points), points)
        for point in points:
            np.testing.assert_array_equal(~np.isnan(point), SPACE.active(np.nan_to_num(point, nan=0.5)))


def test_neighbours_have_every_other_choice_and_the_next_numbers() -> None:
    x = LAYOUT.snap(draws(1))[0]
    values = SPACE.values(np.nan_to_num(x, nan=0.5))

    others = [SPACE.values(np.nan_to_num(p, nan=0.5)) for p in neighbours(LAYOUT, x)]

    assert {o["optimizer"] for o in others} == {"sgd", "adam", "lion"}
    assert {o["layers"] for o in others} == {1, 2, 3}
    assert {o["width"] for o in others} == {w for d in (-2, -1, 0, 1, 2) if (w := values["width"] + d) >= 4}


def history(y: list[float], kinds: list[Kind]) -> History:
    n = len(y)
    return History(draws(n), np.array(y), np.array(kinds, np.int64), np.arange(n), np.full(n, 3))


def test_a_history_says_what_each_kind_of_trial_can_say() -> None:
    nan, inf = float("nan"), float("inf")
    seen = observe(
        history(
            [1.0, 2.0, nan, nan, nan, inf, -inf, 0.5],
            [
                Kind.COMPLETE,
                Kind.PRUNED,
                Kind.INFEASIBLE,
                Kind.FAILED,
                Kind.PENDING,
                Kind.COMPLETE,
                Kind.COMPLETE,
                Kind.PENDING,
            ],
        ),
        LAYOUT,
    )

    assert seen.y.tolist() == [1.0, 2.0, 2.0]
    assert seen.stopped.tolist() == [False, True, False]
    assert (len(seen.pending), len(seen.infeasible)) == (2, 1)
    assert seen.doubt[1] > 0 == seen.doubt[0] == seen.doubt[2]


@pytest.mark.parametrize("n", [5, 10, 11, 5000])
def test_thinning_keeps_the_best_half_and_spreads_the_rest(n: int) -> None:
    y = np.random.default_rng(0).random(n)

    rows = thinned(y, 10)

    assert len(rows) == min(n, 10) and np.all(np.diff(rows) > 0)
    assert set(np.argsort(y)[:5]) <= set(rows)


def test_a_condition_on_a_number_of_countless_values_takes_no_table_of_them() -> None:
    definitions = {"k": {"type": "int", "low": 1, "high": 10**13}, "x": {"type": "float", "low": 0.0, "high": 1.0}}
    layout = Layout(Space.parse({**definitions, "x": {**definitions["x"], "when": {"k": [1, 10**13]}}}))

    snapped = layout.snap(np.array([[0.0, 0.5], [1.0, 0.5], [0.5, 0.5]]))

    np.testing.assert_array_equal(np.isnan(snapped[:, 1]), [False, False, True])
