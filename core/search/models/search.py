"""The point that a committee finds most promising."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from hptui.core.search.models.candidates import everywhere, near, neighbours
from hptui.core.search.models.committee import Committee
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed
from hptui.core.search.protocol import Array, Tilt

_STARTS = 3
_ITERATIONS = 15
_HEARD = 128
_CENTRES = 5


def most_promising(
    committee: Committee,
    layout: Layout,
    seen: Observed,
    rng: np.random.Generator,
    is_new: Callable[[Array], bool],
    draws: int,
    tilt: Tilt | None = None,
    within: tuple[Array, Array] | None = None,
) -> Array | None:
    """A snapped point (d,) that is new; None when every candidate was tried.

    draws: candidates drawn everywhere, and as many near the best points of `seen`. tilt: see `History.tilt`.
    within: lowest and highest coordinates, each (d,); the neighbours of a point may lie just outside.
    """
    tilted: Tilt = tilt or (lambda x: np.zeros(len(x)))
    centres = seen.x[np.argsort(seen.y, kind="stable")[:_CENTRES]]
    low, high = within or (np.zeros(len(layout.axes)), np.ones(len(layout.axes)))
    lengths = committee.lengths(len(layout.varying))
    reach = np.clip(lengths / float(np.median(lengths)), 0.2, 5.0)  # within a factor of 5 of their middle
    points = np.vstack([everywhere(layout, rng, draws), near(layout, rng, centres, reach, draws)])
    if within is not None:
        points[:draws] = low + points[:draws] * (high - low)
        points = layout.snap(np.clip(points, low, high))
    features = layout.features(points)
    promise = np.full(len(features), -np.inf)
    # the first member alone says which candidates are worth asking all of them about
    glance = committee.first_glance(features) + tilted(points)
    heard = np.argsort(-glance, kind="stable")[:_HEARD]
    promise[heard] = committee.promise(features[heard]) + tilted(points[heard])
    starts = _distinct(features / lengths[list(layout.groups)], promise)
    polished = _polish(committee, layout, points[starts], features[starts], low, high)
    late = np.vstack([polished, neighbours(layout, polished[0])])
    everything = np.vstack([late, points])
    worth = np.concatenate([committee.promise(layout.features(late)) + tilted(late), promise])
    for row in np.argsort(-worth, kind="stable"):
        if is_new(everything[row]):
            return np.asarray(everything[row])
    return None


def _distinct(scaled: Array, promise: Array) -> list[int]:
    """The most promising rows that are not next to each other."""
    order = np.argsort(-promise, kind="stable")[:_HEARD]
    chosen = list[int]()
    while len(order) and len(chosen) < _STARTS:
        chosen.append(int(order[0]))
        away = scaled[order] - scaled[chosen[-1]]
        order = order[np.einsum("ij,ij->i", away, away) > 0.01]
    return chosen


def _polish(
    committee: Committee, layout: Layout, points: Array, features: Array, low: Array, high: Array
) -> Array:
    """The points moved uphill along their smooth features, all at once; best first, snapped."""
    movable = layout.smooth[None, :] & ~np.isnan(points[:, [column.place for column in layout.columns]])
    if not movable.any():
        return points

    (first, last), which = layout.in_features(low, high), np.nonzero(movable)[1]

    def loss(free: Array) -> tuple[float, Array]:
        at = features.copy()
        at[movable] = free
        value, slopes = committee.improvement_with_slopes(at)
        return -float(value.sum()), -slopes[movable]

    found = minimize(
        loss,
        features[movable],
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(first[which], last[which], strict=True)),
        options={"maxiter": _ITERATIONS},
    )
    at = features.copy()
    at[movable] = found.x
    moved = layout.snap(layout.with_features(points, at))
    order = np.argsort(-committee.promise(layout.features(moved)), kind="stable")
    return np.asarray(moved[order])
