"""How far to trust predictions of curves' ends: those of a while ago against what came."""

from __future__ import annotations

import math

import numpy as np

from hptui.core.search.models.curve_fit import MOST, Observations, settings, telling
from hptui.core.search.models.curve_kernel import Rows
from hptui.core.search.models.curve_posterior import CurvePosterior
from hptui.core.search.models.curve_scale import LossScale
from hptui.core.search.protocol import Array

LONG = 4  # observations that a curve must have to be asked about
BELIEF = 4.0  # so many predictions that missed by one deviation are believed in beforehand


def widening_of(seen: Observations) -> float:
    """By how much more than their standard deviation predictions miss, at least 1.

    The later half of every long curve is left out, and its last value predicted from all that remains.
    """
    misses = misses_of(seen)
    return max(1.0, math.sqrt((float(misses @ misses) + BELIEF) / (len(misses) + BELIEF)))


def misses_of(seen: Observations) -> Array:
    """(k,) for each long curve, how far its last value is from its prediction, in standard deviations with noise."""
    kept, asked = without_later_halves(seen.trial) if len(seen) else (seen.trial, seen.trial)
    if not len(asked):
        return np.empty(0)
    z = LossScale.of(seen.trial, seen.loss).forward(seen.loss)
    kernel = settings(seen)
    rows = kept[telling(seen.trial[kept], MOST)]
    posterior = CurvePosterior(kernel, np.empty((0, seen.features.shape[1])), seen, rows)
    mean, sd = posterior.at(seen.trial[asked], seen.s[asked], z[rows])
    return np.asarray((z[asked] - mean) / np.sqrt(sd**2 + posterior.noise))


def without_later_halves(trial: Rows) -> tuple[Rows, Rows]:
    """The observations but for the later half of each long curve, and the last one of each of these."""
    kept, asked = np.ones(len(trial), bool), []
    for one in np.flatnonzero(np.bincount(trial) >= LONG).tolist():
        rows = np.flatnonzero(trial == one)
        kept[rows[len(rows) // 2 :]] = False
        asked.append(int(rows[-1]))
    return np.flatnonzero(kept), np.array(asked, np.int64)
