"""Two searches that asked alike: did they find the same best? Then it is unlikely to be luck. Pure.

By distances between all trials of one and all of the other: the bests are the same when they lie nearer to each other
than nearly all pairs do. That asks nothing of the space's shape, and of random points it is said as rarely as `RARE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from hptui.core.review.columns import Columns, Dimension, Floats, Ints
from hptui.core.review.compare import Contender
from hptui.core.space.parameter import mark

RARE = 0.05  # of all pairs are as near: so often chance alone says so
FEWEST = 15  # complete trials of each
MOST = 1000  # of each, whose distances are looked at


@dataclass(frozen=True)
class Agreement:
    """share: of the pairs of one trial each that lie as near as the two bests. same: so few that it is no chance."""

    first: str
    second: str
    share: float

    @property
    def same(self) -> bool:
        return self.share <= RARE

    def __str__(self) -> str:
        if self.same:
            return (
                f"{self.first} and {self.second} found the same best: only {self.share:.1%} of their trials lie as "
                "near to each other, so it is unlikely to be luck"
            )
        return (
            f"the bests of {self.first} and {self.second} are no nearer than {self.share:.0%} of their trials: "
            "several places are as good, or one search has not found its best yet"
        )


def agreements(contenders: Sequence[Contender]) -> list[Agreement]:
    """Of each two that search the same parameters for the same metric, with enough complete trials in both."""
    return [
        Agreement(one.name, other.name, _share(one, other))
        for one, other in combinations(contenders, 2)
        if _alike(one, other)
    ]


def _alike(one: Contender, other: Contender) -> bool:
    enough = min(len(one.columns.ranked), len(other.columns.ranked)) >= FEWEST
    same = (one.metric, one.direction) == (other.metric, other.direction) and _kinds(one) == _kinds(other)
    return bool(enough and same and one.space)


def _kinds(of: Contender) -> dict[str, bool]:
    """name -> whether it is a choice."""
    return {each.name: bool(each.choices) for each in of.columns.dimensions}


def _share(one: Contender, other: Contender) -> float:
    """The bests come first in both."""
    here, there = (_best_first(each.columns) for each in (one, other))
    total = np.zeros((len(here), len(there)))
    theirs = {each.name: each for each in other.columns.dimensions}
    for mine in one.columns.dimensions:
        a, b = _alike_told(mine, theirs[mine.name])
        total += _apart(a[here], b[there], bool(mine.choices))
    return float((total <= total[0, 0] + 1e-12).mean())


def _best_first(columns: Columns) -> Ints:
    """Rows of the trials that may be the best; of more than MOST as many, spread over all ranks."""
    ranked = columns.ranked
    kept: Ints = ranked[np.unique(np.linspace(0, len(ranked) - 1, min(len(ranked), MOST)).astype(int))]
    return kept


def _alike_told(one: Dimension, other: Dimension) -> tuple[Floats, Floats]:
    """Values of both: numbers on a log scale where both are searched on one, choices by index in one list of both."""
    if not one.choices:
        return (np.log(one.values), np.log(other.values)) if one.log and other.log else (one.values, other.values)
    place: dict[Any, int] = {}
    for choice in (*one.choices, *other.choices):
        place.setdefault(mark(choice), len(place))
    return _placed(one, place), _placed(other, place)


def _placed(of: Dimension, place: Mapping[Any, int]) -> Floats:
    index = np.array([place[mark(choice)] for choice in of.choices], np.float64)
    found = np.full(len(of.values), np.nan)
    known = np.isfinite(of.values)
    found[known] = index[of.values[known].astype(int)]
    return found


def _apart(a: Floats, b: Floats, choices: bool) -> Floats:
    """(n, m) squared distances, 1 across all that both have seen; choices, and a value that one lacks, are 1 apart."""
    known = np.concatenate([a[np.isfinite(a)], b[np.isfinite(b)]])
    width = float(np.ptp(known)) if len(known) else 0.0
    difference = a[:, None] - b[None, :]
    apart = (difference != 0).astype(float) if choices else (difference / width) ** 2 if width else 0.0 * difference
    lacking = np.isnan(a)[:, None].astype(int) + np.isnan(b)[None, :]
    return np.where(lacking == 2, 0.0, np.where(lacking == 1, 1.0, apart))
