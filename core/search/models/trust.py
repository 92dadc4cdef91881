"""A box around the best trial that grows with luck and shrinks without: for spaces too large to search at once.

Source: Eriksson et al. 2019 (TuRBO-1), section 3 and its constants.
"""

from __future__ import annotations

import math

import numpy as np

from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed
from hptui.core.search.protocol import Array

_FIRST, _LARGEST, _SMALLEST = 0.8, 1.6, 0.5**7
_LUCKY = 3  # improvements in a row that double the side
_NOTEWORTHY = 1e-3  # of the best loss's size: an improvement by less is none


def side(y: Array, patience: int, first: int) -> float:
    """The box's side after losses `y` (n,), in the order of their trials; the `first` ones were spread evenly.

    It halves after `patience` trials in a row without an improvement, and begins anew when it has become too small.
    """
    length, lucky, unlucky = _FIRST, 0, 0
    best = float(y[:first].min()) if first else math.inf
    for loss in y[first:].tolist():
        if loss < best - _NOTEWORTHY * abs(best):
            lucky, unlucky = lucky + 1, 0
        else:
            lucky, unlucky = 0, unlucky + 1
        best = min(best, loss)
        if lucky == _LUCKY:
            length, lucky = min(2 * length, _LARGEST), 0
        elif unlucky == patience:
            length, unlucky = length / 2, 0
        if length < _SMALLEST:
            length, lucky, unlucky = _FIRST, 0, 0
    return length


def box(layout: Layout, seen: Observed, lengths: Array, first: int) -> tuple[Array, Array]:
    """The lowest and highest coordinates (d,), longer where the loss changes slowly; choices are free.

    lengths: (g,) of the model, by varying parameter.
    """
    d = len(layout.axes)
    low, high = np.zeros(d), np.ones(d)
    patience = max(4, len(layout.varying))
    weights = lengths / math.exp(float(np.mean(np.log(lengths))))
    half = 0.5 * side(seen.y, patience, first) * np.clip(weights, 0.1, 10.0)
    centre = seen.x[int(np.argmin(seen.y))]
    for axis, reach in zip(layout.varying, half, strict=True):
        u = centre[axis.place]
        if axis.kind != "choice" and not math.isnan(u):
            low[axis.place], high[axis.place] = max(u - reach, 0.0), min(u + reach, 1.0)
    return low, high
