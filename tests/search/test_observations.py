from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import History, Kind

units = st.one_of(st.none(), st.floats(0, 1))
observations = st.lists(
    st.builds(
        Observation,
        st.integers(0, 100),
        st.tuples(units, units),
        st.none() | st.floats(),
        st.sampled_from(list(Kind)),
        st.integers(-1, 50),
    ),
    unique_by=lambda o: o.number,
)


def gathered(seen: list[Observation], dim: int = 2) -> History:
    trials = Observations(dim)
    for observation in seen:
        trials.add(observation)
    return trials.history()


def assert_same(one: History, other: History) -> None:
    for name in ("x", "y", "kind", "numbers", "steps"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_history_has_one_row_per_trial_by_number() -> None:
    history = gathered(
        [
            Observation(7, (0.1, None), 0.5, Kind.COMPLETE, 9),
            Observation(2, (0.3, 0.4)),
            Observation(2, (0.3, 0.4), 0.9, Kind.PRUNED, 3),
        ]
    )

    assert_same(
        history,
        History(
            np.array([[0.3, 0.4], [0.1, np.nan]]),
            np.array([0.9, 0.5]),
            np.array([Kind.PRUNED, Kind.COMPLETE]),
            np.array([2, 7]),
            np.array([3, 9]),
        ),
    )


@given(seen=observations, data=st.data())
def test_the_order_of_observations_does_not_matter(seen: list[Observation], data: st.DataObject) -> None:
    assert_same(gathered(data.draw(st.permutations(seen))), gathered(seen))


@given(seen=observations)
def test_a_space_that_grew_leaves_earlier_points_without_the_new_parameters(seen: list[Observation]) -> None:
    trials = Observations(0)
    for observation in seen:
        trials.add(observation)
    trials.widen(3)
    trials.add(Observation(200, (0.1, 0.2, 0.3)))

    wide = gathered([Observation(o.number, (*o.x, None), o.y, o.kind, o.step) for o in seen], 3)

    np.testing.assert_array_equal(trials.history().x, np.vstack([wide.x, [0.1, 0.2, 0.3]]))


def test_many_trials_make_room_for_themselves() -> None:
    history = gathered([Observation(n, (n / 1000, None), float(n), Kind.COMPLETE) for n in range(1000)])

    np.testing.assert_array_equal(history.numbers, np.arange(1000))
    np.testing.assert_array_equal(history.x[:, 0], np.arange(1000) / 1000)


def test_a_history_that_was_handed_out_stays_as_it_was() -> None:
    trials = Observations(1)
    trials.add(Observation(0, (0.5,)))
    before = trials.history()

    trials.add(Observation(0, (0.5,), 1.0, Kind.COMPLETE))

    assert np.isnan(before.y[0]) and trials.history().y[0] == 1.0
    assert not before.y.flags.writeable
