"""The formulas of the Gaussian process, each against an independent computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import norm, yeojohnson

from hptui.core.search.models.acquisition import (
    log_ei_slopes,
    log_expected_improvement,
    log_h,
)
from hptui.core.search.models.feasibility import Feasibility
from hptui.core.search.models.gp import Evidence, Prior, Settings, fit
from hptui.core.search.models.kernels import Kernel, pair_distances
from hptui.core.search.models.posterior import Posterior, left_out
from hptui.core.search.models.transforms import fit_transform, yeo_johnson, yeo_johnson_inverse
from hptui.core.search.protocol import Array

GROUPS = (0, 1, 2, 2)
PRIORS = [Prior(-1.0, 1.0, -5.0, 2.0, alone=alone) for alone in (False, True)]


def data(n: int = 15, seed: int = 0) -> tuple[Array, Array, Array]:
    """Features (n, 4), losses, and the doubt of one of them."""
    rng = np.random.default_rng(seed)
    doubt = np.zeros(n)
    doubt[3:4] = 0.1
    return rng.random((n, 4)), rng.standard_normal(n), doubt


def kernel(alone: float = 0.7) -> Kernel:
    return Kernel(GROUPS, np.array([0.3, 0.8, 1.5]), 1.3, np.array([0.2, 2.0, 0.6]), alone)


def slow_covariance(k: Kernel, a: Array, b: Array) -> float:
    """Written out for two points, from the definitions of the kernel."""

    def matern(r: float) -> float:
        return (1 + math.sqrt(5) * r + 5 * r * r / 3) * math.exp(-math.sqrt(5) * r)

    squares = [0.0, 0.0, 0.0]
    for column, group in enumerate(GROUPS):
        squares[group] += float(a[column] - b[column]) ** 2
    together = math.sqrt(sum(s / length**2 for s, length in zip(squares, k.lengths, strict=True)))
    alone = [matern(math.sqrt(s) / length) for s, length in zip(squares, k.alone_lengths, strict=True)]
    return k.signal * matern(together) + k.alone * sum(alone) / 3


def test_the_kernel_is_its_definition() -> None:
    a, b = data(4)[0], data(5, seed=1)[0]

    expected = [[slow_covariance(kernel(), x, y) for y in b] for x in a]

    np.testing.assert_allclose(kernel().between(a, b), expected, rtol=1e-10)
    np.testing.assert_allclose(kernel().with_slopes(a, b)[0], expected, rtol=1e-10)


@pytest.mark.parametrize("alone", [0.0, 0.7])
def test_the_posterior_is_what_inverting_the_covariance_gives(alone: float) -> None:
    x, y, doubt = data()
    new, k = data(6, seed=1)[0], kernel(alone)
    nothing = np.empty(0)

    mean, sd = Posterior(x, y, doubt, Settings(k, 0.01, nothing, nothing, nothing, 0.0)).predict(new)

    inverse = np.linalg.inv(k.between(x, x) + np.diag(0.01 + doubt))
    constant = (np.ones(15) @ inverse @ y) / inverse.sum()
    cross = k.between(new, x)
    np.testing.assert_allclose(mean, constant + cross @ inverse @ (y - constant), rtol=1e-9)
    variance = k.variance - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    np.testing.assert_allclose(sd, np.sqrt(variance), rtol=1e-9)


def test_what_is_believed_of_pending_trials_moves_no_expectation_and_leaves_hardly_any_doubt() -> None:
    x, y, doubt = data()
    pending = data(2, seed=1)[0]
    nothing = np.empty(0)
    settings = Settings(kernel(), 1e-6, nothing, nothing, nothing, 0.0)

    before = Posterior(x, y, doubt, settings)
    after = Posterior(x, y, doubt, settings, pending)
    mean, sd = after.predict(pending)

    np.testing.assert_allclose(after.believed, before.predict(pending)[0], rtol=1e-9)
    np.testing.assert_allclose(mean, after.believed, atol=1e-3)
    assert np.all(sd < 2e-3)
    elsewhere = data(6, seed=4)[0]
    np.testing.assert_allclose(after.predict(elsewhere)[0], before.predict(elsewhere)[0], atol=1e-3)
    assert np.all(after.predict(elsewhere)[1] <= before.predict(elsewhere)[1] + 1e-9)


@pytest.mark.parametrize("alone", [0.0, 0.7])
def test_slopes_of_the_posterior_are_its_finite_differences(alone: float) -> None:
    x, y, doubt = data()
    nothing = np.empty(0)
    posterior = Posterior(
        x, y, doubt, Settings(kernel(alone), 0.01, nothing, nothing, nothing, 0.0), data(2, 1)[0]
    )
    at = data(3, seed=3)[0]

    mean, sd, mean_slopes, sd_slopes = posterior.predict_with_slopes(at)

    np.testing.assert_allclose(mean, posterior.predict(at)[0], rtol=1e-9)
    np.testing.assert_allclose(sd, posterior.predict(at)[1], rtol=1e-9)
    for i in range(3):
        slope = approx_fprime(at[i], lambda v: posterior.predict(v[None])[0][0], 1e-7)
        np.testing.assert_allclose(mean_slopes[i], slope, atol=1e-4)
        slope = approx_fprime(at[i], lambda v: posterior.predict(v[None])[1][0], 1e-7)
        np.testing.assert_allclose(sd_slopes[i], slope, atol=1e-4)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_gradient_of_the_evidence_is_its_finite_difference(prior: Prior) -> None:
    x, y, doubt = data()
    evidence = Evidence(pair_distances(x, GROUPS), y, doubt, prior)
    theta = evidence.frame()[2] + 0.3 * np.random.default_rng(1).standard_normal(len(evidence.frame()[2]))

    gradient = evidence(theta)[1]

    def centred(i: int) -> float:
        step = 1e-5 * np.eye(len(theta))[i]
        return (evidence(theta + step)[0] - evidence(theta - step)[0]) / 2e-5

    np.testing.assert_allclose(gradient, [centred(i) for i in range(len(theta))], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_evidence_is_the_density_of_the_losses_and_the_prior(prior: Prior) -> None:
    """Differences between two thetas, with every density written out."""
    x, y, doubt = data()
    evidence = Evidence(pair_distances(x, GROUPS), y, doubt, prior)
    start = evidence.frame()[2]

    def slow(theta: Array) -> float:
        k, noise = prior.unpack(theta, GROUPS)
        covariance = k.between(x, x) + np.diag(noise + doubt)
        inverse = np.linalg.inv(covariance)
        rest = y - (np.ones(15) @ inverse @ y) / inverse.sum()
        log_p = -0.5 * rest @ inverse @ rest - 0.5 * np.linalg.slogdet(covariance)[1]
        log_p += float(np.sum(norm.logpdf(theta[:3], prior.log_length(3), prior.length_sd) - theta[:3]))
        if prior.alone:
            log_p += float(np.sum(norm.logpdf(theta[3:6], math.log(0.5), 1.0)))
        log_p += float(np.sum(norm.logpdf(theta[-3 if prior.alone else -2 : -1], 0.0, prior.signal_sd)))
        return -log_p - float(norm.logpdf(theta[-1], prior.noise, prior.noise_sd))

    other = start + 0.2
    assert evidence(other)[0] - evidence(start)[0] == pytest.approx(slow(other) - slow(start), rel=1e-9)


def test_left_out_densities_are_those_of_processes_that_have_not_seen_the_loss() -> None:
    x, y, doubt = data()
    covariance, noise = kernel().between(x, x), 0.05 + doubt

    density, missed = left_out(covariance, noise, y)

    inverse = np.linalg.inv(covariance + np.diag(noise))
    rest = y - (np.ones(15) @ inverse @ y) / inverse.sum()
    for i in range(15):
        others = np.arange(15) != i
        inner = np.linalg.inv((covariance + np.diag(noise))[np.ix_(others, others)])
        row = covariance[i, others]
        mean, variance = row @ inner @ rest[others], covariance[i, i] + noise[i] - row @ inner @ row
        assert density[i] == pytest.approx(norm.logpdf(rest[i], mean, math.sqrt(variance)), rel=1e-8)
        assert missed[i] == pytest.approx(rest[i] - mean, rel=1e-8)


def test_fitting_finds_which_parameter_matters() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((40, 2))
    y = np.sin(6 * x[:, 0])

    settings = fit(x, (0, 1), (y - y.mean()) / y.std(), np.zeros(40), Prior(-1.0, 1.0, -9.0, 3.0), 50)

    assert settings.kernel.lengths[1] > 3 * settings.kernel.lengths[0]
    assert settings.noise < 1e-3


@pytest.mark.parametrize("z", [-30.0, -5.0, -1.0001, -1.0, -0.9, 0.0, 2.0, 40.0])
def test_log_ei_is_the_integral_of_the_improvement(z: float) -> None:
    scale = math.exp(0.5 * min(z, 0.0) ** 2)  # or the integral underflows
    integral = quad(lambda u: u * math.exp(-0.5 * (z - u) ** 2) * scale / math.sqrt(2 * math.pi), 0, 60, limit=400)[0]

    assert float(log_h(np.array(z))) == pytest.approx(math.log(integral) - math.log(scale), rel=1e-7)


def test_log_h_goes_on_where_the_improvement_underflows() -> None:
    z = -np.logspace(0, 6, 200)

    values = log_h(z)

    assert np.all(np.isfinite(values)) and np.all(np.diff(values) < 0)
    np.testing.assert_allclose(values[-1], -0.5 * z[-1] ** 2 - 0.5 * math.log(2 * math.pi) - 2 * math.log(1e6))


def test_log_ei_agrees_with_drawing_losses() -> None:
    draws = np.random.default_rng(0).normal(0.3, 0.5, 400_000)

    expected = math.log(np.maximum(0.1 - draws, 0).mean())

    assert float(log_expected_improvement(np.array(0.3), np.array(0.5), 0.1)) == pytest.approx(expected, abs=0.01)


def test_slopes_of_log_ei_are_its_finite_differences() -> None:
    mean, sd, best = np.array([0.3, -1.0, 2.0]), np.array([0.5, 0.01, 0.1]), 0.1
    value, by_mean, by_sd = log_ei_slopes(mean, sd, best)

    def at(m: float, s: float) -> Array:
        return log_expected_improvement(mean + m, sd + s, best)

    np.testing.assert_allclose(value, at(0, 0))
    np.testing.assert_allclose(by_mean, (at(1e-6, 0) - at(-1e-6, 0)) / 2e-6, rtol=1e-4)
    np.testing.assert_allclose(by_sd, (at(0, 1e-6) - at(0, -1e-6)) / 2e-6, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("power", [-2.0, 0.0, 0.5, 1.0, 2.0, 3.0])
def test_yeo_johnson_is_scipys_and_comes_back(power: float) -> None:
    v = np.linspace(-3, 3, 31)

    bent = yeo_johnson(v, power)

    np.testing.assert_allclose(bent, yeojohnson(v, power), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(yeo_johnson_inverse(bent, power), v, rtol=1e-9, atol=1e-9)


def test_the_chosen_power_is_scipys_most_likely_one() -> None:
    y = np.random.default_rng(0).lognormal(size=300)
    standard = (y - y.mean()) / y.std()

    assert fit_transform("power", y).power == pytest.approx(yeojohnson(standard)[1], abs=0.06)


@pytest.mark.parametrize("name", ["plain", "power", "log"])
def test_transforms_standardise_come_back_and_know_their_slope(name: str) -> None:
    y = 3.0 + np.random.default_rng(1).lognormal(size=50)
    transform = fit_transform(name, y)  # type: ignore[arg-type]  # parametrised
    z = transform.forward(y)

    assert (float(z.mean()), float(z.std())) == pytest.approx((0, 1), abs=1e-9)
    np.testing.assert_allclose(transform.backward(z), y, rtol=1e-9)
    slope = (transform.forward(y + 1e-6) - transform.forward(y - 1e-6)) / 2e-6
    np.testing.assert_allclose(np.exp(transform.log_slope(y)), slope, rtol=1e-4)


@pytest.mark.parametrize("name", ["plain", "power", "log"])
def test_equal_losses_are_no_obstacle(name: str) -> None:
    transform = fit_transform(name, np.full(5, 7.0))  # type: ignore[arg-type]  # parametrised

    np.testing.assert_array_equal(transform.forward(np.full(5, 7.0)), np.zeros(5))


def test_feasibility_learns_a_half_space() -> None:
    """Trials with a + b > 1.2 ran out of memory, say."""
    rng = np.random.default_rng(0)
    x, new = rng.random((60, 2)), rng.random((400, 2))
    bad = x.sum(axis=1) > 1.2

    chance = np.exp(Feasibility(x[~bad], x[bad], (0, 1)).log_probability(new))

    assert np.all((chance >= 0) & (chance <= 1))
    assert np.mean((chance < 0.5) == (new.sum(axis=1) > 1.2)) > 0.9
