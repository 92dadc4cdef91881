"""Several Gaussian processes over the same trials, asked together.

They differ in how they bend the losses and what they believe of lengths and noise beforehand. A point is
worth the weighted mean of their log expected improvements: each member's blind spot is seen by the others, and
who predicts left-out losses better has more to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hptui.core.search.models.acquisition import log_ei_slopes, log_expected_improvement, log_mean_exp
from hptui.core.search.models.feasibility import Feasibility
from hptui.core.search.models.gp import Posterior, Prior, Settings, fit
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.observed import Observed, thinned
from hptui.core.search.models.transforms import Transform, TransformName, fit_transform
from hptui.core.search.protocol import Array

_SHORT, _QUIET = math.log(0.5) - 0.5 * math.log(3.0), (-9.0, 3.0)
_LONG = math.sqrt(2.0)  # Hvarfner et al. 2024, section 5


@dataclass(frozen=True)
class Recipe:
    """What a member believes before it has seen anything."""

    transform: TransformName
    prior: Prior


RECIPES = (
    Recipe("power", Prior(_SHORT, 1.0, *_QUIET, alone=True)),
    Recipe("plain", Prior(_LONG, math.sqrt(3.0), -4.0, 1.0)),
    Recipe("log", Prior(_SHORT, 1.0, *_QUIET)),
)
FIT_POINTS = 200  # settings are learned from so many trials at most
ALONE_DIM = 20  # with more parameters, what each does by itself costs too much to look at
_ITERATIONS, _MORE_ITERATIONS = 25, 8
_SCORE = 20
_SHARPNESS = 5.0  # how fast a member loses its say when it predicts worse: powers of its mean likelihood
_SILENT = 0.01  # a member with less weight is not asked
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


def learn(recipe: Recipe, seen: Observed, layout: Layout) -> Learned:
    """Settings after `seen`: begun at those after the last full score of trials, which are begun at the prior.

    So the answer depends on `seen` alone, and what was remembered saves most of the work.
    """
    whole = len(seen) // _SCORE * _SCORE
    start = learn(recipe, seen.first(whole), layout).settings.theta if 0 < whole < len(seen) else None
    seen = seen.chosen(thinned(seen.y, FIT_POINTS))
    transform = fit_transform(recipe.transform, seen.y)
    y = transform.forward(seen.y)
    iterations = _ITERATIONS if start is None else _MORE_ITERATIONS
    prior = recipe.prior if len(layout.varying) <= ALONE_DIM else replace(recipe.prior, alone=False)
    settings = fit(layout.features(seen.x), layout.groups, y, seen.doubt, prior, iterations, start)
    density = settings.surprise + transform.log_slope(seen.y)
    score = float(np.mean(np.maximum(density, np.median(density) - _OUTLIER)))
    return Learned(recipe, settings, score, float(np.mean(settings.missed**2)))


@dataclass(frozen=True)
class Member:
    posterior: Posterior
    transform: Transform
    best: Array  # (s,) the lowest loss each fantasy knows, transformed
    margin: float  # an improvement of less than this does not count, in the same units
    weight: float

    @staticmethod
    def of(learned: Learned, seen: Observed, layout: Layout, guesses: Array, margin: float, weight: float) -> Member:
        """A member that knows `seen`.

        guesses: (q, s) standard normal, for s fantasies of the q pending losses.
        """
        transform = fit_transform(learned.recipe.transform, seen.y)
        pending = layout.features(seen.pending)
        y = transform.forward(seen.y)
        posterior = Posterior(layout.features(seen.x), y, seen.doubt, learned.settings, pending, guesses)
        ended = posterior.fitted if seen.stopped.all() else posterior.fitted[~seen.stopped]
        best = np.full(posterior.alpha.shape[1], float(ended.min()))
        if len(posterior.fantasies):
            best = np.minimum(best, posterior.fantasies.min(axis=0))
        return Member(posterior, transform, best, margin, weight)


@dataclass(frozen=True)
class Committee:
    """Members with weights that add up to 1, and how probable it is that a point can be evaluated."""

    members: tuple[Member, ...]
    feasibility: Feasibility | None = None

    @staticmethod
    def of(
        learned: Sequence[Learned],
        seen: Observed,
        layout: Layout,
        guesses: Array | None = None,
        margin: float = 0.0,
    ) -> Committee:
        """Members with the settings `learned`, all knowing `seen`; the first has the most weight.

        guesses: (q, s) standard normal, for s fantasies of the q pending losses.
        """
        guesses = np.empty((len(seen.pending), 1)) if guesses is None else guesses
        ranked = sorted(learned, key=lambda one: -one.score)
        weights = np.exp([_SHARPNESS * (one.score - ranked[0].score) for one in ranked])
        weights /= weights.sum()
        heard = [(one, float(weight)) for one, weight in zip(ranked, weights, strict=True) if weight > _SILENT]
        members = tuple(Member.of(one, seen, layout, guesses, margin, weight) for one, weight in heard)
        feasibility = None
        if len(seen.infeasible):
            features = layout.features
            feasibility = Feasibility(features(seen.x), features(seen.infeasible), layout.groups)
        return Committee(members, feasibility)

    def first_glance(self, features: Array) -> Array:
        """(m,) as `promise`, by the first member alone."""
        return Committee(self.members[:1], self.feasibility).promise(features)

    def promise(self, features: Array) -> Array:
        """(m,) the weighted mean of the log expected improvements, less where trials probably can't run."""
        total = np.zeros(len(features))
        for member in self.members:
            mean, sd = member.posterior.predict(features)
            total += member.weight * log_mean_exp(
                log_expected_improvement(mean, sd[:, None], member.best - member.margin)
            )
        return total if self.feasibility is None else total + self.feasibility.penalty(features)

    def improvement_with_slopes(self, features: Array) -> tuple[Array, Array]:
        """(m,) the mean log expected improvement alone, and its derivatives (m, p) by the features."""
        total, slopes = np.zeros(len(features)), np.zeros_like(features)
        for member in self.members:
            mean, sd, mean_slope, sd_slope = member.posterior.predict_with_slopes(features)
            log_ei, by_mean, by_sd = log_ei_slopes(mean, sd[:, None], member.best - member.margin)
            value = log_mean_exp(log_ei)
            share = member.weight * np.exp(log_ei - value[:, None]) / log_ei.shape[1]  # of each fantasy in the mean
            total += member.weight * value
            slopes += np.einsum("is,isp->ip", share * by_mean, mean_slope)
            slopes += np.einsum("is,ip->ip", share * by_sd, sd_slope)
        return total, slopes

    def expected(self) -> Array:
        """(n,) the losses that the members expect of the trials they know, were each tried once more."""
        total = np.zeros(len(self.members[0].posterior.fitted))
        for member in self.members:
            total += member.weight * member.transform.backward(member.posterior.fitted)
        return total

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
