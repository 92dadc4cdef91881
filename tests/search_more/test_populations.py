"""Seats, particles and parents, as they are read off a history."""

from __future__ import annotations

import numpy as np
import pytest
from spaces_and_histories import every_kind, floats, history, mixed, trials

from hptui.core.search.protocol import Array, History, Kind, Proposal, Sampler
from hptui.core.search.samplers.axes import Axes
from hptui.core.search.samplers.differential_evolution import DifferentialEvolution
from hptui.core.search.samplers.evolution import Evolution
from hptui.core.search.samplers.judged import judged, ranks
from hptui.core.search.samplers.particle_swarm import ParticleSwarm
from hptui.core.search.samplers.population import filled, folded, seats


def proposed(sampler: Sampler, seen: History, number: int | None = None) -> Proposal:
    answer = sampler.ask(seen, len(seen) if number is None else number)
    assert isinstance(answer, Proposal)
    return answer


def test_infeasible_is_as_bad_as_the_worst_and_failed_and_pending_say_nothing() -> None:
    kind = [Kind.COMPLETE, Kind.INFEASIBLE, Kind.FAILED, Kind.PENDING, Kind.COMPLETE, Kind.COMPLETE, Kind.COMPLETE]
    y = np.array([3.0, np.nan, np.nan, 0.1, np.nan, -np.inf, 1.0])

    seen = judged(history(np.arange(7.0)[:, None] / 7, y, np.array(kind)))

    assert seen.numbers.tolist() == [0, 1, 4, 5, 6]
    assert seen.loss.tolist() == [3.0, 3.0, 3.0, 1.0, 1.0]
    assert seen.ruled_out.tolist() == [False, True, True, False, False]


def test_a_pruned_trial_is_never_better_than_the_median_of_the_complete_ones() -> None:
    kind = np.array([Kind.COMPLETE] * 3 + [Kind.PRUNED] * 2)

    seen = judged(history(np.zeros((5, 1)), np.array([1.0, 2.0, 3.0, 0.5, 9.0]), kind))

    assert seen.loss.tolist() == [1.0, 2.0, 3.0, 2.0, 9.0]


def test_of_equal_losses_the_earlier_ranks_first() -> None:
    assert ranks(np.array([2.0, 1.0, 1.0, 0.0])).tolist() == [3, 1, 2, 0]


def test_a_seat_is_held_by_the_best_of_its_trials() -> None:
    seen = judged(trials(floats(2), 40))
    expected = {k: min(seen.loss[seen.numbers % 7 == k]) for k in range(7)}

    held = seats(seen, seen.x, 7)

    assert dict(zip(held.seat.tolist(), held.loss.tolist(), strict=True)) == expected
    assert held.loss.tolist() == sorted(held.loss)


def test_folding_reflects_at_the_ends() -> None:
    np.testing.assert_allclose(folded(np.array([-0.2, 0.3, 1.1, 2.5, -1.25])), [0.2, 0.3, 0.9, 0.5, 0.75])


def test_an_inactive_coordinate_is_filled_the_same_however_long_the_history_is() -> None:
    seen = judged(trials(mixed(), 30))

    first, later = filled(Axes(mixed()), seen.first(10), 0), filled(Axes(mixed()), seen, 0)

    assert not np.isnan(later).any()
    np.testing.assert_array_equal(first, later[:10])


def test_a_challenger_stays_on_the_line_of_differences_where_there_is_no_spread() -> None:
    """All seats at one point but in one coordinate: only that one can change."""
    x = np.full((6, 3), 0.5)
    x[:, 1] = np.linspace(0.2, 0.8, 6)

    point = proposed(DifferentialEvolution(floats(3), 0), history(x, np.arange(6.0))).x

    assert point[0] == point[2] == 0.5


def test_a_particle_at_the_best_point_of_all_goes_on_by_its_inertia() -> None:
    x = np.full((16, 2), 0.5)
    x[0], x[8] = [0.4, 0.4], [0.5, 0.42]
    seen = history(x, np.append(np.ones(8), np.zeros(8)))
    best_is_there = history(x, np.where(np.arange(16) == 8, -1.0, seen.y))

    point = proposed(ParticleSwarm(floats(2), 0, population=8), best_is_there).x

    np.testing.assert_allclose(point, x[8] + 0.7298 * (x[8] - x[0]))


def test_only_the_latest_trials_have_children() -> None:
    """The best of all is too old to be a parent."""
    x = np.full((50, 2), 0.9)
    x[0] = 0.1
    seen = history(x, np.append(-1.0, np.ones(49)))

    parents = {
        proposed(Evolution(floats(2), seed, population=20), seen).why.split()[3].rstrip(",") for seed in range(30)
    }

    assert all(int(parent) >= 30 for parent in parents)


def sphere(x: Array) -> float:
    return float(((x - 0.7) ** 2).sum())


@pytest.mark.parametrize("sampler", [DifferentialEvolution, ParticleSwarm, Evolution])
def test_it_finds_the_bottom_of_a_bowl_better_than_chance(sampler: type[Evolution]) -> None:
    found = []
    for seed in range(3):
        x, y = np.empty((0, 4)), np.empty(0)
        for _ in range(80):
            x = np.vstack([x, proposed(sampler(floats(4), seed), history(x, y)).x])
            y = np.append(y, sphere(x[-1]))
        found.append(y.min())
    chance = [sphere(u) for u in np.random.default_rng(0).random((80, 4))]

    assert np.median(found) < min(chance) / 2


@pytest.mark.parametrize("sampler", [DifferentialEvolution, ParticleSwarm, Evolution])
def test_it_goes_on_when_four_trials_are_always_outstanding(sampler: type[Evolution]) -> None:
    seen = every_kind(mixed(), 60)

    points = [proposed(sampler(mixed(), 0), seen, number).x for number in range(60, 64)]

    assert len({point.tobytes() for point in points}) == 4
