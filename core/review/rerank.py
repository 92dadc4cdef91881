"""Trials ranked anew, by another metric or another moment of their curves. Nothing is run. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hptui.core.store.rows import TrialRow

Points = Sequence[tuple[int, float]]
By = Literal["best", "last"]
"""best: the best value of a curve, which a checkpoint kept then would have; last: its last value."""


@dataclass(frozen=True)
class Place:
    """A trial in both rankings, from 0. was, now: its values in the user's sign; step: where now was reported."""

    number: int
    place: int
    before: int
    now: float
    was: float
    step: int


@dataclass(frozen=True)
class Reranked:
    """places: by the new ranking. agreement: Kendall's tau-b of the two, 1 for the same order, NaN for fewer than two.

    missing: complete trials without a value of the metric.
    """

    places: tuple[Place, ...]
    agreement: float
    missing: tuple[int, ...]


def rerank(rows: Sequence[TrialRow], curves: Mapping[int, Points], sign: float, other: float, by: By) -> Reranked:
    """The complete trials by their values now (sign: loss = sign * value) and by those of their curves.

    curves: (step, value) by trial, of the metric to rank by; other: its sign, 1.0 where low values are good.
    """
    complete = [row for row in sorted(rows, key=lambda row: row.number) if row.is_answer]
    told = [(row, _told(curves.get(row.number, ()), other, by)) for row in complete]
    known = [(row, *point) for row, point in told if point is not None]
    was, now = [sign * (row.value or 0.0) for row, _, _ in known], [other * value for _, _, value in known]
    places = [
        Place(row.number, after, before, value, row.value or 0.0, step)
        for (row, step, value), before, after in zip(known, _places(was), _places(now), strict=True)
    ]
    missing = tuple(row.number for row, point in told if point is None)
    return Reranked(tuple(sorted(places, key=lambda one: one.place)), _tau(was, now), missing)


def _told(curve: Points, sign: float, by: By) -> tuple[int, float] | None:
    """(step, value); None where no report is finite."""
    known = [(step, value) for step, value in curve if math.isfinite(value)]
    if not known:
        return None
    return known[-1] if by == "last" else min(known, key=lambda point: sign * point[1])


def _places(losses: Sequence[float]) -> list[int]:
    """Places from 0; equal ones by their order."""
    places = [0] * len(losses)
    for place, k in enumerate(np.argsort(np.array(losses), kind="stable").tolist()):
        places[k] = place
    return places


def _tau(one: Sequence[float], other: Sequence[float]) -> float:
    if len(one) < 2 or len(set(one)) < 2 or len(set(other)) < 2:
        return math.nan
    from scipy.stats import kendalltau  # half a second to load

    return float(kendalltau(one, other).statistic)
