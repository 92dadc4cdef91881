"""What a member of a committee learns from trials, and how well that predicts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hptui.core.search.models.gp import Prior, Settings, fit
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.maps import FeatureMap, Warp
from hptui.core.search.models.observed import Observed, thinned
from hptui.core.search.models.shape import PLAIN, Shape, best_warp
from hptui.core.search.models.transforms import TransformName, fit_transform
from hptui.core.search.protocol import Array

_SHORT, _QUIET = math.log(0.5) - 0.5 * math.log(3.0), (-9.0, 3.0)
_LONG = math.sqrt(2.0)  # Hvarfner et al. 2024, section 5
_WHOLE = -0.55  # as long as the ranges, in four or five dimensions


@dataclass(frozen=True)
class Recipe:
    """What a member believes before it has seen anything."""

    transform: TransformName
    prior: Prior


RECIPES = (
    Recipe("power", Prior(_SHORT, 1.0, *_QUIET, alone=True)),
    Recipe("plain", Prior(_LONG, math.sqrt(3.0), -4.0, 1.0)),
    Recipe("log", Prior(_SHORT, 1.0, *_QUIET)),
    # sure of its lengths: where noise hides what is near, the others take lucky trials for valleys
    Recipe("plain", Prior(_WHOLE, 0.5, -3.0, 2.0)),
)
FIT_POINTS = 200  # settings are learned from so many trials at most
_ITERATIONS, _MORE_ITERATIONS = 25, 8
_SCORE = 20
_OUTLIER = 5.0  # a loss that a member did not see coming counts for so much at most, in nats below the median


@dataclass(frozen=True)
class Learned:
    """A recipe's settings, and how well they predict losses that were left out.

    score: mean log density of a loss, in its own units, so that recipes can be compared. unexplained: the
    share of the variance that is missed.
    """

    recipe: Recipe
    settings: Settings
    score: float
    unexplained: float
    map: FeatureMap | None = None


def scored(n: int) -> int:
    """The last full score of `n` trials: 20, 40, ... 200, 240, ... 300, 360, ...: rarer the more there are."""
    score = _SCORE * max(1, n // 100)
    return n // score * score


def learn(recipe: Recipe, seen: Observed, layout: Layout, shape: Shape = PLAIN) -> Learned:
    """Settings after `seen`: begun at those after the last full score of trials, which are begun at the prior.

    So the answer depends on `seen` alone, and what was remembered saves most of the work.
    """
    whole = scored(len(seen))
    full = whole == len(seen)
    before = learn(recipe, seen.first(whole), layout, shape) if 0 < whole < len(seen) else None
    seen = seen.chosen(thinned(seen.y, FIT_POINTS))
    transform = fit_transform(recipe.transform, seen.y)
    y, features = transform.forward(seen.y), layout.features(seen.x)
    prior = shape.prior(recipe.prior, len(layout.varying))
    map = shape.map(layout) if before is None else before.map

    def fitted(map: FeatureMap | None, start: Array | None, iterations: int) -> Settings:
        at = features if map is None else map.forward(features)
        return fit(at, layout.groups if map is None else map.groups, y, seen.doubt, prior, iterations, start)

    if before is not None:
        settings = fitted(map, before.settings.theta, _MORE_ITERATIONS)
    else:
        settings = fitted(map, None, _ITERATIONS)
        if full and isinstance(map, Warp):
            map, settings = best_warp(map, settings, layout.smooth, lambda m, s: fitted(m, s.theta, _MORE_ITERATIONS))
    density = settings.surprise + transform.log_slope(seen.y)
    score = float(np.mean(np.maximum(density, np.median(density) - _OUTLIER)))
    return Learned(recipe, settings, score, float(np.mean(settings.missed**2)), map)
