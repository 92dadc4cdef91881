"""The process over configuration and curve: its formulas against dense algebra and finite differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hptui.core.search.catalog import make_sampler
from hptui.core.search.models.curve_coverage import misses_of, widening_of, without_later_halves
from hptui.core.search.models.curve_fit import MOST, Observations, levels, settings, squares, telling
from hptui.core.search.models.curve_kernel import NAMES, CurveEvidence, CurveKernel
from hptui.core.search.models.curve_model import expect, expect_elsewhere, selected
from hptui.core.search.models.curve_posterior import SMALL, CurvePosterior, lower_times, times_lower
from hptui.core.search.models.curve_scale import LossScale, floor_of
from hptui.core.search.protocol import Curve, History, Kind, Proposal
from hptui.core.search.pruners.thaw import Thaw
from hptui.core.search.samplers.thaw import TURNS, NewPoints
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

GROUPS = (0, 1, 2, 2)


def curves(n: int, trials: int, seed: int = 0) -> Observations:
    """n reports of some trials, in a random order of trials; a trial's own come one after the other."""
    rng = np.random.default_rng(seed)
    order = np.r_[np.arange(trials), rng.integers(0, trials, n - trials)]
    went = np.zeros(trials)
    s = np.empty(n)
    for i, trial in enumerate(order):
        went[trial] += 1
        s[i] = np.log(went[trial]) / np.log(20.0)
    x = rng.random((trials, len(GROUPS)))
    loss = x[order, 0] + np.exp(-2.0 * s) + 0.02 * rng.standard_normal(n)
    return Observations(x, GROUPS, order, np.minimum(s, 1.0), loss)


def kernel(seed: int = 1) -> CurveKernel:
    mode = CurveEvidence.modes(3)
    return CurveKernel(GROUPS, mode + 0.3 * np.random.default_rng(seed).standard_normal(len(mode)))


def dense(k: CurveKernel, xa: np.ndarray, xb: np.ndarray, same: np.ndarray, s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The formula of the module's docstring, pair by pair."""
    v = dict(zip(NAMES, np.exp(k.theta[-len(NAMES) :]), strict=True))
    lengths = np.exp(k.theta[: -len(NAMES)])[list(GROUPS)]
    out = np.empty((len(xa), len(xb)))
    for i in range(len(xa)):
        for j in range(len(xb)):
            d = np.sqrt(5.0 * np.sum(((xa[i] - xb[j]) / lengths) ** 2))
            likeness = (1 + d + d * d / 3) * np.exp(-d)
            st = s[i] * t[j]
            own = v["a0"] + v["a1"] * st + v["w"] * min(s[i], t[j])
            out[i, j] = v["m0"] + v["m1"] * st + likeness * (v["c0"] + v["c1"] * st) + same[i, j] * own
    return out


@pytest.mark.parametrize("seed", [0, 1])
def test_the_gradient_of_the_evidence_is_that_of_finite_differences(seed: int) -> None:
    seen = curves(40, 15, seed)
    order = np.argsort(seen.trial, kind="stable")
    z = np.random.default_rng(seed).standard_normal(len(seen))
    evidence = CurveEvidence(squares(seen.features, GROUPS), seen.trial[order], seen.s[order], z[order])
    theta = evidence.mode + 0.4 * np.random.default_rng(seed).standard_normal(len(evidence.mode))

    _, gradient = evidence(theta)

    step = 1e-5
    along = [(evidence(theta + step * e)[0] - evidence(theta - step * e)[0]) / (2 * step) for e in np.eye(len(theta))]
    np.testing.assert_allclose(gradient, along, rtol=1e-5, atol=1e-5)


def test_predictions_are_those_of_dense_algebra_also_after_growing() -> None:
    seen, k, points = curves(45, 12), kernel(), np.random.default_rng(7).random((5, 4))
    begun = seen.first(20)
    posterior = CurvePosterior(k, points, begun, np.arange(20))
    posterior.extend(seen)
    z = np.random.default_rng(8).standard_normal(45)

    mean, sd = posterior.ends(z)
    elsewhere = posterior.elsewhere(points, z)
    at = posterior.at(np.array([3, 4]), np.array([0.2, 0.9]), z)

    x, ends = seen.features[seen.trial], np.vstack([points, seen.features])
    among = dense(k, x, x, np.equal.outer(seen.trial, seen.trial), seen.s, seen.s)
    among[np.diag_indices(45)] += posterior.noise
    same = np.equal.outer(seen.trial, np.r_[np.full(5, -1), np.arange(12)])
    cross = dense(k, x, ends, same, seen.s, np.ones(17))
    np.testing.assert_allclose(mean, cross.T @ np.linalg.solve(among, z), atol=1e-8)
    prior = dense(k, ends[:1], ends[:1], np.ones((1, 1)), np.ones(1), np.ones(1))[0, 0]
    explained = np.einsum("ij,ij->j", cross, np.linalg.solve(among, cross))
    np.testing.assert_allclose(sd, np.sqrt(prior - explained), atol=1e-8)
    np.testing.assert_allclose(elsewhere[:2], (mean[:5], sd[:5]), atol=1e-8)
    x, same, times = np.vstack([x, seen.features]), np.r_[seen.trial, np.arange(12)], np.r_[seen.s, np.ones(12)]
    ended = dense(k, x, x, np.equal.outer(same, same), times, times)
    ended[np.diag_indices(57)] += posterior.noise
    new = dense(k, x, points, np.zeros((57, 5), bool), times, np.ones(5))
    explained = np.einsum("ij,ij->j", new, np.linalg.solve(ended, new))
    np.testing.assert_allclose(elsewhere[2], np.sqrt(prior - explained), atol=1e-8)
    np.testing.assert_allclose(new.T @ np.linalg.solve(ended, np.r_[z, mean[5:]]), mean[:5], atol=1e-8)
    x = x[:45]
    cross = dense(k, x, seen.features[[3, 4]], np.equal.outer(seen.trial, [3, 4]), seen.s, np.array([0.2, 0.9]))
    np.testing.assert_allclose(at[0], cross.T @ np.linalg.solve(among, z), atol=1e-8)


def test_what_is_expected_depends_on_the_observations_alone_and_not_on_what_was_asked_before() -> None:
    seen, points = curves(61, 25, 3), np.random.default_rng(1).random((6, 4))
    for n in range(52, 62):
        step_by_step = expect(seen.first(n), points)
    expect(curves(61, 25, 4), points), expect(curves(61, 25, 5), points), expect(curves(61, 25, 6), points)

    at_once = expect(seen, points)

    for name in ("points", "trials"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(step_by_step, name))
    assert at_once.widening == step_by_step.widening
    again = expect_elsewhere(seen, points, points)
    np.testing.assert_allclose(again[:2], at_once.points, atol=1e-9)


def test_settings_are_learned_when_the_observations_have_grown_by_a_quarter() -> None:
    seen = curves(60, 25)

    assert list(levels(30)) == [8, 10, 12, 15, 18, 22, 27]
    np.testing.assert_array_equal(settings(seen.first(27)).theta, settings(seen.first(32)).theta)
    assert not np.array_equal(settings(seen.first(33)).theta, settings(seen.first(32)).theta)


def test_of_many_observations_the_telling_ones_are_kept() -> None:
    trial = np.r_[np.arange(300), np.repeat(np.arange(20), 5)]
    kept = telling(trial, MOST)
    assert len(kept) == MOST
    # first and last reports of the twenty long curves are all there
    assert set(range(20)) <= set(kept.tolist()) and set(range(304, 400, 5)) <= set(kept.tolist())
    seen = Observations(np.zeros((300, 4)), GROUPS, trial, np.zeros(400), np.linspace(0.0, 1.0, 400))
    rows = selected(seen, 200)
    assert len(rows) == 200 and set(seen.trial[rows].tolist()) >= set(range(20))


def test_the_scale_keeps_the_order_and_caps_what_is_hopeless() -> None:
    trial, loss = np.arange(8), np.array([0.5, 0.7, 0.6, 0.9, 3.0, np.nan, np.inf, 0.4])
    scale = LossScale.of(trial, loss)

    z = scale.forward(loss)

    assert (np.argsort(z[:5], kind="stable") == np.argsort(loss[:5], kind="stable")).all()
    assert z[4] == z[5] == z[6] and abs(z.mean()) < 1e-12 and abs(z.std() - 1.0) < 1e-12
    assert [scale.backward(float(v)) for v in z[[0, 7]]] == pytest.approx([0.5, 0.4])
    assert scale.backward(float(z[7]) - 1.0) < 0.4


@pytest.mark.parametrize("loss", [np.zeros(4), np.full(4, np.nan), np.array([1e308, -1e308, 0.0, np.inf])])
def test_the_scale_takes_any_losses(loss: np.ndarray) -> None:
    assert np.isfinite(LossScale.of(np.arange(4), loss).forward(loss)).all()


@pytest.mark.parametrize(
    ("loss", "floor"),
    [
        ([0.3, np.nan, 2.0], 0.0),
        ([-0.4, -1.0, -0.0], -1.0),
        ([-0.4, 0.1], -np.inf),
        ([-20.0, -3.0], -np.inf),
        ([np.inf], -np.inf),
    ],
)
def test_accuracies_end_at_one_and_errors_at_zero(loss: list[float], floor: float) -> None:
    assert floor_of(np.array(loss)) == floor


def test_predictions_are_checked_against_the_later_halves_of_curves() -> None:
    kept, asked = without_later_halves(np.array([0, 1, 0, 0, 2, 0, 0, 1]))
    assert (kept.tolist(), asked.tolist()) == ([0, 1, 2, 4, 7], [6])

    seen = curves(80, 8)
    rough = Observations(seen.features, GROUPS, seen.trial, seen.s, seen.loss + 0.5 * (seen.trial % 3) * seen.s**2)
    assert len(misses_of(seen)) == 8
    assert 1.0 <= widening_of(seen) < 2.0
    assert widening_of(rough) >= widening_of(seen)


def test_products_with_a_triangle_that_leave_out_what_is_zero_are_the_whole_products() -> None:
    rng = np.random.default_rng(3)
    for n in (1, SMALL, SMALL + 1, 2 * SMALL + 3):
        triangle, x = np.tril(rng.standard_normal((n, n))), rng.standard_normal(n)

        np.testing.assert_allclose(lower_times(triangle, x), triangle @ x, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(times_lower(x, triangle), x @ triangle, rtol=1e-10, atol=1e-10)


def test_new_points_keep_away_from_trials_held_that_would_tell_as_much_by_going_on() -> None:
    """Of what was seen for one step the end is not known; twenty more like it would not tell more."""
    space = Space.parse({name: {"type": "float", "low": 0.0, "high": 1.0} for name in "xyz"})
    rule = Thaw(27, space=space, seed=3)
    sampler = NewPoints(make_sampler(Chosen(name="auto"), space, 3), rule.mind)
    crowd, told = list[Curve](), 0

    def begin(x: np.ndarray, steps: int) -> None:
        nonlocal told
        s, end = np.arange(1, steps + 1), 0.1 + 1.2 * float(np.linalg.norm(x - 0.5))
        losses, kind = end + (1 - end) * np.exp(-s / 5), Kind.COMPLETE if steps == 27 else Kind.PRUNED
        arrival = told + np.arange(steps)
        crowd.append(Curve(len(crowd), s, losses, kind, x=tuple(x.tolist()), arrival=arrival))
        told += steps

    for steps, x in zip((11, *[1] * 8), np.random.default_rng(3).random((9, 3)), strict=True):
        begin(x, steps)
    begin(np.full(3, 0.55), 27)
    for number in range(11, 11 + 14 * TURNS, TURNS):
        answer = sampler.ask(replace(History.empty(3), curves=tuple(crowd)), number)
        assert isinstance(answer, Proposal) and answer.why == "curves"
        begin(answer.x, 1)

    x = np.array([curve.x for curve in crowd[10:]], float)
    apart = np.sqrt(((x[:, None] - x) ** 2).sum(axis=2)) + np.diag(np.full(14, np.inf))
    assert np.median(apart.min(axis=1)) > 0.15
