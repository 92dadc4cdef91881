"""Trials as columns, the search as it came along, edges, the ledger as a line in time."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from hptui.core.advice.regions import NEAR_EDGE, Edge, tail
from hptui.core.review.columns import columns, dimension
from hptui.core.review.compare import Contender, bests, luck, mismatch, spaces
from hptui.core.review.history import By, history, steps
from hptui.core.review.ledger import ledger
from hptui.core.review.slices import edge, field, flat, spearman
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import CONSTRAINTS

LR: dict[str, Any] = {"type": "float", "low": 1e-4, "high": 1.0, "log": True}


def done(number: int, value: float, x: float = 0.1, state: str = "COMPLETE", **more: Any) -> TrialRow:
    times: dict[str, Any] = {"started_at": 10.0 * number, "ended_at": 10.0 * number + 8, "busy_s": 4.0}
    return TrialRow(number, state, {"x": x}, value=value, **{**times, **more})


def test_a_parameter_lies_where_its_scale_puts_it() -> None:
    found = dimension("lr", LR, [{"lr": 1e-4}, {"lr": 1e-2}, {"lr": 1.0}, {}])

    np.testing.assert_allclose(found.unit, [0.0, 0.5, 1.0, np.nan])
    assert [found.at(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([1e-4, 1e-2, 1.0])


def test_choices_are_told_apart_as_json_does() -> None:
    found = dimension("c", {"choices": [True, 1, "1", None]}, [{"c": 1}, {"c": "1"}, {"c": True}, {"c": 7}])

    np.testing.assert_array_equal(found.values, [1.0, 2.0, 0.0, np.nan])


def test_values_beyond_the_range_widen_the_axis() -> None:
    found = dimension("lr", {"type": "float", "low": 0.0, "high": 1.0}, [{"lr": 4.0}])

    assert (found.low, found.high) == (0.0, 4.0)


def test_a_value_that_is_no_number_is_no_loss() -> None:
    found = columns([done(0, math.nan), done(1, math.inf), done(2, 3.0)], {}, -1.0)

    np.testing.assert_array_equal(found.loss, [np.nan, np.nan, -3.0])
    np.testing.assert_array_equal(found.complete, [False, False, True])


def test_the_best_so_far_knows_only_complete_trials_in_the_order_in_which_they_ended() -> None:
    rows = [
        done(0, 5.0), done(1, 1.0, state="PRUNED"), done(2, 7.0, ended_at=100.0), done(3, 4.0),
        done(4, 6.0, state="PRUNED"), done(5, 0.0, state="RUNNING", ended_at=None),
    ]  # fmt: skip

    found = history(columns(rows, {}), By.TRIALS)

    assert found.number.tolist() == [0, 1, 3, 4, 2]
    assert found.best.tolist() == [5.0, 5.0, 4.0, 4.0, 4.0]
    assert (found.records.tolist(), found.since_record) == ([0, 2], 1)


def test_a_search_is_measured_by_the_clock_or_by_what_devices_worked() -> None:
    rows = [done(0, 5.0), done(1, 4.0), done(2, 3.0, busy_s=0.0)]

    clock, device = history(columns(rows, {}), By.CLOCK, begin=3.0), history(columns(rows, {}), By.DEVICE)

    assert clock.x.tolist() == [5.0, 15.0, 25.0]
    assert device.x.tolist() == [4.0, 8.0, 16.0]  # without pauses known, from its start to its end


def test_a_step_line_holds_each_value_until_the_next() -> None:
    x, y = steps(np.array([1.0, 3.0, 4.0]), np.array([9.0, 5.0, 2.0]))

    assert list(zip(x.tolist(), y.tolist(), strict=True)) == [(1, 9), (3, 9), (3, 5), (4, 5), (4, 2)]


# --- edges --------------------------------------------------------------------------------------------------------


def along(xs: list[float]) -> tuple[Any, Any]:
    """Trials of which the first are the best."""
    found = columns([done(i, float(i), x) for i, x in enumerate(xs)], {"x": {"type": "float", "low": 0.0, "high": 1.0}})
    return found, found.dimensions[0]


def test_best_trials_crowded_at_an_edge_are_told_with_their_number() -> None:
    found = edge(*along([0.01, 0.02, 0.03, 0.04, *np.linspace(0.2, 0.9, 30)]))

    assert found == Edge("low", 4, 5, tail(4, 5, NEAR_EDGE)) and found.p < 0.01


def test_two_at_an_edge_or_twenty_trials_in_the_middle_are_no_edge() -> None:
    assert edge(*along([0.99, 0.98, *np.linspace(0.1, 0.8, 30)])).at == ""
    assert edge(*along([0.01] * 10)).of == 0  # too few to say


def test_the_tail_of_the_binomial_is_the_sum_over_every_outcome() -> None:
    n, share = 5, 0.3
    brute = sum(
        share ** len(hit) * (1 - share) ** (n - len(hit)) for k in range(2, n + 1) for hit in combinations(range(n), k)
    )

    assert tail(2, n, share) == pytest.approx(brute)


def test_rank_correlation_is_scipys_with_ties() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 40).astype(float), rng.random(40)

    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert spearman(np.ones(4), b[:4]) == 0.0


def test_a_parameter_without_effect_is_flat_and_a_parabola_is_not() -> None:
    rng = np.random.default_rng(1)
    xs = rng.random(60)
    space = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
    noise = columns([done(i, float(rng.random()), float(x)) for i, x in enumerate(xs)], space)
    bowl = columns([done(i, float((x - 0.5) ** 2), float(x)) for i, x in enumerate(xs)], space)

    assert (flat(noise, noise.dimensions[0]), flat(bowl, bowl.dimensions[0])) == (True, False)


def test_the_field_is_low_where_the_good_trials_are_and_empty_where_there_are_none() -> None:
    space = {"x": {"type": "float", "low": 0.0, "high": 1.0}, "c": {"choices": ["a", "b"]}}
    rows = [TrialRow(i, "COMPLETE", {"x": 0.05, "c": "ab"[i % 2]}, value=float(i % 2), ended_at=1.0) for i in range(10)]
    found = columns(rows, space)

    loss = field(found, *found.dimensions, np.ones(10, bool), 20, 4)

    assert loss[3, 1] == pytest.approx(0.0) and loss[0, 1] == pytest.approx(1.0)  # "a" lies below "b"
    assert np.isnan(loss[:, 15:]).all()


# --- sessions beside each other -----------------------------------------------------------------------------------


def contender(name: str, values: list[float | None], **more: Any) -> Contender:
    rows = [done(i, 0.0 if v is None else v, state="FAIL" if v is None else "COMPLETE") for i, v in enumerate(values)]
    kept = [row for row in rows if row.state == "COMPLETE"]
    given: dict[str, Any] = {"metric": "loss", "direction": "minimize", "space": {"x": LR}, **more}
    best = min(kept, key=lambda row: row.value or 0.0)
    trials = columns(rows, given["space"])
    return Contender(name, given["metric"], given["direction"], "random", "none", 0.0, given["space"], trials, best)


def test_the_band_of_luck_is_that_of_every_order_of_the_trials() -> None:
    values: list[float | None] = [3.0, 1.0, None, 2.0, 5.0]
    orders = list(permutations([math.inf if v is None else v for v in values]))
    so_far = np.minimum.accumulate(np.array(orders), axis=1)

    found = luck(contender("a", values), 0.1, 0.9)

    low = np.quantile(so_far, 0.1, axis=0, method="inverted_cdf")
    high = np.quantile(so_far, 0.9, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(found.x, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(found.low, low)
    np.testing.assert_array_equal(found.high, np.where(np.isfinite(high), high, np.nan))


def test_what_differs_between_sessions_is_told_parameter_by_parameter() -> None:
    other = {"x": {**LR, "high": 0.5}, "y": {"choices": [1, 2]}}
    pair = [contender("a", [1.0]), contender("b", [2.0], space=other)]

    assert [(row.name, row.differs) for row in spaces(pair)] == [("x", True), ("y", True)]
    assert [(row.name, row.cells, row.differs) for row in bests(pair)] == [("x", (0.1, 0.1), False)]


def test_sessions_of_different_questions_are_said_to_be_so() -> None:
    a, b = contender("a", [1.0]), contender("b", [1.0], metric="acc", direction="maximize")

    assert mismatch([a, a]) == ""
    assert mismatch([a, b]) == "not the same question: a minimizes loss; b maximizes acc"
    assert mismatch([replace(a, objectives=2), a]) == "only loss is compared, and of objectives a has 2"


# --- the ledger ---------------------------------------------------------------------------------------------------

STORY = [
    (1, 0.0, "opened", None), (2, 1.0, "proposed", 0), (3, 2.0, "started", 0), (5, 3.0, "proposed", 1),
    (6, 4.0, "paused", 0), (7, 4.5, "paused", None), (8, 5.0, "resumed", 0), (9, 6.0, "ended", 0), (10, 6.0, "best", 0),
    (11, 7.0, "started", 1), (12, 8.0, "ended", 1),
]  # fmt: skip


def test_every_event_of_the_ledger_tells_how_each_trial_stood() -> None:
    found = ledger([STORY[:4], STORY[4:]])

    stood = [found.stood(index) for index in (0, 1, 2, 4, 5, 6, 10)]

    assert stood == [
        {}, {0: "WAITING"}, {0: "RUNNING"}, {0: "PAUSED", 1: "WAITING"}, {0: "PAUSED", 1: "WAITING"},
        {0: "RUNNING", 1: "WAITING"}, {0: "ENDED", 1: "ENDED"},
    ]  # fmt: skip


def test_jumps_go_to_new_bests_and_to_failures() -> None:
    found = ledger([STORY])

    assert [found.jump(index, by, failed={1}) for index, by in ((0, 1), (8, 1), (10, 1), (10, -1), (8, -1))] == [
        8, 10, None, 8, None,
    ]  # fmt: skip
    assert len(ledger([])) == 0 and ledger([]).stood(-1) == {}


def test_the_best_so_far_is_of_trials_that_kept_their_constraints() -> None:
    broke = {CONSTRAINTS: {"memory": 2.0}}
    found = history(columns([done(0, 5.0), done(1, 1.0, attrs=broke), done(2, 4.0)], {}), By.TRIALS)

    np.testing.assert_array_equal(found.best, [5.0, 5.0, 4.0])
    np.testing.assert_array_equal(found.loss, [5.0, 1.0, 4.0])
    assert found.records.tolist() == [0, 2]
