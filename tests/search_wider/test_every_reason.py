"""What every sampler says of its points, and what it makes of trials that did not end well."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from wider_problems import Array, floats, searched

from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import SAMPLERS
from hptui.core.search.observe import PastTrials
from hptui.core.search.protocol import Exhausted, History, Kind, Outlook, Proposal
from hptui.core.search.samplers.constrained import penalised
from hptui.core.search.wording import said
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

ONE = (Goal("val_loss"),)
DRAWS_BLINDLY = {"random", "quasi_random", "grid"}
POPULATIONS = {"cmaes", "evolution", "differential_evolution", "particle_swarm"}
LEARNERS = sorted(set(SAMPLERS) - DRAWS_BLINDLY)


@st.composite
def histories(draw: st.DrawFn, dim: int) -> History:
    n = draw(st.integers(0, 25))
    x = draw(arrays(np.float64, (n, dim), elements=st.floats(0, 1))) if n else np.empty((0, dim))
    loss = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, np.nan, np.inf, -np.inf]))
    y = np.array(draw(st.lists(loss, min_size=n, max_size=n)), float)
    kind = np.array(draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4]), min_size=n, max_size=n)), np.int64)
    limit = st.one_of(st.floats(-10, 10), st.just(np.nan))
    limits = {"memory": np.array(draw(st.lists(limit, min_size=n, max_size=n)), float)}
    names: Mapping[str, Array] = limits if draw(st.booleans()) else {}
    return History(x, y, kind, np.arange(n), np.full(n, -1), constraints=names)


@pytest.mark.parametrize("name", SAMPLERS)
@given(data=st.data(), number=st.integers(0, 10_000))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_reason_is_one_line_that_a_person_can_read(name: str, data: st.DataObject, number: int) -> None:
    prior = {"prior": {"center": 0.2}}
    space = Space.parse({f"x{i}": {"type": "float", "low": 0.0, "high": 1.0, **prior} for i in range(2)})
    pasts = [PastTrials("digits-2", [{"x0": 0.1 * i, "x1": 0.5} for i in range(9)], [float(i) for i in range(9)])]
    history = data.draw(histories(2))

    answer = assemble(Chosen(name=name), space, 1, ONE, pasts=pasts).ask(history, number)

    assert isinstance(answer, Proposal)
    line = said(answer, name, ONE)
    assert line.strip() and "\n" not in line and len(line) <= 160
    assert "nan" not in line.lower() and "inf " not in line


def test_what_is_expected_is_told_in_the_users_sign_with_its_doubt_and_hope() -> None:
    told = Proposal(np.zeros(1), "gp", (Outlook(-0.91, 0.02, 0.015),))

    assert said(told, "gp", [Goal("acc", "maximize")]) == "gp: expects acc 0.91 ± 0.02, hopes to improve by 0.015"
    assert said(Proposal(np.zeros(1), "Sobol point 3"), "quasi_random", ONE) == "quasi_random: Sobol point 3"
    curves = Proposal(np.zeros(1), "curves", (Outlook(-0.91, 0.02, 0.015, 0.655),))
    at_its_end = "auto: curves: expects acc 0.91 ± 0.02 at the end, chance of beating the best 66 %"
    assert said(curves, "auto", [Goal("acc", "maximize")]) == at_its_end
    nothing_known = Proposal(np.zeros(1), "gp", (Outlook(np.inf, np.nan, 0.0),))
    assert said(nothing_known, "gp", ONE) == "gp"


# --- trials that did not end well -------------------------------------------------------------------------------


def ended(x: Array, y: Array, kind: Array) -> History:
    n = len(y)
    return History(x, y, kind.astype(np.int64), np.arange(n), np.full(n, -1))


def wall(seed: int) -> tuple[Array, Array, Array]:
    """40 points; the losses fall to the right, and right of 0.5 nothing can be evaluated."""
    x = np.random.default_rng(seed).random((40, 2))
    bad = x[:, 0] > 0.5
    return x, np.where(bad, np.nan, 1.0 - x[:, 0]), np.where(bad, int(Kind.INFEASIBLE), int(Kind.COMPLETE))


@pytest.mark.parametrize("name", sorted(set(LEARNERS) - POPULATIONS))
def test_regions_where_nothing_can_be_evaluated_are_learned(name: str) -> None:
    history = ended(*wall(0))
    sampler = assemble(Chosen(name=name), floats(2), 0, ONE)

    beyond = [sampler.ask(history, number).x[0] > 0.55 for number in range(40, 46)]  # type: ignore[union-attr]

    assert sum(beyond) <= 2


def test_so_they_are_with_two_objectives() -> None:
    x, y, kind = wall(0)
    steps = np.full(40, -1)
    history = History(x, y, kind, np.arange(40), steps, np.column_stack([y, x[:, 1] - y]))
    sampler = assemble(Chosen(name="gp"), floats(2), 0, (*ONE, Goal("size")))

    beyond = [sampler.ask(history, number).x[0] > 0.55 for number in range(40, 46)]  # type: ignore[union-attr]

    assert sum(beyond) <= 2


@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - {"grid", "random", "quasi_random"}))
def test_failures_say_nothing_of_their_points(name: str) -> None:
    """A search with trials that crashed here and there goes on as one in which they had never been."""
    rng = np.random.default_rng(3)
    x = rng.random((16, 2))
    plain = ended(x, x.sum(axis=1), np.zeros(16))
    crashed = ended(
        np.vstack([x, rng.random((5, 2))]),
        np.r_[x.sum(axis=1), np.full(5, np.nan)],
        np.r_[np.zeros(16), np.full(5, int(Kind.FAILED))],
    )
    sampler = assemble(Chosen(name=name), floats(2), 0, ONE)

    one, other = sampler.ask(plain, 21), sampler.ask(crashed, 21)

    np.testing.assert_allclose(one.x, other.x)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(set(LEARNERS) - POPULATIONS))
def test_trials_in_parallel_keep_apart(name: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.random((20, 2))
    history = ended(x, ((x - 0.5) ** 2).sum(axis=1), np.zeros(20))
    sampler, points = assemble(Chosen(name=name), floats(2), 0, ONE), []
    for number in range(20, 26):
        answer = sampler.ask(history, number)
        assert isinstance(answer, Proposal)
        points.append(answer.x)
        history = ended(
            np.vstack([history.x, answer.x]), np.append(history.y, np.nan), np.append(history.kind, int(Kind.PENDING))
        )

    away = [np.linalg.norm(a - b) for i, a in enumerate(points) for b in points[:i]]
    assert min(away) > 1e-3 and np.median(away) > 0.02


FINITE = {"o": ["a", "b", "c"], "n": {"type": "int", "low": 1, "high": 4}}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_finite_space_is_tried_without_repeats_and_then_the_search_ends_with_a_word(name: str) -> None:
    """Some trials crash, some can't be evaluated, some are stopped early."""
    space = Space.parse(FINITE)
    sampler, history, seen = assemble(Chosen(name=name), space, 0, ONE), History.empty(2), list[str]()
    for number in range(13):
        answer = sampler.ask(history, number)
        if isinstance(answer, Exhausted):
            break
        values = space.values(answer.x)
        seen.append(str(values))
        kind = [Kind.COMPLETE, Kind.PRUNED, Kind.COMPLETE, Kind.INFEASIBLE, Kind.FAILED][number % 5]
        loss = float(number % 4) if kind in (Kind.COMPLETE, Kind.PRUNED) else np.nan
        history = ended(
            np.vstack([history.x, space.point(values)]),
            np.append(history.y, loss),
            np.append(history.kind, int(kind)),
        )

    assert isinstance(answer, Exhausted) and answer.why.startswith("all 12 ")
    assert len(seen) == len(set(seen)) == 12


# --- constraints ------------------------------------------------------------------------------------------------


def tilted(x: Array) -> float:
    return float(x[0] + x[1] + 0.1 * np.sin(9 * x[0]))


def disc(x: Array) -> dict[str, float]:
    """Feasible only within 0.3 of (0.7, 0.6)."""
    return {"outside": float(np.hypot(x[0] - 0.7, x[1] - 0.6) - 0.3)}


@pytest.mark.parametrize(("name", "trials"), [("gp", 16), ("tpe", 30), ("evolution", 40)])
def test_a_constraint_is_kept_more_often_than_by_chance_and_the_best_is_better(name: str, trials: int) -> None:
    mine = searched(assemble(Chosen(name=name), floats(2), 0, ONE), tilted, 2, trials, disc)
    chance = searched(assemble(Chosen(name="random"), floats(2), 0, ONE), tilted, 2, trials, disc)

    assert np.mean(~mine.violated[6:]) > np.mean(~chance.violated)
    assert mine.y[~mine.violated].min() < chance.y[~chance.violated].min()


@pytest.mark.parametrize("goals", [ONE, (*ONE, Goal("size"))])
def test_a_model_looks_for_what_keeps_the_constraint_before_anything_else(goals: tuple[Goal, ...]) -> None:
    """Where the losses fall, the constraint is broken the more; one point in fifty keeps it."""

    def far(x: Array) -> dict[str, float]:
        return {"outside": float(np.sum((x - 0.75) ** 2) - 0.03)}

    def losses(x: Array) -> float | list[float]:
        total = float(np.sum(x**2))
        return total if len(goals) == 1 else [total, float(np.sum((x - 0.1) ** 2))]

    history = searched(assemble(Chosen(name="gp"), floats(3), 0, goals), losses, 3, 20, far)

    assert np.sum(~history.violated) >= 3


def test_constraints_that_are_not_numbers_are_broken_most() -> None:
    """A session keeps NaN and infinity as the largest number there is."""
    largest = np.finfo(float).max
    none = np.zeros(4, np.int64)
    told = History(np.zeros((4, 1)), np.full(4, 0.5), none, np.arange(4), none, constraints={
        "memory": np.array([-1.0, 2.0, largest, largest])})  # fmt: skip

    kept, some, *most = penalised(told).tolist()

    assert kept < some < min(most)


def test_the_chance_to_keep_the_constraints_is_said() -> None:
    history = searched(assemble(Chosen(name="random"), floats(2), 0, ONE), tilted, 2, 15, disc)

    answer = assemble(Chosen(name="gp"), floats(2), 0, ONE).ask(history, 15)

    assert isinstance(answer, Proposal)
    assert "likely to keep the constraints: expects val_loss" in said(answer, "gp", ONE)
