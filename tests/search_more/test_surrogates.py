"""Networks, forest and the search for their best candidate, against formulas and hand computation."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from spaces_and_histories import every_kind, floats, history, mixed, trials

from hptui.core.search.catalog import check
from hptui.core.search.protocol import Array, Proposal
from hptui.core.search.samplers.axes import Axes
from hptui.core.search.samplers.forest import Forest, predict
from hptui.core.search.samplers.networks import last_layer, trained
from hptui.core.search.samplers.neural import Neural, trained_on
from hptui.core.search.samplers.pool import around, best_first, features, levelled, log_improvement, loss_at
from hptui.core.study.study import Chosen


@pytest.mark.parametrize("z", [-20.0, -6.0, -1.0, -0.2, 0.0, 1.5, 8.0])
def test_log_improvement_is_the_integral(z: float) -> None:
    sd = 0.3
    expected = quad(lambda t: t * norm.pdf(t, z * sd, sd), 0, max(z, 0) * sd + 12 * sd, epsabs=0, limit=200)[0]

    got = log_improvement(np.array([1.0 - z * sd]), np.array([sd]), 1.0)[0]

    assert got == pytest.approx(np.log(expected), abs=1e-5)


def test_log_improvement_still_falls_where_the_improvement_underflows() -> None:
    far = log_improvement(np.array([10.0, 24.9, 25.1, 100.0, 1e4]), np.ones(5), 0.0)

    assert np.all(np.diff(far) < 0) and np.isfinite(far).all()


def test_levels_keep_the_order_and_can_be_turned_back() -> None:
    loss = np.random.default_rng(0).normal(size=51) ** 3

    level = levelled(loss)

    assert (np.argsort(level) == np.argsort(loss)).all()
    np.testing.assert_allclose([loss_at(v, loss) for v in level], loss)
    assert levelled(np.ones(4)).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "loss", [[0, 5e-324, 5e-324], [0, 5e-324, 1e6], [-1e308, 0, 1e308], [1e308, 1e308, 0], [1, 1, 2]]
)
def test_levels_of_extreme_losses_are_moderate_and_in_order(loss: list[float]) -> None:
    level = levelled(np.array(loss, float))

    assert np.isfinite(level).all() and abs(level).max() < 1e7
    assert np.all(np.diff(level[np.argsort(loss)]) >= 0)


def test_the_last_layer_is_the_posterior_of_a_linear_model() -> None:
    rng = np.random.default_rng(0)
    phi = rng.normal(size=(80, 5))
    y = phi @ [1.0, -2.0, 0.5, 0.0, 3.0] + 0.1 * rng.normal(size=80)

    mean, covariance, noise = last_layer(phi, y)

    prior = np.linalg.inv(covariance) - phi.T @ phi / noise
    np.testing.assert_allclose(prior, prior[0, 0] * np.eye(5), atol=1e-5 * prior[0, 0] + 1e-6 / noise)
    np.testing.assert_allclose(mean, covariance @ phi.T @ y / noise)
    assert noise == pytest.approx(0.01, rel=0.5)


def test_training_fits_a_curve_that_no_straight_line_does() -> None:
    table = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    y = np.sin(3 * table[:, 0]) * table[:, 1]

    basis = trained(table, y, np.random.default_rng(1)).basis(table)
    left = [y - phi @ np.linalg.lstsq(phi, y, rcond=None)[0] for phi in basis]

    assert max(np.square(rest).mean() for rest in left) < 0.01 * y.var()


def test_hidden_layers_are_trained_anew_after_a_tenth_more_trials() -> None:
    assert [trained_on(n) for n in (5, 20, 21, 22, 23, 24, 100)] == [5, 20, 20, 22, 22, 24, 94]


def test_parallel_proposals_of_networks_and_forest_differ() -> None:
    seen = every_kind(mixed(), 60)

    for sampler in (Neural(mixed(), 0), Forest(mixed(), 0)):
        points = [answer.x for n in range(60, 64) if isinstance(answer := sampler.ask(seen, n), Proposal)]
        assert len({point.tobytes() for point in points}) == 4


def test_a_forest_predicts_by_the_mean_and_spread_of_its_trees() -> None:
    seen = trials(floats(2), 30)
    grown = Forest(floats(2), 0, trees=5)._grown(seen.x, seen.y, np.random.default_rng(0))
    at = np.random.default_rng(1).random((7, 2))
    each = np.array([[tree.value[tree.apply(u[None].astype(np.float32))[0], 0, 0] for tree in grown] for u in at])

    mean, sd = predict(grown, at)

    np.testing.assert_allclose(mean, each.mean(axis=1))
    np.testing.assert_allclose(sd, np.maximum(each.std(axis=1), 1e-3))


def test_a_forest_without_scikit_learn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the check of a choice, which comes before a session is made."""
    monkeypatch.setitem(sys.modules, "sklearn", None)

    [problem] = check("sampler", Chosen(name="forest"))

    assert str(problem) == (
        "sampler: forest needs scikit-learn, which is not installed\n  hint: pip install 'hptui[forest]'"
    )


def test_what_a_model_sees_of_a_point() -> None:
    """Numbers, then a column per choice; an inactive parameter is told apart from every value."""
    space = mixed()
    x = Axes(space).snap(space.point({"optimizer": "adam", "lr": 0.1, "layers": 1, "drop": 0.0})[None])

    [row] = features(Axes(space), x, -0.5)

    np.testing.assert_allclose(row, [1.0, -0.5, 0.1, -0.5, 1 / 12, -0.5, 0, 1, 0, 0, 0])


def test_the_pool_finds_a_narrow_peak_near_a_known_point() -> None:
    def peak(x: Array) -> Array:
        return np.asarray(-((x - [0.31, 0.72, 0.55]) ** 2).sum(axis=1))

    points, scores = best_first(peak, Axes(floats(3)), np.random.default_rng(0), np.array([[0.3, 0.7, 0.5]]), 512)

    assert scores[0] > -1e-3 and (np.diff(scores) <= 0).all()
    np.testing.assert_array_equal(peak(points), scores)


def test_points_around_a_centre_stay_in_the_cube_and_differ_from_it() -> None:
    near = around(Axes(mixed()), np.random.default_rng(0), np.full((1, 8), 0.999), 200, 0.3)

    assert near.min() >= 0 and near.max() <= 1
    assert (near != 0.999).any(axis=1).mean() > 0.9


def test_a_proposal_says_what_is_expected_in_the_losses_own_units() -> None:
    seen = trials(floats(2), 30)
    shifted = history(seen.x, seen.y + 1000)

    answer = Forest(floats(2), 0).ask(shifted, 30)

    (outlook,) = answer.outlooks
    assert shifted.y.min() - 5 < outlook.loss < shifted.y.max() + 5
