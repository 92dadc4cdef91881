"""The kernels and the box that a user of `gp` may ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hptui.core.search.catalog import make_sampler
from hptui.core.search.models.gp import NOISE_FLOOR, Evidence, Prior, fit
from hptui.core.search.models.kernels import matern, pair_distances
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.learning import RECIPES, learn
from hptui.core.search.models.maps import Cylinder, Embedding, FeatureMap, Warp
from hptui.core.search.models.observed import observe
from hptui.core.search.models.posterior import Posterior
from hptui.core.search.models.shape import KERNELS, Shape
from hptui.core.search.models.trust import box, side
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import History, Kind, Proposal
from hptui.core.search.samplers.start import lattice_steps
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

MAPS: list[FeatureMap] = [
    Warp((0, 1, 2), np.array([0.5, 1.0, 2.0]), np.array([1.0, 2.0, 0.7])),
    Cylinder(np.full(3, 0.5)),
    Embedding.drawn(3, 2, seed=4),
]


def history(x: np.ndarray, y: np.ndarray) -> History:
    n = len(y)
    return History(x, y, np.zeros(n, np.int64), np.arange(n), np.zeros(n, np.int64))


def floats(dim: int) -> Space:
    return Space.parse({f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(dim)})


@pytest.mark.parametrize("map", MAPS, ids=lambda map: type(map).__name__)
def test_slopes_of_a_map_are_its_finite_differences(map: FeatureMap) -> None:
    x = np.random.default_rng(0).uniform(0.1, 0.9, (4, 3))
    step = 1e-6

    found = np.stack(
        [(map.forward(x + step * e) - map.forward(x - step * e)) / (2 * step) for e in np.eye(3)], axis=-1
    )

    assert_allclose(map.slopes(x), found, atol=1e-6)
    assert map.forward(x).shape[1] == len(map.groups)


@pytest.mark.parametrize("map", MAPS, ids=lambda map: type(map).__name__)
def test_a_posterior_over_mapped_features_has_the_slopes_of_its_predictions(map: FeatureMap) -> None:
    rng = np.random.default_rng(1)
    x, y, doubt = rng.random((12, 3)), rng.standard_normal(12), np.zeros(12)
    settings = fit(map.forward(x), map.groups, y, doubt, Prior(-1.0, 1.0, -3.0, 1.0), 15)
    posterior = Posterior(x, y, doubt, settings, map=map)
    at, step = rng.uniform(0.2, 0.8, (3, 3)), 1e-6

    mean, sd, by_mean, by_sd = posterior.predict_with_slopes(at)

    assert_allclose(mean, posterior.predict(at)[0])
    assert_allclose(sd, posterior.predict(at)[1], rtol=1e-6)
    for k, e in enumerate(np.eye(3)):
        (above, sd_above), (below, sd_below) = posterior.predict(at + step * e), posterior.predict(at - step * e)
        assert_allclose(by_mean[:, k], (above - below) / (2 * step), atol=1e-4)
        assert_allclose(by_sd[:, k], (sd_above - sd_below) / (2 * step), atol=1e-4)


def test_points_as_far_from_the_middle_differ_in_direction_only() -> None:
    mapped = Cylinder(np.full(2, 0.5)).forward(np.array([[0.5, 0.9], [0.1, 0.5], [0.5, 0.5]]))

    radius = 0.4 / np.sqrt(0.5)
    assert_allclose(mapped, [[radius, 0, np.sqrt(0.5)], [radius, -np.sqrt(0.5), 0], [0, 0, 0]], atol=1e-8)


def test_a_warp_keeps_the_order_and_the_ends() -> None:
    u = np.linspace(0, 1, 50)[:, None]

    warped = Warp((0,), np.array([2.0]), np.array([0.5])).forward(u)[:, 0]

    assert np.all(np.diff(warped) > 0) and warped[0] < 1e-5 and warped[-1] > 0.998


def test_the_warp_that_straightens_a_bent_loss_is_found() -> None:
    x = np.random.default_rng(2).random((40, 2))
    seen = observe(history(x, np.sin(6 * x[:, 0] ** 2) + 0.5 * x[:, 1]), Layout(floats(2)))

    learned = learn(RECIPES[2], seen, Layout(floats(2)), Shape("warped"))

    assert isinstance(learned.map, Warp)
    assert (learned.map.a[0], learned.map.b[0]) in {(2.0, 1.0), (1.0, 0.5)}
    assert learned.score > learn(RECIPES[2], seen, Layout(floats(2))).score


def test_an_additive_kernel_is_the_mean_over_parameters_and_nothing_else() -> None:
    rng = np.random.default_rng(3)
    x = rng.random((15, 3))
    y = np.cos(5 * x).sum(axis=1)
    y = (y - y.mean()) / y.std()
    prior = Shape("additive").prior(RECIPES[1].prior, 3)

    kernel = fit(x, (0, 1, 2), y, np.zeros(15), prior, 25).kernel

    singles = [matern(((x[:, None, j] - x[None, :, j]) / kernel.alone_lengths[j]) ** 2) for j in range(3)]
    assert_allclose(kernel.between(x, x), kernel.alone * np.mean(singles, axis=0), atol=1.1 * np.exp(-7.0))


def test_what_is_noise_and_what_is_a_valley_is_looked_at_from_both_sides() -> None:
    """Never worse than the better of two searches, from little and from much noise."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(5)
    x, noise = rng.random((60, 4)), rng.standard_normal(60)
    y = ((x - 0.4) ** 2).sum(axis=1) + 0.3 * noise
    y = (y - y.mean()) / y.std()
    prior = RECIPES[2].prior
    evidence = Evidence(pair_distances(x, (0, 1, 2, 3)), y, np.zeros(60), prior)
    low, high, quiet = evidence.frame()
    assert low[-1] == np.log(NOISE_FLOOR)
    ends = [
        minimize(evidence, np.r_[quiet[:-1], start], jac=True, bounds=list(zip(low, high, strict=True)))
        for start in (-7.0, -1.5)
    ]

    loss = fit(x, (0, 1, 2, 3), y, np.zeros(60), prior, 200).loss

    assert_allclose(loss, min(float(end.fun) for end in ends), atol=1e-3)


def test_the_box_doubles_with_luck_halves_without_and_begins_anew() -> None:
    falling = np.arange(10, 0, -1.0)

    assert side(falling[:4], 4, 1) == 1.6
    assert side(np.r_[1.0, np.full(4, 2.0)], 4, 1) == 0.4
    assert side(np.r_[1.0, np.full(8, 2.0)], 4, 1) == 0.2
    # 0.8 / 2 ** 7 is below the smallest side
    assert side(np.r_[1.0, np.full(28, 2.0)], 4, 1) == 0.8


def test_the_box_lies_around_the_best_trial_and_is_longer_where_losses_change_slowly() -> None:
    space = Space.parse({**floats(2).definitions(), "c": ["a", "b"]})
    layout = Layout(space)
    x = np.array([[0.5, 0.5, 0.25], [0.2, 0.5, 0.75], [0.9, 0.1, 0.75]])
    seen = observe(history(x, np.array([1.0, 0.0, 2.0])), layout)

    low, high = box(layout, seen, np.array([0.5, 1.0, 0.5]), 3)

    middle = 0.5 * 0.8 * np.array([0.5, 1.0]) / (0.5 * 1.0 * 0.5) ** (1 / 3)
    assert_allclose(low, [max(0.2 - middle[0], 0), max(0.5 - middle[1], 0), 0])
    assert_allclose(high, [0.2 + middle[0], min(0.5 + middle[1], 1), 1])


@pytest.mark.parametrize(
    "options", [{"kernel": kernel} for kernel in KERNELS[1:]] + [{"trust_region": "on"}], ids=lambda o: str(o)
)
def test_every_option_comes_nearer_to_the_bottom_of_a_bowl_than_it_began(options: dict[str, Any]) -> None:
    space = floats(8)
    sampler, seen, losses = make_sampler(Chosen(name="gp", options=options), space, 0), Observations(8), []
    for number in range(21):
        answer = sampler.ask(seen.history(), number)
        assert isinstance(answer, Proposal)
        losses.append(float(((answer.x - 0.3) ** 2).sum()))
        seen.add(Observation(number, tuple(answer.x.tolist()), losses[-1], Kind.COMPLETE))

    assert min(losses) < 0.75 * losses[0]


def test_steps_of_the_first_points_are_powers_of_one_number() -> None:
    steps = lattice_steps(3)
    phi = 1 / steps[0]

    assert_allclose(phi**4, phi + 1)
    assert_allclose(steps, [phi**-1, phi**-2, phi**-3])
