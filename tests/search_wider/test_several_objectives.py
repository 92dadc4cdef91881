"""Several objectives: mixtures for any sampler, models of each, the front."""

from __future__ import annotations

import numpy as np
import pytest
from wider_problems import Array, floats, searched

from hptui.core.review.front import front
from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import SAMPLERS
from hptui.core.search.models.hypervolume import front as nobody_beats
from hptui.core.search.models.hypervolume import hypervolume
from hptui.core.search.protocol import History, Kind, Proposal
from hptui.core.search.samplers.ranked import places
from hptui.core.search.samplers.scalarised import chebyshev
from hptui.core.search.wording import said
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import Chosen, Goal
from hptui.tui.snapshot import Delta, Facts, Snapshot, merge
from hptui.tui.views.front import front_line, front_title

TWO = (Goal("loss"), Goal("speed", "maximize"))


def zdt1(x: Array) -> tuple[float, float]:
    """Zitzler, Deb & Thiele 2000, section 4: the front is f2 = 1 - sqrt(f1) where all but the first are 0."""
    g = 1 + 9 * float(np.mean(x[1:]))
    return float(x[0]), g * (1 - np.sqrt(float(x[0]) / g))


def reached(sampler: str, trials: int) -> float:
    history = searched(assemble(Chosen(name=sampler), floats(3), 0, TWO), zdt1, 3, trials)
    return hypervolume(history.objectives, np.array([1.1, 5.0]))


@pytest.mark.parametrize("name", ["gp", "auto", "tpe"])
def test_a_sampler_that_learns_gets_further_on_two_objectives_than_random_draws(name: str) -> None:
    assert reached(name, 24) > reached("random", 24) + 0.2


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("goals", [TWO, (*TWO, Goal("size")), (*TWO, Goal("size"), Goal("cost"))])
def test_any_sampler_answers_with_two_three_and_four_objectives(name: str, goals: tuple[Goal, ...]) -> None:
    k, n = len(goals), 14
    rng = np.random.default_rng(0)
    objectives = rng.random((n, k))
    objectives[3] = np.nan
    kind = np.array([0] * 10 + [int(Kind.PRUNED), int(Kind.FAILED), int(Kind.INFEASIBLE), int(Kind.PENDING)])
    objectives[10:] = np.nan
    history = History(rng.random((n, 2)), objectives[:, 0].copy(), kind, np.arange(n), np.full(n, -1), objectives)

    answer = assemble(Chosen(name=name), floats(2), 1, goals).ask(history, n)

    assert isinstance(answer, Proposal)
    assert np.all((answer.x >= 0) & (answer.x <= 1))
    line = said(answer, name, goals)
    assert line and "nan" not in line and len(line) <= 160


def test_the_first_points_are_as_many_as_the_study_says() -> None:
    rng, none = np.random.default_rng(0), np.zeros(14, np.int64)
    objectives = rng.random((14, 2))
    history = History(rng.random((14, 2)), objectives[:, 0].copy(), none, np.arange(14), none, objectives)
    few, many = (assemble(Chosen(name="gp", options={"startup": n}), floats(2), 1, TWO) for n in (14, 15))

    first, second = few.ask(history, 14), many.ask(history, 14)

    assert isinstance(first, Proposal) and first.why.startswith("gp, for a larger front")
    assert isinstance(second, Proposal) and second.why.startswith("start: ")


def test_a_front_of_one_trial_is_widened_and_not_gone_on_with_beside_it() -> None:
    """One early trial beats all others here; what is better in one objective for being worse in the other counts."""

    def bent(x: Array) -> tuple[float, float]:
        return float(x[0] ** 2 + x[1]), float((x[0] - 1) ** 2 + x[1])  # the front is where x[1] is 0

    found = searched(assemble(Chosen(name="auto"), floats(2), 1, TWO), bent, 2, 20).objectives

    assert np.ptp(found[nobody_beats(found), 0]) > 0.6  # of 1


def test_what_is_expected_of_each_objective_is_said_in_its_own_sign() -> None:
    history = searched(assemble(Chosen(name="gp"), floats(2), 0, TWO), lambda x: (1.0 + x[0], -5.0 - x[1]), 2, 8)

    answer = assemble(Chosen(name="gp"), floats(2), 0, TWO).ask(history, 8)

    assert isinstance(answer, Proposal)
    assert [round(one.loss) in (1, 2, -5, -6) for one in answer.outlooks] == [True, True]
    assert ", speed 5." in said(answer, "gp", TWO) or ", speed 6" in said(answer, "gp", TWO)


def test_a_mixture_counts_from_the_ideal_to_the_nadir_of_the_front() -> None:
    losses = np.array([[0.0, 30.0], [2.0, 10.0], [1.0, 20.0], [4.0, 50.0], [np.nan, 1.0]])

    mixed = chebyshev(losses, np.array([0.75, 0.25]))

    np.testing.assert_allclose(mixed[:4], [0.25 * 1.05, 0.75 * 1.05, 0.375 + 0.05 * 0.5, 1.5 + 0.05 * 2.0])
    assert np.isnan(mixed[4])


def row(number: int, loss: float, speed: float | None, **attrs: object) -> TrialRow:
    return TrialRow(number, "COMPLETE", {}, value=loss, attrs={"objective_values": {"speed": speed}, **attrs})


def test_the_front_has_what_nobody_beats_in_the_users_signs() -> None:
    rows = [
        row(0, 0.5, 10.0), row(1, 0.4, 10.0), row(2, 0.9, 20.0), row(3, 0.4, 10.0), row(4, 0.1, None),
        row(5, 0.2, 30.0, constraint_values={"memory": 0.1}), TrialRow(6, "PRUNED", {}, value=0.0),
    ]  # fmt: skip

    assert [each.number for each in front(rows, TWO)] == [1, 3, 2]


def test_the_screen_shows_the_front_as_trials_come_in() -> None:
    facts = Facts(metric="loss", also=(Goal("speed", "maximize"),))
    first = merge(Snapshot(), Delta(facts=facts, trials=(row(0, 0.5, 10.0), row(1, 0.4, 8.0))), at=1.0, alive=True)

    more = (row(2, 0.3, 9.0), row(3, 0.1, 1.0, constraint_values={"m": 2.0}))
    then = merge(first, Delta(trials=more), at=2.0, alive=True)

    assert (first.best, then.best) == ((1, 0), (2, 0))
    assert front_title(then) == "front: loss, speed"
    assert ["".join(cell.text for cell in front_line(then, number)).split() for number in then.best] == [
        ["0.3000", "9.000", "2"], ["0.5000", "10.00", "0"]
    ]  # fmt: skip


def test_a_place_is_the_number_of_the_front_and_then_what_a_trial_adds_to_it() -> None:
    losses = np.array([[0.0, 4.0], [1.0, 3.0], [1.1, 2.9], [4.0, 0.0], [2.0, 5.0], [5.0, 5.0], [np.nan, 0.0]])

    found = places(losses)

    assert np.floor(found[:6]).tolist() == [0, 0, 0, 0, 1, 2]
    assert np.isnan(found[6])
    assert np.argsort(found[:4], kind="stable").tolist() == [2, 3, 0, 1] == by_volume(losses[:4] / 4, 4)


def by_volume(scaled: Array, count: int) -> list[int]:
    """So many rows in the order in which each adds the largest volume to those before it, by exact volumes."""
    corner, chosen = np.full(scaled.shape[1], 1.1), list[int]()
    while len(chosen) < count:
        left = [row for row in range(len(scaled)) if row not in chosen]
        chosen.append(max(left, key=lambda row: hypervolume(scaled[[*chosen, row]], corner)))
    return chosen


def test_the_best_places_of_three_objectives_stand_for_the_whole_front() -> None:
    """The best four of a spherical front add up to nearly what the best four by exact volumes do."""
    losses = np.abs(np.random.default_rng(1).standard_normal((40, 3)))
    losses /= np.linalg.norm(losses, axis=1, keepdims=True)
    low, high = losses.min(axis=0), losses.max(axis=0)
    scaled, corner = (losses - low) / (high - low), np.full(3, 1.1)

    best = np.argsort(places(losses), kind="stable")[:4]

    assert hypervolume(scaled[best], corner) > 0.97 * hypervolume(scaled[by_volume(scaled, 4)], corner)
