"""What every sampler of the catalog keeps to, whatever it does inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from search_strategies import SPACES, histories, random_history, space, spaces_for

from hptui.core.search.catalog import SAMPLERS, make_sampler
from hptui.core.search.protocol import Exhausted, History, Proposal, Sampler
from hptui.core.study.study import Chosen

CASES = [(name, kind) for name in SAMPLERS for kind in spaces_for(name)]
NUMBERS = st.integers(0, 10_000)
LARGE = ("fifty", "conditions", "finite")  # many numbers; what is switched on and off; a space tried to the end
LEARNERS = {"auto", "gp", "forest", "neural"}  # an ask takes them 20 ms, a hundred times that of others

Law = Callable[[st.DataObject, int], None]


def tried(name: str, law: Law) -> None:
    """Try a law of sampler `name` on histories and trial numbers: fewer ones where asking costs more."""
    calm = settings(
        max_examples=5 if name in LEARNERS else 10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    calm(given(data=st.data(), number=NUMBERS)(law))()


def make(name: str, kind: str, seed: int = 1) -> Sampler:
    return make_sampler(Chosen(name=name), space(kind), seed)


def proposed(answer: Proposal | Exhausted) -> Proposal:
    assert isinstance(answer, Proposal)
    return answer


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_proposal_is_in_the_cube_hangs_on_history_and_number_alone_and_changes_nothing(name: str, kind: str) -> None:
    def law(data: st.DataObject, number: int) -> None:
        history = data.draw(histories(len(SPACES[kind])))
        columns: tuple[NDArray[Any], ...] = (history.x, history.y, history.kind, history.numbers, history.steps)
        before = [column.copy() for column in columns]
        for column in columns:
            column.flags.writeable = False
        sampler = make(name, kind)

        first = sampler.ask(history, number)
        sampler.ask(History.empty(len(SPACES[kind])), number + 1)
        again, elsewhere = sampler.ask(history, number), make(name, kind).ask(history, number)

        assert first.why and "nan" not in first.why.lower()
        if isinstance(first, Proposal):
            assert first.x.shape == (len(SPACES[kind]),)
            assert np.all((first.x >= 0) & (first.x <= 1))
            space(kind).values(first.x)
        for other in (again, elsewhere):
            assert type(other) is type(first)
            assert other.why == first.why
            if isinstance(first, Proposal):
                np.testing.assert_array_equal(proposed(other).x, first.x)
        for column, was in zip(columns, before, strict=True):
            np.testing.assert_array_equal(column, was)

    tried(name, law)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_what_a_caller_does_to_a_proposal_does_not_reach_the_next_one(name: str, kind: str) -> None:
    sampler = make(name, kind)
    first = proposed(sampler.ask(History.empty(len(SPACES[kind])), 0))
    was = first.x.copy()

    first.x[:] = 0.123

    np.testing.assert_array_equal(proposed(sampler.ask(History.empty(len(SPACES[kind])), 0)).x, was)


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[1] in LARGE])
def test_five_thousand_trials_are_no_obstacle(name: str, kind: str) -> None:
    history = random_history(len(SPACES[kind]), 5000)

    answer = make(name, kind).ask(history, 5000)

    assert isinstance(answer, Proposal | Exhausted)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_space_without_parameters_gives_empty_points_for_ever(name: str) -> None:
    sampler = make(name, "nothing")

    points = [proposed(sampler.ask(random_history(0, n), n)).x.shape for n in range(5)]

    assert points == [(0,)] * 5


@pytest.mark.parametrize("name", SAMPLERS)
def test_another_seed_is_another_search_unless_it_is_a_grid(name: str) -> None:
    empty = History.empty(4)

    one, other = (proposed(make(name, "conditions", seed).ask(empty, 3)).x for seed in (1, 2))

    assert np.array_equal(one, other) == (name == "grid")


def tell(history: History, x: np.ndarray) -> History:
    """The history with one more complete trial."""
    n = len(history)
    return History(
        np.vstack([history.x, x]),
        np.append(history.y, 0.5),
        np.append(history.kind, 0),
        np.append(history.numbers, n),
        np.append(history.steps, -1),
    )


@pytest.mark.parametrize("name", ["random", "grid", "gp", "auto"])
@pytest.mark.parametrize("kind", ["one value", "finite", "stepped", "finite conditions"])
def test_a_finite_space_is_tried_point_by_point_and_then_it_is_exhausted(name: str, kind: str) -> None:
    """Trials keep their parameters, so the history has each point as its values give it back."""
    here, sampler = space(kind), make(name, kind)
    history, seen = History.empty(here.dim), []
    while isinstance(answer := sampler.ask(history, len(history)), Proposal):
        values = here.values(answer.x)
        seen.append(str(values))
        history = tell(history, here.point(values))

    assert len(seen) == len(set(seen)) == here.size()
    assert str(here.size()) in answer.why


def test_a_grid_of_scaled_parameters_ends() -> None:
    """Values that were scaled and read back differ in their last bits; the grid still knows them."""
    here, sampler = space("scaled"), make("grid", "scaled")
    history, seen = History.empty(here.dim), set()
    for number in range(3 * 5 * 5 + 1):
        answer = sampler.ask(history, number)
        if isinstance(answer, Exhausted):
            break
        values = here.values(answer.x)
        assert str(values) not in seen
        seen.add(str(values))
        history = tell(history, here.point(values))

    assert isinstance(answer, Exhausted)


def test_random_draws_repeat_rather_than_stop_while_the_space_may_grow() -> None:
    here = space("finite")
    sampler = make_sampler(Chosen(name="random"), here, 0, grows=True)
    every = np.array(list(here.grid()))
    history = History(every, np.zeros(12), np.zeros(12, np.int64), np.arange(12), np.zeros(12, np.int64))

    answer = sampler.ask(history, 12)

    assert proposed(answer).why == "random draw, a repeat: all 12 points known so far were tried"
