"""The axes agree with the space, and TPE's densities with a computation by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, truncnorm
from spaces_and_histories import every_kind, history, mixed, trials

from hptui.core.search.protocol import Array, Exhausted
from hptui.core.search.samplers.axes import Axes
from hptui.core.search.samplers.judged import judged
from hptui.core.search.samplers.parzen import Parzen, neighbour_widths
from hptui.core.search.samplers.tpe import TPE, ramp
from hptui.core.space.parameter import Categorical, Int
from hptui.core.space.space import Space


def test_a_snapped_point_has_the_same_values_and_the_same_active_parameters() -> None:
    space, rng = mixed(), np.random.default_rng(0)
    axes, x = Axes(space), np.vstack([rng.random((300, space.dim)), rng.integers(0, 2, (50, space.dim))])

    snapped = axes.snap(x)

    np.testing.assert_array_equal(axes.active(x), [space.active(u) for u in x])
    assert [space.values(u) for u in snapped] == [space.values(u) for u in x]
    np.testing.assert_allclose(snapped, axes.snap(snapped), atol=1e-15)


def test_a_condition_on_a_parameter_with_very_many_values_is_seen_too() -> None:
    many = {"type": "int", "low": 1, "high": 1_000_000}
    space = Space.parse({"n": many, "m": {"type": "float", "low": 0, "high": 1, "when": {"n": [1, 500_000]}}})
    x = np.array([space.point({"n": n, "m": 0.3} if n != 7 else {"n": n}) for n in (1, 7, 500_000)])

    np.testing.assert_array_equal(Axes(space).active(np.nan_to_num(x, nan=0.5)), [[1, 1], [1, 0], [1, 1]])


def by_hand(space: Space, x: Array, weights: Array, narrowest: float, at: Array) -> float:
    """The log density at one point, one kernel and one parameter at a time."""
    active, total = space.active(at), np.append(weights, 1.0) / (weights.sum() + 1)
    kernels = [*x, np.full(space.dim, np.nan)]
    density = 0.0
    for i, (kernel, weight) in enumerate(zip(kernels, total, strict=True)):
        product = weight
        for j, parameter in enumerate(space.parameters.values()):
            if not active[j]:
                continue
            m = kernel[j]
            w = 1.0 if math.isnan(m) else neighbour_widths(x, narrowest)[i, j]
            if isinstance(parameter, Categorical):
                extra = 1 / len(kernels)
                own = not math.isnan(m) and parameter.value(m) == parameter.value(at[j])
                share = (own + extra) / (1 + extra * parameter.count)
                product *= 1 / parameter.count if math.isnan(m) else share
                continue
            m = 0.5 if math.isnan(m) else m
            curve = truncnorm(-m / w, (1 - m) / w, loc=m, scale=w)
            if parameter.count is None:
                product *= curve.pdf(at[j])
                continue
            value = parameter.value(at[j])
            if isinstance(parameter, Int) and parameter.log:
                span = math.log((parameter.high + 0.5) / (parameter.low - 0.5))
                low, high = (math.log((value + side) / (parameter.low - 0.5)) / span for side in (-0.5, 0.5))
            else:
                k = round(parameter.unit(value) * parameter.count - 0.5)
                low, high = k / parameter.count, (k + 1) / parameter.count
            product *= curve.cdf(high) - curve.cdf(low)
        density += product
    return math.log(density)


def test_the_density_is_the_one_by_hand() -> None:
    space = mixed()
    axes, seen = Axes(space), trials(space, 12)
    weights = np.linspace(0.2, 1.0, 12)
    parzen = Parzen.of(axes, axes.snap(seen.x), weights, 0.05)
    points = axes.snap(np.random.default_rng(1).random((6, space.dim)))

    got = parzen.log_density(points, axes.active(points))

    np.testing.assert_allclose(got, [by_hand(space, axes.snap(seen.x), weights, 0.05, at) for at in points])


def test_the_density_of_one_float_integrates_to_one() -> None:
    space = Space.parse({"x": {"type": "float", "low": 0.0, "high": 1.0}})
    parzen = Parzen.of(Axes(space), np.array([[0.0], [0.31], [0.9], [1.0]]), np.ones(4), 0.1)

    def density(u: float) -> float:
        return float(np.exp(parzen.log_density(np.array([[u]]), np.ones((1, 1), bool)))[0])

    assert quad(density, 0, 1)[0] == pytest.approx(1.0, abs=1e-6)


def test_the_masses_of_a_finite_space_sum_to_one_and_draws_follow_them() -> None:
    space = Space.parse({"c": ["a", "b", "c"], "n": {"type": "int", "low": 1, "high": 6, "log": True}})
    axes = Axes(space)
    parzen = Parzen.of(axes, axes.snap(np.array([[0.1, 0.2], [0.5, 0.9], [0.1, np.nan]])), np.ones(3), 0.1)
    grid = np.array(list(space.grid()))

    mass = np.exp(parzen.log_density(grid, axes.active(grid)))
    drawn = parzen.sample(np.random.default_rng(0), 40_000)
    count = np.array([np.isclose(drawn, point).all(axis=1).sum() for point in grid])

    assert mass.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(count / 40_000, mass, atol=4 * math.sqrt(0.1 / 40_000))


def test_a_kernel_far_away_is_no_obstacle() -> None:
    space = Space.parse({"x": {"type": "float", "low": 0.0, "high": 1.0}})
    parzen = Parzen.of(Axes(space), np.full((5, 1), 0.01), np.ones(5), 0.01)

    far = parzen.log_density(np.array([[1.0]]), np.ones((1, 1), bool))

    prior = math.log(1 / 6) + norm.logpdf(1.0, 0.5, 1.0) - math.log(norm.cdf(0.5) - norm.cdf(-0.5))
    np.testing.assert_allclose(far, [prior])


def test_widths_are_the_larger_gap_to_a_neighbour() -> None:
    x = np.array([[0.5], [0.1], [0.2], [np.nan]])

    np.testing.assert_allclose(neighbour_widths(x, 0.15), [[0.3], [0.15], [0.3], [np.nan]])
    np.testing.assert_allclose(neighbour_widths(np.array([[0.2]]), 0.1), [[0.8]])


def test_weights_fall_with_age_beyond_the_latest_25() -> None:
    weights = ramp(45)

    assert list(ramp(3)) == [1, 1, 1]
    assert weights[0] == 1 / 45 and all(weights[-25:] == 1) and np.all(np.diff(weights) >= 0)


def test_the_best_tenth_is_good_and_what_is_pending_is_not() -> None:
    seen = trials(mixed(), 30)
    x = np.vstack([seen.x, seen.x[:1]])
    with_one_waiting = history(x, np.append(seen.y, np.nan), np.append(seen.kind, 4))
    sampler = TPE(mixed(), 0)

    good, others = sampler._densities(judged(with_one_waiting), x[30:])

    assert (len(good.weights), len(others.weights)) == (3 + 1, 27 + 1 + 1)


def test_a_tpe_proposal_says_how_much_denser_the_good_trials_are() -> None:
    answer = TPE(mixed(), 0).ask(every_kind(mixed(), 60), 60)

    assert not isinstance(answer, Exhausted)
    assert answer.why.startswith("the best 5 of ") and answer.why.endswith(" times denser here than the others")
