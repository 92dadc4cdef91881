"""Several Gaussian processes over the same trials, asked together.

They differ in how they bend the losses and what they believe of lengths and noise beforehand. A point is
worth the weighted mean of their log expected improvements: each member's blind spot is seen by the others, and
who predicts left-out losses better has more to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.search.models.acquisition import log_ei_slopes, log_expected_improvement
from hptui.core.search.models.feasibility import Feasibility
from hptui.core.search.models.layout import Layout
from hptui.core.search.models.learning import Learned
from hptui.core.search.models.maps import Warp
from hptui.core.search.models.observed import Observed
from hptui.core.search.models.posterior import Posterior
from hptui.core.search.models.transforms import Transform, fit_transform
from hptui.core.search.protocol import Array

_SHARPNESS = 5.0  # how fast a member loses its say when it predicts worse: powers of its mean likelihood
_SILENT = 0.01  # a member with less weight is not asked


@dataclass(frozen=True)
class Member:
    posterior: Posterior
    transform: Transform
    best: float  # the lowest loss known or believed, transformed
    margin: float  # an improvement of less than this does not count, in the same units
    weight: float
    noise: float  # variance, in the same units

    @staticmethod
    def of(learned: Learned, seen: Observed, layout: Layout, margin: float, weight: float) -> Member:
        """A member that knows `seen`, and believes of pending trials what it expects."""
        transform = fit_transform(learned.recipe.transform, seen.y)
        pending = layout.features(seen.pending)
        y = transform.forward(seen.y)
        features = layout.features(seen.x)
        posterior = Posterior(features, y, seen.doubt, learned.settings, pending, learned.map)
        ended = posterior.fitted if seen.stopped.all() else posterior.fitted[~seen.stopped]
        best = float(min(ended.min(), posterior.believed.min(initial=np.inf)))
        return Member(posterior, transform, best, margin, weight, learned.settings.noise)

    def told(self, mean: float, sd: float) -> tuple[float, float, float]:
        """A prediction in units of the loss: the loss, its doubt, and the lower end of one sd.

        The doubt is half the width of one sd to both sides. Nothing lies further outside the losses known than these
        are apart: what was bent may come back as anything there.
        """
        known = self.posterior.fitted
        scale = np.array([mean, mean - sd, mean + sd, known.min(), known.max()])
        *told, best, worst = self.transform.backward(scale).tolist()
        apart = worst - best if worst > best else math.inf
        loss, low, high = (min(max(one, best - apart), worst + apart) for one in told)
        return loss, 0.5 * (high - low), low


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
        margin: float = 0.0,
    ) -> Committee:
        """Members with the settings `learned`, all knowing `seen`; the first has the most weight.

        Of recipes that bend the losses alike only the one that predicts better is heard.
        """
        better = {one.recipe.transform: one for one in sorted(learned, key=lambda one: one.score)}
        ranked = sorted(better.values(), key=lambda one: -one.score)
        weights = np.exp([_SHARPNESS * (one.score - ranked[0].score) for one in ranked])
        weights /= weights.sum()
        heard = [(one, float(weight)) for one, weight in zip(ranked, weights, strict=True) if weight > _SILENT]
        members = tuple(Member.of(one, seen, layout, margin, weight) for one, weight in heard)
        feasibility = None
        if len(seen.infeasible):
            features = layout.features
            feasibility = Feasibility(features(seen.x), features(seen.infeasible), layout.groups)
        return Committee(members, feasibility)

    def lengths(self, groups: int) -> Array:
        """(groups,) the lengths of the first member, by parameter; all 1 where it measures in other columns."""
        posterior = self.members[0].posterior
        if posterior.map is not None and not isinstance(posterior.map, Warp):
            return np.ones(groups)
        kernel = posterior.kernel
        return kernel.lengths if kernel.signal > 0.01 * kernel.alone else kernel.alone_lengths

    def first_glance(self, features: Array) -> Array:
        """(m,) as `promise`, by the first member alone."""
        return Committee(self.members[:1], self.feasibility).promise(features)

    def promise(self, features: Array) -> Array:
        """(m,) the weighted mean of the log expected improvements, less where trials probably can't run."""
        total = np.zeros(len(features))
        for member in self.members:
            mean, sd = member.posterior.predict(features)
            total += member.weight * log_expected_improvement(mean, sd, member.best - member.margin)
        return total if self.feasibility is None else total + self.feasibility.penalty(features)

    def improvement_with_slopes(self, features: Array) -> tuple[Array, Array]:
        """(m,) the mean log expected improvement alone, and its derivatives (m, p) by the features."""
        total, slopes = np.zeros(len(features)), np.zeros_like(features)
        for member in self.members:
            mean, sd, mean_slope, sd_slope = member.posterior.predict_with_slopes(features)
            log_ei, by_mean, by_sd = log_ei_slopes(mean, sd, member.best - member.margin)
            total += member.weight * log_ei
            slopes += member.weight * (by_mean[:, None] * mean_slope + by_sd[:, None] * sd_slope)
        return total, slopes

    def expected(self) -> Array:
        """(n,) the losses that the members expect of the trials they know, were each tried once more."""
        total = np.zeros(len(self.members[0].posterior.fitted))
        for member in self.members:
            total += member.weight * member.transform.backward(member.posterior.fitted)
        return total

    def noise(self, loss: float) -> float:
        """One standard deviation of a single trial's luck where losses are near `loss`, by the first member."""
        transform, sd = self.members[0].transform, math.sqrt(self.members[0].noise)
        low, high = transform.backward(transform.forward(np.array([loss])) + np.array([-sd, sd]))
        return 0.5 * float(high - low)

    def outlook(self, features: Array) -> tuple[float, float, float]:
        """The loss expected at one point (p,), its doubt, and the improvement hoped for, in units of the loss.

        Of the first member: mean, doubt as `Member.told` has it, and the best loss less the mean's lower end.
        """
        member = self.members[0]
        mean, sd = member.posterior.predict(features[None, :])
        loss, doubt, low = member.told(float(mean[0]), float(sd[0]))
        best = float(member.transform.backward(np.array([member.best]))[0])
        return loss, doubt, max(best - low, 0.0)
