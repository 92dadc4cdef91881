"""A handful of small networks trained side by side, and Bayesian regression on their last hidden layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hptui.core.search.protocol import Array

_NETS, _WIDTH = 4, 32
_STEPS, _RATE, _DECAY = 200, 0.02, 1e-3
_ROUNDS = 8  # of the fixed point for noise and prior


@dataclass(frozen=True)
class Networks:
    """Hidden layers of e networks: inputs (n, f) -> tanh (w) -> tanh (w). Shapes (e, f, w), (e, 1, w), (e, w, w)."""

    first: Array
    first_bias: Array
    second: Array
    second_bias: Array

    def basis(self, table: Array) -> Array:
        """(e, n, w + 1) the last hidden layers' outputs, and a one."""
        hidden = np.tanh(table @ self.first + self.first_bias)
        last = np.tanh(hidden @ self.second + self.second_bias)
        return np.concatenate([last, np.ones((*last.shape[:2], 1))], axis=2)

    def fitted(self, table: Array, y: Array) -> Model:
        """With Bayesian last layers that have seen y (n,) at table (n, f)."""
        centre, spread = float(y.mean()), max(float(y.std()), 1e-6)
        lasts = [last_layer(phi, (y - centre) / spread) for phi in self.basis(table)]
        means, covariances, noises = (np.stack(part) for part in zip(*lasts, strict=True))
        return Model(self, means, covariances, noises, centre, spread)


@dataclass(frozen=True)
class Model:
    """weights: (e, w + 1); covariances: (e, w + 1, w + 1); noises: (e,) variances; all of standardised losses."""

    networks: Networks
    weights: Array
    covariances: Array
    noises: Array
    centre: float
    spread: float


def predict(model: Model, table: Array) -> tuple[Array, Array]:
    """(c,) mean and standard deviation of the function (without noise) over the networks."""
    phi = model.networks.basis(table)
    means = np.einsum("enw,ew->en", phi, model.weights)
    variances = np.einsum("enw,enw->en", phi @ model.covariances, phi)
    variance = variances.mean(axis=0) + means.var(axis=0)
    return model.centre + model.spread * means.mean(axis=0), model.spread * np.sqrt(np.maximum(variance, 1e-8))


def last_layer(phi: Array, y: Array) -> tuple[Array, Array, float]:
    """Posterior mean (w,) and covariance (w, w) of the weights, and the noise variance that has the highest evidence.

    Source: Bishop 2006, eqs. 3.53, 3.54, 3.92 and 3.95.
    """
    values, vectors = np.linalg.eigh(phi.T @ phi)
    values = np.maximum(values, 0.0)
    moved = vectors.T @ (phi.T @ y)
    prior, precision = 1.0, 100.0
    for _ in range(_ROUNDS):
        mean = precision * moved / (prior + precision * values)
        used = float((precision * values / (prior + precision * values)).sum())
        rest = float(((y - phi @ (vectors @ mean)) ** 2).sum())
        prior = min(max(used / max(float(mean @ mean), 1e-9), 1e-3), 1e3)
        precision = min(max((len(y) - used) / max(rest, 1e-9), 1.0), 1e5)
    mean = precision * moved / (prior + precision * values)
    return vectors @ mean, (vectors / (prior + precision * values)) @ vectors.T, 1 / precision


def trained(table: Array, y: Array, rng: np.random.Generator) -> Networks:
    """Least squares on y (n,) at table (n, f), all networks at once, by Adam (Kingma & Ba 2015, algorithm 1)."""
    y = (y - y.mean()) / max(float(y.std()), 1e-6)
    n, f = table.shape
    e, w = _NETS, _WIDTH
    shapes = [(e, f, w), (e, 1, w), (e, w, w), (e, 1, w), (e, w, 1), (e, 1, 1)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    flat, slope = np.empty(sum(sizes)), np.empty(sum(sizes))
    ends = np.cumsum([0, *sizes])
    parts = [flat[a:b].reshape(s) for a, b, s in zip(ends[:-1], ends[1:], shapes, strict=True)]
    slopes = [slope[a:b].reshape(s) for a, b, s in zip(ends[:-1], ends[1:], shapes, strict=True)]
    for part, scale in zip(parts, [1.5 / np.sqrt(f), 1.0, 1.5 / np.sqrt(w), 0.5, 1 / np.sqrt(w), 0.0], strict=True):
        part[...] = scale * rng.normal(size=part.shape)
    one, one_bias, two, two_bias, out, out_bias = parts
    momentum, square = np.zeros_like(flat), np.zeros_like(flat)
    for step in range(1, _STEPS + 1):
        h1 = np.tanh(table @ one + one_bias)
        h2 = np.tanh(h1 @ two + two_bias)
        error = (h2 @ out + out_bias - y[:, None]) / n
        back2 = (error @ out.transpose(0, 2, 1)) * (1 - h2 * h2)
        back1 = (back2 @ two.transpose(0, 2, 1)) * (1 - h1 * h1)
        slopes[0][...] = table.T @ back1
        slopes[1][...] = back1.sum(axis=1, keepdims=True)
        slopes[2][...] = h1.transpose(0, 2, 1) @ back2
        slopes[3][...] = back2.sum(axis=1, keepdims=True)
        slopes[4][...] = h2.transpose(0, 2, 1) @ error
        slopes[5][...] = error.sum(axis=1, keepdims=True)
        slope += _DECAY / n * flat
        momentum = 0.9 * momentum + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        rate = _RATE * (1 - step / (_STEPS + 1)) / (1 - 0.9**step)
        flat -= rate * momentum / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return Networks(one.copy(), one_bias.copy(), two.copy(), two_bias.copy())
