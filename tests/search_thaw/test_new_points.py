"""What new points of a freeze-thaw search heed beside the curves: priors, constraints, pasts, learning rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Array, Curve, History, Kind, Proposal
from hptui.core.search.samplers.thaw import TURNS
from hptui.core.search.samplers.warm import pull_of
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

STEPS, BEGUN = 20, 16
UNIT: dict[str, Any] = {"type": "float", "low": 0.0, "high": 1.0}
PLAIN = {"x": UNIT, "y": UNIT}


def seen(y_matters: float = 1.0) -> History:
    """Curves of trials all over a square, some longer than others, better where y is large; x does not matter."""
    points, crowd, arrival = np.random.default_rng(4).random((BEGUN, 2)), list[Curve](), 0
    for number, (x, y) in enumerate(points.tolist()):
        steps = np.arange(1, 10 if number % 4 == 0 else 2)
        losses = y_matters * (1.0 - y) + 1.0 / steps + 0.01 * np.random.default_rng(number).random(len(steps))
        at = np.arange(arrival, arrival + len(steps))
        crowd.append(Curve(number, steps, losses, Kind.PRUNED, held=True, x=(x, y), arrival=at))
        arrival += len(steps)
    return History(
        points, np.array([curve.last for curve in crowd]), np.full(BEGUN, Kind.PRUNED, np.int64),
        np.arange(BEGUN), np.array([curve.last_step for curve in crowd]), curves=tuple(crowd),
    )  # fmt: skip


def asked(definitions: dict[str, Any], history: History) -> Array:
    """(8, d) points that the model of curves has next, asked as a session of the default sampler and pruner does."""
    space = Space.parse(definitions)
    pruner = make_pruner(Chosen(name="auto"), "minimize", STEPS, space, 1)
    sampler = assemble(Chosen(name="auto"), space, 1, (Goal("value"),), pruner=pruner)
    answers = [sampler.ask(history, number) for number in range(BEGUN + 1, BEGUN + 17, TURNS)]
    proposals = [answer for answer in answers if isinstance(answer, Proposal)]
    return np.array([proposal.x for proposal in proposals if proposal.why.startswith("curves")])


def test_every_second_point_is_by_a_sampler_that_hears_of_predicted_ends() -> None:
    space = Space.parse(PLAIN)
    pruner = make_pruner(Chosen(name="auto"), "minimize", STEPS, space, 1)
    sampler = assemble(Chosen(name="auto"), space, 1, (Goal("value"),), pruner=pruner)

    answers = [sampler.ask(seen(), number) for number in range(BEGUN, BEGUN + 4)]

    whys = [answer.why.split(":")[0] for answer in answers]
    assert whys[1::2] == ["curves", "curves"] and "curves" not in whys[::2]
    assert all(isinstance(answer, Proposal) and answer.x[1] > 0.6 for answer in answers)


def test_no_point_is_expected_to_have_a_loss_that_there_is_not() -> None:
    """All losses are positive, and those of long curves fall towards 0: many an end is predicted to be below."""
    space, falling = Space.parse(PLAIN), list[Curve]()
    for curve, (_, y) in zip(seen().curves, seen().x.tolist(), strict=True):
        falling.append(replace(curve, losses=0.02 + 1.0 / curve.steps + 0.3 * (1.0 - y)))
    pruner = make_pruner(Chosen(name="auto"), "minimize", 1000, space, 1)
    sampler = assemble(Chosen(name="auto"), space, 1, (Goal("value"),), pruner=pruner)

    answers = [sampler.ask(replace(seen(), curves=tuple(falling)), number) for number in range(BEGUN, BEGUN + 6)]

    told = [one.loss for answer in answers if isinstance(answer, Proposal) for one in answer.outlooks]
    assert len(told) > 3 and min(told) >= 0.0


def test_they_heed_a_prior() -> None:
    believed = {**PLAIN, "x": {**UNIT, "prior": {"center": 0.2, "spread": 0.05}}}

    without, within = asked(PLAIN, seen()), asked(believed, seen())

    assert np.median(np.abs(without[:, 0] - 0.2)) > 0.2
    assert np.abs(within[:, 0] - 0.2).max() < 0.15
    assert np.median(within[:, 1]) > 0.6  # and the curves as well


def test_they_heed_a_constraint() -> None:
    history = seen()
    limited = replace(history, constraints={"memory": history.x[:, 1] - 0.5})

    assert np.median(asked(PLAIN, history)[:, 1]) > 0.6
    assert np.median(asked(PLAIN, limited)[:, 1]) < 0.6


def test_they_heed_trials_that_a_past_session_lends() -> None:
    """Those of the past were better where x is near 0.2, of which the curves say nothing."""
    history, there = seen(), np.random.default_rng(9).random((40, 2))
    lent = replace(
        history, x=np.vstack([there, history.x]), y=np.r_[np.abs(there[:, 0] - 0.2), history.y],
        kind=np.r_[np.full(40, Kind.COMPLETE), history.kind], numbers=np.r_[np.arange(-40, 0), history.numbers],
        steps=np.r_[np.full(40, -1), history.steps],
    )  # fmt: skip

    without, within = asked(PLAIN, history), asked(PLAIN, lent)

    assert np.array_equal(pull_of(history, there), np.zeros(40))
    assert np.median(np.abs(within[:, 0] - 0.2)) < 0.1 < np.median(np.abs(without[:, 0] - 0.2))
    assert np.median(within[:, 1]) > 0.6


def test_a_learning_rate_is_believed_to_be_best_near_the_middle_of_its_range() -> None:
    flat = seen(0.0)
    rate = {"type": "float", "low": 1e-6, "high": 1.0, "log": True}

    named, nameless = asked({"model.lr": rate, "y": UNIT}, flat), asked({"x": rate, "y": UNIT}, flat)
    said = {"model.lr": {**rate, "prior": {"center": 1e-5, "spread": 3}}, "y": UNIT}

    assert np.abs(named[:, 0] - 0.5).mean() < 0.7 * np.abs(nameless[:, 0] - 0.5).mean()
    assert np.abs(asked(said, flat)[:, 0] - 1 / 6).max() < 0.2


def test_a_point_that_no_belief_admits_is_still_one_that_was_not_tried() -> None:
    space, given = Space.parse(PLAIN), np.random.default_rng(4).random((BEGUN + 4, 2))
    pruner = make_pruner(Chosen(name="auto"), "minimize", STEPS, space, 1, given)
    sampler = assemble(Chosen(name="auto"), space, 1, (Goal("value"),), pruner=pruner)
    history = replace(seen(), tilt=lambda x: np.full(len(x), -np.inf))

    answer = sampler.ask(history, BEGUN)

    assert isinstance(answer, Proposal)
    assert any(np.array_equal(answer.x, point) for point in given[BEGUN:])
