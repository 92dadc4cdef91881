"""Past sessions under any sampler: their best points are tried first, and what they saw counts while it agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from hptui.core.errors import HptuiError
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Proposal, Sampler
from hptui.core.search.samplers.agreement import known, trust
from hptui.core.search.samplers.axes import Ints
from hptui.core.search.samplers.tried import Same, same_point
from hptui.core.space.space import Space

FIRST = 3  # points of past sessions that are tried before anything else
_LENT, _LENT_UNTIL = 40, 10  # trials that a past lends at first; of so many trials, half as many
_ENOUGH = 0.3  # a past that counts less is not asked for points to try
_PULL = 2.5  # of as many: the logarithm of what a point is worth whose loss is a standard deviation lower
_NEIGHBOURS = 3
_APART = 0.05  # points to try are not nearer to each other, in the cube


@dataclass(frozen=True)
class Past:
    """A past session in the cube of this study's space. x: (m, d), loss: (m,) finite, m >= 1."""

    name: str
    x: Array
    loss: Array

    @staticmethod
    def of(name: str, params: Sequence[dict[str, Any]], losses: Sequence[float], space: Space) -> Past | None:
        """Its trials that lie in the space; None when none does.

        Parameters that the past did not have count as at their defaults; those that the space lacks are left out.
        """
        points, kept = [], []
        for each, loss in zip(params, losses, strict=True):
            shared = {name: value for name, value in each.items() if name in space.parameters}
            x = _located(shared, space) if shared else None
            if x is not None:
                points.append(x)
                kept.append(loss)
        return Past(name, np.array(points), np.array(kept)) if points else None

    def predicted(self, x: Array) -> Array:
        """(n,) the losses that it would expect at points (n, d): of its nearest trials, the nearer the more."""
        here, there = np.nan_to_num(x, nan=0.5), np.nan_to_num(self.x, nan=0.5)
        away = np.sqrt(((here[:, None, :] - there[None, :, :]) ** 2).sum(axis=2))
        near = np.argsort(away, axis=1, kind="stable")[:, :_NEIGHBOURS]
        weight = 1.0 / (np.take_along_axis(away, near, axis=1) + 1e-3)
        return np.asarray((weight * self.loss[near]).sum(axis=1) / weight.sum(axis=1))


@dataclass(frozen=True)
class Warm:
    """Asks another sampler, with trials of past sessions lent to its history.

    A past counts by how well it ranks the trials of this session (`agreement.trust`), found anew with every trial: one
    that misleads lends nothing before long. Its losses are moved to those seen here, and none of them is better than
    the best seen here. What it lends falls with the number of trials.

    Source: weights by ranks as in Feurer, Letham & Bakshy 2018, section 4.
    """

    inner: Sampler
    space: Space
    seed: int
    pasts: tuple[Past, ...]

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        rows = known(history)
        counts = [trust(past.predicted(history.x[rows]), history.y[rows]) for past in self.pasts]
        first = self._to_try(history, counts)
        if first is not None:
            return first
        lent = [self._lend(i, counts[i], history, rows) for i in range(len(self.pasts))]
        if not any(len(loss) for _, loss in lent):
            return self.inner.ask(history, number)
        answer = self.inner.ask(_with(history, lent), number)
        if isinstance(answer, Exhausted):  # the past's points are not this session's
            return self.inner.ask(history, number)
        told = ", ".join(f"{p.name} at {c:.0%}" for p, c in zip(self.pasts, counts, strict=True))
        return replace(answer, why=f"{answer.why}, with past {told}")

    def _to_try(self, history: History, counts: Sequence[float]) -> Proposal | None:
        """The next of the pasts' best points that has no trial yet."""
        seen = {self._same(x) for x in history.x}
        for i, place, x in self._firsts:
            if self._same(x) not in seen and counts[i] >= _ENOUGH:
                past = self.pasts[i]
                rank = "best" if place == 0 else f"best but {place}"
                why = f"past session {past.name}: the {rank} of its {len(past.loss)} trials"
                return Proposal(np.nan_to_num(x, nan=0.5), why)
        return None

    @cached_property
    def _firsts(self) -> list[tuple[int, int, Array]]:
        """(past, place, point): in turn the best of each that is not next to one before it."""
        orders = [np.argsort(past.loss, kind="stable")[:20].tolist() for past in self.pasts]
        found: list[tuple[int, int, Array]] = []
        for place in range(20):
            for i, past in enumerate(self.pasts):
                if place >= len(orders[i]) or len(found) == FIRST:
                    continue
                x = past.x[orders[i][place]]
                if all(np.abs(np.nan_to_num(x - other, nan=0.0)).max() > _APART for _, _, other in found):
                    found.append((i, place, x))
        return found

    def _lend(self, i: int, counts: float, history: History, rows: Ints) -> tuple[Array, Array]:
        """Points (m, d) and losses (m,) of a past: half of them its best, the others any."""
        past, n = self.pasts[i], len(rows)
        m = min(round(counts * _LENT * _LENT_UNTIL / (_LENT_UNTIL + n)), len(past.loss))
        order = np.argsort(past.loss, kind="stable")
        rest = np.random.default_rng([self.seed, i]).permutation(order[m // 2 :])
        chosen = np.concatenate([order[: m // 2], rest[: m - m // 2]])
        loss = past.loss[chosen]
        if n:
            here, there = history.y[rows], past.predicted(history.x[rows])
            scale = _spread(here) / _spread(there) if n >= 4 and _spread(there) > 0 else 1.0
            loss = np.maximum(np.median(here) + scale * (loss - np.median(there)), here.min())
        return past.x[chosen], loss

    @cached_property
    def _same(self) -> Same:
        return same_point(self.space)


def pull_of(history: History, x: Array) -> Array:
    """(m,) logarithms of factors for points (m, d): what the trials that were lent say of them, the more the more of
    them there are. For models that hear of this session's own trials alone."""
    lent = history.numbers < 0
    if not lent.any() or np.ptp(history.y[lent]) == 0:
        return np.zeros(len(x))
    past = Past("", history.x[lent], history.y[lent])
    z = (past.predicted(x) - past.loss.mean()) / past.loss.std()
    return np.asarray(-_PULL * lent.sum() / _LENT * z)


def _located(shared: dict[str, Any], space: Space) -> Array | None:
    try:
        x = space.point(shared)
        own = np.nan_to_num(space.point(space.defaults()), nan=0.5)
    except HptuiError:
        return None
    filled = np.where(np.isnan(x), own, x)
    return np.where(space.active(filled), filled, np.nan)


def _spread(values: Array) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _with(history: History, lent: Sequence[tuple[Array, Array]]) -> History:
    """The history after the lent trials, which come before all others and say nothing of constraints."""
    x, y = np.vstack([x for x, _ in lent]), np.concatenate([loss for _, loss in lent])
    m = len(y)
    unknown = np.full(m, np.nan)
    return replace(
        history,
        x=np.vstack([x, history.x]),
        y=np.r_[y, history.y],
        kind=np.r_[np.full(m, int(Kind.COMPLETE)), history.kind],
        numbers=np.r_[np.arange(-m, 0), history.numbers],
        steps=np.r_[np.full(m, -1), history.steps],
        constraints={name: np.r_[unknown, values] for name, values in history.constraints.items()},
    )
