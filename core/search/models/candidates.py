"""Where to look: points drawn everywhere, points near the best ones, and neighbours of a point."""

from __future__ import annotations

import math

import numpy as np

from hptui.core.search.models.layout import Axis, Layout
from hptui.core.search.protocol import Array

_FLIP = 0.2  # how often a choice is drawn anew near a good point


def everywhere(layout: Layout, rng: np.random.Generator, count: int) -> Array:
    """(count, d) uniform points, snapped."""
    return layout.snap(rng.random((count, len(layout.axes))))


def near(layout: Layout, rng: np.random.Generator, centres: Array, reach: Array, count: int) -> Array:
    """(count, d) snapped points, each a centre with some coordinates moved.

    centres: (c, d) snapped, best first: half of the points start from the first. reach: (g,) how far to go
    in each parameter, relative to the others. Steps are of all sizes from 0.001 to 0.3.
    """
    which = np.where(rng.random(count) < 0.5, 0, rng.integers(len(centres), size=count))
    x = centres[which]
    # what was inactive has no value to start from
    x = np.where(np.isnan(x), rng.random(x.shape), x)
    size = 10.0 ** rng.uniform(-3.0, -0.5, (count, 1))
    varying = layout.varying
    moved = rng.random((count, len(varying))) < rng.uniform(1.0 / max(len(varying), 1), 1.0, (count, 1))
    moved[np.arange(count), rng.integers(len(varying), size=count)] = True
    steps = rng.standard_normal((count, len(varying))) * size * reach
    draws = rng.random((count, len(varying)))
    for g, axis in enumerate(varying):
        on, u = moved[:, g], x[:, axis.place]
        u[on] = _stepped(axis, u[on], steps[on, g], draws[on, g])
    return layout.snap(x)


def _stepped(axis: Axis, u: Array, step: Array, draw: Array) -> Array:
    if axis.kind == "choice":
        return np.where(draw < _FLIP, draw / _FLIP, u)
    if axis.kind == "continuous":
        return np.clip(u + step, 0.0, 1.0)
    there = axis.index(np.clip(u + step, 0.0, 1.0))
    stuck = there == axis.index(u)
    return axis.coordinate(np.clip(there + stuck * np.where(step < 0, -1, 1), 0, axis.count - 1))


def neighbours(layout: Layout, x: Array) -> Array:
    """(m, d) snapped points around the one point `x` (d,): one or two values up or down, every other choice."""
    made = [x]
    for axis in layout.varying:
        u = x[axis.place]
        if axis.kind == "continuous" or math.isnan(u):
            continue
        here = int(axis.index(np.array([u]))[0])
        if axis.kind == "choice":
            others = np.array([i for i in range(axis.count) if i != here])
        else:
            others = np.array([i for i in (here - 2, here - 1, here + 1, here + 2) if 0 <= i < axis.count])
        for v in axis.coordinate(others):
            y = x.copy()
            y[axis.place] = v
            made.append(y)
    points = np.array(made)
    if layout.conditional:
        # a switched-on parameter starts in its middle
        points = np.where(np.isnan(points), 0.5, points)
    return layout.snap(points)
