"""What the Gaussian processes and the default do on small problems whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from hptui.core.search.catalog import make_sampler
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.process import Process
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import History, Kind, Proposal
from hptui.core.search.samplers.auto import TURNS_FROM, stuck
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

NAMES = ["gp", "auto"]
Loss = Callable[[Mapping[str, Any]], float]


def floats(dim: int) -> Space:
    return Space.parse({f"x{i}": {"type": "float", "low": -1.0, "high": 1.0} for i in range(dim)})


def sphere(values: Mapping[str, Any]) -> float:
    return float(sum((v - 0.3) ** 2 for v in values.values()))


def search(
    name: str, space: Space, loss: Loss, trials: int, seed: int = 0, parallel: int = 1
) -> tuple[History, list[Mapping[str, Any]], list[str]]:
    """History, values and reasons after so many trials; `parallel` of them are always outstanding.

    A loss of NaN means that the point can't be evaluated.
    """
    sampler, trials_seen = make_sampler(Chosen(name=name), space, seed), Observations(space.dim)
    values: list[Mapping[str, Any]] = []
    reasons: list[str] = []
    for number in range(trials):
        answer = sampler.ask(trials_seen.history(), number)
        assert isinstance(answer, Proposal)
        values.append(space.values(answer.x))
        reasons.append(answer.why)
        ended = number - parallel + 1
        for n in {number, ended} if ended >= 0 else {number}:
            x = tuple(None if u != u else float(u) for u in space.point(values[n]))
            y = loss(values[n])
            if n != ended:
                trials_seen.add(Observation(n, x))
            elif y != y:
                trials_seen.add(Observation(n, x, None, Kind.INFEASIBLE))
            else:
                trials_seen.add(Observation(n, x, y, Kind.COMPLETE))
    return trials_seen.history(), values, reasons


@pytest.mark.parametrize("name", NAMES)
def test_a_bowl_is_followed_down(name: str) -> None:
    history, _, _ = search(name, floats(3), sphere, 30)

    assert np.nanmin(history.y) < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_four_outstanding_trials_do_not_crowd_and_still_find_the_bottom(name: str) -> None:
    history, _, _ = search(name, floats(2), sphere, 32, parallel=4)

    known = history.x[~np.isnan(history.x).any(axis=1)]
    apart = np.linalg.norm(known[:, None] - known[None], axis=-1)[np.triu_indices(len(known), 1)]
    assert np.nanmin(history.y) < 1e-3
    assert apart.min() > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_right_choice_and_its_conditional_value_are_found(name: str) -> None:
    space = Space.parse(
        {
            "kind": ["a", "b", "c"],
            "u": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "b"}},
            "n": {"type": "int", "low": 1, "high": 40},
        }
    )

    def loss(values: Mapping[str, Any]) -> float:
        choice = 5 * (values["u"] - 0.7) ** 2 if values["kind"] == "b" else 1.0
        return float(choice + ((values["n"] - 17) / 40) ** 2)

    history, values, _ = search(name, space, loss, 35)

    best = values[int(np.nanargmin(history.y))]
    assert best["kind"] == "b" and abs(best["u"] - 0.7) < 0.1 and abs(best["n"] - 17) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_a_region_that_can_not_be_evaluated_is_left_alone(name: str) -> None:
    """The bottom of the bowl lies beyond the border of what fits into memory."""

    def loss(values: Mapping[str, Any]) -> float:
        return float("nan") if values["x0"] + values["x1"] > 0.2 else sphere(values)

    history, _, _ = search(name, floats(2), loss, 40)

    late = history.kind[15:]
    assert np.mean(late == Kind.INFEASIBLE) < 0.6
    assert np.nanmin(history.y) < 0.09  # 0.08 is the lowest on the border


def test_failed_trials_say_nothing() -> None:
    """With and without failures in the history, the point is the same: only its own trials count."""
    space = floats(2)
    rng = np.random.default_rng(0)
    x, y = rng.random((12, 2)), rng.random(12)
    told = History(x, y, np.zeros(12, np.int64), np.arange(12), np.zeros(12, np.int64))
    lost = rng.random((3, 2))
    kind = np.r_[told.kind, np.full(3, Kind.FAILED)]
    steps = np.zeros(15, np.int64)
    more = History(np.vstack([x, lost]), np.r_[y, np.full(3, np.nan)], kind, np.arange(15), steps)
    sampler = make_sampler(Chosen(name="gp"), space, 0)

    first, second = sampler.ask(told, 20), sampler.ask(more, 20)

    assert isinstance(first, Proposal) and isinstance(second, Proposal)
    np.testing.assert_array_equal(first.x, second.x)


@pytest.mark.parametrize("scale", [1e200, -1e200])
def test_losses_whose_squares_no_float_holds_are_learned_from(scale: float) -> None:
    rng = np.random.default_rng(0)
    none = np.zeros(12, np.int64)
    told = History(rng.random((12, 2)), scale * rng.random(12), none, np.arange(12), none)

    answer = make_sampler(Chosen(name="gp"), floats(2), 0).ask(told, 12)

    assert isinstance(answer, Proposal) and answer.why == "gp"


@pytest.mark.parametrize("name", NAMES)
def test_scale_and_shift_of_the_loss_change_next_to_nothing(name: str) -> None:
    space = floats(2)
    one, _, _ = search(name, space, sphere, 11)
    other, _, _ = search(name, space, lambda values: 1e6 + 1e3 * sphere(values), 11)

    np.testing.assert_allclose(one.x, other.x, atol=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_proposal_says_what_it_expects(name: str) -> None:
    history, _, reasons = search(name, floats(2), sphere, 10)

    assert reasons[:2] == ["start: the middle of every range", "start: evenly spread point 1"]
    assert reasons[6] == "gp"
    answer = make_sampler(Chosen(name=name), floats(2), 0).ask(history, 10)
    assert isinstance(answer, Proposal)
    (outlook,) = answer.outlooks
    assert outlook.doubt > 0 and outlook.hope >= 0 and np.nanmin(history.y) - 1 < outlook.loss < np.nanmax(history.y)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_no_doubt_goes_beyond_what_losses_have_shown_however_bent_they_are(sign: float) -> None:
    """Of losses next to their end, bent until they look normal, nothing far above comes back: 0.4 ± 4e10."""
    rng = np.random.default_rng(0)
    x = 0.5 + 0.05 * rng.standard_normal((15, 2))
    y = sign * ((x - 0.5) ** 2).sum(axis=1) ** 2
    none = np.zeros(15, np.int64)

    answer = make_sampler(Chosen(name="gp"), floats(2), 0).ask(History(x, y, none, np.arange(15), none), 15)
    expected = [Process.of(x, y, np.empty((0, 2)), Layout(floats(2))).told(corner) for corner in np.eye(2)]

    assert isinstance(answer, Proposal)
    doubts = [answer.outlooks[0].doubt, answer.outlooks[0].hope / 2, *(doubt for _, doubt in expected)]
    assert max(doubts) <= 2.0 * np.ptp(y), doubts


def test_a_model_that_predicts_badly_takes_turns_with_others() -> None:
    def rough(values: Mapping[str, Any]) -> float:
        return float(np.sin(40 * values["x0"]) + np.cos(33 * values["x1"]) + np.sin(51 * values["x2"]))

    _, _, reasons = search("auto", floats(3), rough, TURNS_FROM + 9)

    late = reasons[TURNS_FROM + 3 :]
    assert {r.split(":")[0] for r in late} == {"gp", "gp, beyond the best basin", "tpe"}


def test_a_search_is_stuck_when_its_latest_trials_improved_by_next_to_nothing() -> None:
    falling = np.linspace(10.0, 0.0, 40)
    flat = np.full(25, 0.0)

    assert not stuck(falling)
    assert not stuck(np.full(25, 1.0))
    assert stuck(np.r_[falling, flat]) and stuck(np.r_[falling, flat - 0.001])
    assert not stuck(np.r_[falling, flat - 0.5])


def test_more_than_a_thousand_trials_are_thinned_and_the_reason_says_so() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((1100, 2))
    told = History(x, x.sum(axis=1), np.zeros(1100, np.int64), np.arange(1100), np.zeros(1100, np.int64))

    answer = make_sampler(Chosen(name="gp"), floats(2), 0).ask(told, 1100)

    assert isinstance(answer, Proposal) and answer.why.endswith(", by 1,000 of 1,100 trials")
