"""Where a search goes that gains nothing: to the lowest trials of other basins, as long as those lead down."""

from __future__ import annotations

import numpy as np
import pytest

from hptui.core.search.catalog import make_sampler
from hptui.core.search.models.basins import untried
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed
from hptui.core.search.protocol import Array, History, Proposal
from hptui.core.search.samplers.auto import LEAVES_AT, LEAVES_FROM, stuck
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

LINE = Space.parse({"x": {"type": "float", "low": 0.0, "high": 1.0}})
SQUARE = Space.parse({name: {"type": "float", "low": 0.0, "high": 1.0} for name in "ab"})
ROW = np.arange(20) / 20 + 0.025  # on a line a box goes 0.01 to either side: no two of these share one


def seen(x: Array, y: Array) -> Observed:
    none = np.empty((0, x.shape[1]))
    return Observed(x, y, np.arange(len(y)), np.zeros(len(y), bool), none, none)


def rows(x: Array, y: Array, space: Space = LINE) -> list[int]:
    return [row for row, _ in untried(seen(x, y), Layout(space))]


def test_basins_are_the_trials_with_no_better_one_around_them_but_for_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((60, 2)), rng.random(60)
    half = 0.5 * 0.02**0.5
    lowest = [i for i in range(60) if y[i] == y[(np.abs(x - x[i]) <= half).all(axis=1)].min()]

    found = rows(x, y, SQUARE)

    assert set(found) <= set(lowest) - {int(y.argmin())}
    assert found == sorted(found, key=lambda row: y[row])
    # with so few trials hardly a basin was given up
    assert len(found) >= len(lowest) - 3


def test_a_basin_is_given_up_after_more_trials_than_parameters_without_progress() -> None:
    x, y = ROW.copy(), np.full(20, 9.0)
    y[3], y[10] = 1.0, 5.0
    x[[18, 19]] = x[10] + 0.005
    y[[18, 19]] = 8.0
    given_up = rows(x[:, None], y)
    y[18] = 4.0  # closes a quarter of the gap to the best
    still_given_up = rows(x[:, None], y)
    y[18] = 2.5  # closes more than half
    goes_on = rows(x[:, None], y)

    assert 10 not in given_up and not {10, 18} & set(still_given_up)
    assert goes_on[0] == 18


def test_another_choice_is_another_basin_and_whole_numbers_have_neighbours() -> None:
    numbers = {"type": "int", "low": 0, "high": 9}
    space = Space.parse({"c": {"type": "categorical", "choices": ["a", "b"]}, "n": numbers})
    x = np.column_stack([np.repeat([0.25, 0.75], 10), np.tile((np.arange(10) + 0.5) / 10, 2)])
    y = np.full(20, 9.0)
    y[[4, 14]] = 1.0, 2.0

    row, box = next(untried(seen(x, y), Layout(space)))

    assert row == 14
    assert np.flatnonzero(box.holds(x)).tolist() == [13, 14, 15]
    assert [end.tolist() for end in box.ends] == [[0.75, pytest.approx(0.35)], [0.75, pytest.approx(0.55)]]


def test_where_a_parameter_is_inactive_a_box_holds_whatever_it_is() -> None:
    space = Space.parse({"c": [1, "b"], "u": {"type": "float", "low": 0.0, "high": 1.0, "when": {"c": "b"}}})
    x = np.array([[0.75, 0.5], [0.25, np.nan], [0.25, np.nan], [0.75, 0.1]])

    found = dict(untried(seen(x, np.array([1.0, 2.0, 3.0, 4.0])), Layout(space)))

    assert list(found) == [1, 3]
    assert found[1].holds(x).tolist() == [False, True, True, False]
    assert [end.tolist() for end in found[1].ends] == [[0.25, 0.0], [0.25, 1.0]]


def two_valleys(trials: int) -> History:
    """30 points in and around the worse valley, then all next to the bottom of the better one."""
    rng = np.random.default_rng(0)
    x = np.vstack([rng.uniform(0.4, 1.0, (30, 2)), 0.2 + 1e-3 * rng.standard_normal((trials - 30, 2))])
    x[29] = 0.2
    away, other = ((x - 0.2) ** 2).sum(axis=1), ((x - 0.8) ** 2).sum(axis=1)
    y = np.minimum(away, other + 0.02)
    return History(x, y, np.zeros(trials, np.int64), np.arange(trials), np.full(trials, -1))


def reasons(history: History) -> list[Proposal]:
    sampler, n = make_sampler(Chosen(name="auto"), SQUARE, 0), len(history)
    answers = [sampler.ask(history, number) for number in range(n + -n % 3, n + -n % 3 + 3)]
    return [answer for answer in answers if isinstance(answer, Proposal)]


def test_auto_that_gains_nothing_goes_down_another_valley_with_every_third_trial() -> None:
    history = two_valleys(LEAVES_FROM)

    proposals = reasons(history)

    assert stuck(history.y, LEAVES_AT)
    assert [one.why.partition(" of ")[0] for one in proposals] == ["gp", "tpe: the best 10", "gp, in the basin"]
    assert np.abs(proposals[2].x - 0.8).max() < 0.2


def test_before_a_hundred_trials_and_while_something_is_gained_auto_stays() -> None:
    short, gaining = two_valleys(LEAVES_FROM - 1), two_valleys(LEAVES_FROM)
    gaining.y[-1] = -float(np.median(gaining.y))

    told = [one.why for one in reasons(short) + reasons(gaining)]

    assert not any("in the basin" in why for why in told)
