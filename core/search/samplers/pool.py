"""Finds where a score is high: candidates all over the cube and around known points, then closer and closer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hptui.core.search.protocol import Array, Outlook
from hptui.core.search.samplers.axes import Axes

_ROUNDS = 3  # of looking around the best candidates
_SEEDS = 4  # candidates that are looked around
_ROOM, _LEAST_ROOM = 0.1, 1e-3  # more of it costs regret: the models know that trials are waiting
_HUGE = 1e150  # losses beyond this are taken as this
_FLIP = 0.2  # how often a changed choice becomes any


def around(axes: Axes, rng: np.random.Generator, centres: Array, count: int, widest: float) -> Array:
    """(count, d) points near the centres (k, d), from `widest` to 300 times nearer, in part of the coordinates."""
    at = np.nan_to_num(centres[rng.integers(len(centres), size=count)], nan=0.5)
    size = widest * 10 ** rng.uniform(-2.5, 0.0, (count, 1))
    steps = np.maximum(size, np.where(axes.stepped, 0.7 / np.maximum(axes.counts, 1), 0.0))
    moved = np.clip(at + steps * rng.normal(size=at.shape), 0.0, 1.0)
    moved = np.where(axes.choice, np.where(rng.random(at.shape) < _FLIP, rng.random(at.shape), at), moved)
    changed = rng.random(at.shape) < rng.choice([0.3, 0.6, 1.0], (count, 1))
    changed[np.arange(count), rng.integers(at.shape[1], size=count)] = True
    return np.where(changed, moved, at)


def best_first(
    score: Callable[[Array], Array], axes: Axes, rng: np.random.Generator, known: Array, count: int
) -> tuple[Array, Array]:
    """Points (k, d), snapped, and their scores (k,), best first.

    known: points worth looking around. count: candidates at first, half of them anywhere.
    """
    x = axes.snap(np.vstack([rng.random((count // 2, known.shape[1])), around(axes, rng, known, count // 2, 0.3)]))
    scores = score(x)
    for turn in range(_ROUNDS):
        near = x[np.argsort(-scores, kind="stable")[:_SEEDS]]
        more = axes.snap(around(axes, rng, near, count // 8, 0.1 / 3**turn))
        x, scores = np.vstack([x, more]), np.append(scores, score(more))
    order = np.argsort(-scores, kind="stable")
    return x[order], scores[order]


def room(table: Array, waiting: Array, reach: float) -> Array:
    """(c,) log of a factor from 0, at a waiting point, to 1, a few times `reach` away from all of them.

    table: (c, f) features of candidates; waiting: (p, f) of trials that run: what they will say is not asked twice.
    Source: local penalties, Gonzalez et al. 2016, section 3, with a width that does not hang on a model.
    """
    away = ((table[:, None, :] - waiting[None]) ** 2).sum(axis=2) / (2 * reach * reach)
    return np.asarray(np.log(np.maximum(-np.expm1(-away), 1e-12)).sum(axis=1))


def reach_of(table: Array, level: Array) -> float:
    """How much room waiting trials are left, in features: a tenth of what is between the best trials and the others.

    Of the best five of the known points (n, f), with levels (n,), the median distance to the nearest other one.
    """
    best = table[np.argsort(level, kind="stable")[:5]]
    away = np.sqrt(((best[:, None, :] - table[None]) ** 2).sum(axis=2))
    away[away == 0] = np.inf
    nearest = away.min(axis=1)
    known = nearest[np.isfinite(nearest)]
    return max(_ROOM * float(np.median(known)), _LEAST_ROOM) if len(known) else _LEAST_ROOM


def features(axes: Axes, x: Array, inactive: float) -> Array:
    """(n, f) what a model sees: numbers as they are, one column per choice; `inactive` where a parameter is not.

    x: snapped. Coordinates that conditions make inactive are taken out here.
    """
    x = np.where(axes.active(x), x, np.nan)
    columns = [np.nan_to_num(x[:, ~axes.choice], nan=inactive)]
    cells = axes.cells(x)
    for j in np.flatnonzero(axes.choice).tolist():
        columns.append((cells[:, [j]] == np.arange(axes.counts[j])) & ~np.isnan(x[:, [j]]))
    return np.hstack(columns).astype(float)


def levelled(loss: Array) -> Array:
    """(m,) losses in units of the better half's spread below their median, and logarithms above it."""
    median, spread = _scale(loss)
    level = (np.clip(loss, -_HUGE, _HUGE) - median) / spread
    return np.asarray(np.minimum(level, 0.0) + np.log1p(np.maximum(level, 0.0)))


def loss_at(level: float, loss: Array) -> float:
    """The loss that `levelled` would turn into `level`, among the losses (m,) that it was made for."""
    median, spread = _scale(loss)
    return median + spread * (level if level <= 0 else float(np.expm1(min(level, 50.0))))


def _scale(loss: Array) -> tuple[float, float]:
    """Median, and its distance from the best; but no less than a millionth of the whole range, and never 0."""
    loss = np.clip(loss, -_HUGE, _HUGE)
    median, best, worst = float(np.median(loss)), float(loss.min()), float(loss.max())
    spread = max(median - best, 1e-6 * (worst - best))
    return median, spread if spread > 1 / _HUGE else 1.0


def outlook(mean: float, sd: float, loss: Array) -> tuple[Outlook, ...]:
    """What is expected of a point, in the losses' own units; mean and sd are levels."""
    expected, hoped = loss_at(mean, loss), loss_at(mean - sd, loss)
    if not (np.isfinite(expected) and np.isfinite(hoped)):  # losses at the ends of what a float can hold
        return ()
    return (Outlook(expected, expected - hoped, max(float(loss.min()) - hoped, 0.0)),)


def log_improvement(mean: Array, sd: Array, best: float) -> Array:
    """(c,) log of the expected improvement below `best`; far away the leading term of its expansion.

    Source: Jones et al. 1998, eq. 15; Ament et al. 2023, section 4.
    """
    from scipy.special import erfcx, ndtr

    z = (best - mean) / sd
    near = np.maximum(z, -25.0)
    density = np.exp(-0.5 * near**2) / np.sqrt(2 * np.pi)
    below = -np.minimum(near, 0.0)
    scaled = 1 - np.sqrt(np.pi / 2) * below * erfcx(below / np.sqrt(2))  # of the density
    h = np.where(near > -1, near * ndtr(near) + density, density * np.maximum(scaled, 1e-9))
    far = -0.5 * z**2 - 2 * np.log(np.maximum(-z, 1.0)) - 0.5 * np.log(2 * np.pi)
    return np.asarray(np.where(z < -25, far, np.log(np.maximum(h, 1e-300))) + np.log(sd))
