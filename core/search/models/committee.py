"""Several Gaussian processes over the same trials, asked together.

They differ in how they bend the losses and what they believe of lengths and noise beforehand. A point is
worth the mean of their log expected improvements: each member's blind spot is seen by the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hptui.core.search.models.acquisition import log_ei_slopes, log_expected_improvement, log_mean_exp
from hptui.core.search.models.feasibility import Feasibility
from hptui.core.search.models.gp import Posterior, Prior, Settings, fit
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed, thinned
from hptui.core.search.models.transforms import Transform, TransformName, fit_transform
from hptui.core.search.protocol import Array

import os
K = lambda name, v: float(os.environ.get(name, v))
TEMP = K("TEMP", 0); XI = K("XI", 0); SHARE = K("SHARE", 1)
_SHORT, _QUIET = math.log(0.5) - 0.5 * math.log(3.0), (-9.0, 3.0)
_LONG = math.sqrt(2.0)  # Hvarfner et al. 2024, section 5


@dataclass(frozen=True)
class Recipe:
    """What a member believes before it has seen anything."""

    transform: TransformName
    prior: Prior


ADD = os.environ.get("ADD", "")
RECIPES = (
    Recipe("power", Prior(_SHORT, 1.0, *_QUIET, alone="p" in ADD)),
    Recipe("plain", Prior(_LONG, math.sqrt(3.0), -4.0, 1.0, alone="s" in ADD, signal_sd=K("SSD",1))),
    Recipe("log", Prior(_SHORT, 1.0, *_QUIET, alone="l" in ADD)),
)
FIT_POINTS = 200  # settings are learned from so many trials at most
_ITERATIONS = 25


@dataclass(frozen=True)
class Member:
    posterior: Posterior
    transform: Transform
    best: Array  # (s,) the lowest loss each fantasy knows, transformed
    weight: float = 1.0
    unexplained: float = 1.0

    @staticmethod
    def of(
        recipe: Recipe, seen: Observed, fitted: Observed, layout: Layout, guesses: Array, margin: float = 0.0
    ) -> Member:
        """A member that knows `seen`, with settings learned from `fitted`."""
        settings, score = learned(recipe, fitted, layout)
        transform = fit_transform(recipe.transform, seen.y)
        pending = layout.features(seen.pending)
        posterior = Posterior(
            layout.features(seen.x), transform.forward(seen.y), seen.doubt, settings, pending, guesses
        )
        ended = posterior.fitted if seen.stopped.all() else posterior.fitted[~seen.stopped]
        best = np.full(posterior.alpha.shape[1], float(ended.min()))
        if len(posterior.fantasies):
            best = np.minimum(best, posterior.fantasies.min(axis=0))
        best = best - margin
        return Member(posterior, transform, best, math.exp(min(score * TEMP, 600)) if TEMP else 1.0, float(np.mean(settings.missed**2)))


def learned(recipe: Recipe, seen: Observed, layout: Layout) -> tuple[Settings, float]:
    """The recipe's settings after `seen`, and the mean log density of a loss that was left out."""
    seen = seen.chosen(thinned(seen.y, FIT_POINTS))
    transform = fit_transform(recipe.transform, seen.y)
    y = transform.forward(seen.y)
    settings = fit(layout.features(seen.x), layout.groups, y, seen.doubt, recipe.prior, _ITERATIONS)
    s = settings.surprise + transform.log_slope(seen.y)
    s = s[np.argsort(seen.y, kind="stable")[: max(int(len(y) * SHARE), 3)]]
    return settings, float(np.mean(np.maximum(s, np.median(s) - 5)))


@dataclass(frozen=True)
class Committee:
    """Members, and how probable it is that a point can be evaluated."""

    members: tuple[Member, ...]
    feasibility: Feasibility | None = None

    def promise(self, features: Array) -> Array:
        """(m,) the mean log expected improvement, and the log of the chance to be feasible."""
        total = np.zeros(len(features))
        for member in self.members:
            mean, sd = member.posterior.predict(features)
            total += member.weight * log_mean_exp(log_expected_improvement(mean, sd[:, None], member.best))
        total /= sum(m.weight for m in self.members)
        return total if self.feasibility is None else total + self.feasibility.log_probability(features)

    def improvement_with_slopes(self, features: Array) -> tuple[Array, Array]:
        """(m,) the mean log expected improvement alone, and its derivatives (m, p) by the features."""
        total, slopes = np.zeros(len(features)), np.zeros_like(features)
        for member in self.members:
            mean, sd, mean_slope, sd_slope = member.posterior.predict_with_slopes(features)
            log_ei, by_mean, by_sd = log_ei_slopes(mean, sd[:, None], member.best)
            value = log_mean_exp(log_ei)
            share = np.exp(log_ei - value[:, None]) / log_ei.shape[1]  # of each fantasy in the mean
            total += member.weight * value
            share = member.weight * share
            slopes += np.einsum("is,isp->ip", share * by_mean, mean_slope)
            slopes += np.einsum("is,ip->ip", share * by_sd, sd_slope)
        w = sum(m.weight for m in self.members)
        return total / w, slopes / w

    def outlook(self, features: Array) -> tuple[float, float, float]:
        """The loss expected at one point (p,), its doubt, and the improvement hoped for, in units of the loss.

        Of the first member: mean, half the width of one sd to both sides, and the best loss less the mean's
        lower end.
        """
        member = self.members[0]
        mean, sd = member.posterior.predict(features[None, :])
        middle = float(mean[0].mean())
        scale = np.array([middle, middle - sd[0], middle + sd[0], float(member.best.mean())])
        loss, low, high, best = member.transform.backward(scale).tolist()
        return loss, 0.5 * (high - low), max(best - low, 0.0)
