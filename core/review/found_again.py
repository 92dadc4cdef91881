"""Two searches that asked alike: did they find the same best? Then it is unlikely to be luck. Pure.

By distances between all trials of one and all of the other: the bests are the same when they lie nearer to each other
than nearly all pairs do. That asks nothing of the space's shape, and of random points it is said as rarely as `RARE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hptui.core.review.columns import Floats
from hptui.core.review.compare import Contender

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
    enough = min(one.columns.complete.sum(), other.columns.complete.sum()) >= FEWEST
    same = (one.metric, one.direction) == (other.metric, other.direction) and set(one.space) == set(other.space)
    return bool(enough and same and one.space)


def _share(one: Contender, other: Contender) -> float:
    """The bests come first in both."""
    here, there = (_trials(each) for each in (one, other))
    total = np.zeros([len(next(iter(values.values()))) for values in (here, there)])
    for name in one.space:
        total += _apart(here[name], there[name], bool(one.space[name].get("choices")))
    return float((total <= total[0, 0] + 1e-12).mean())


def _trials(of: Contender) -> dict[str, Floats]:
    """name -> values, the best trial first; numbers on the scale they are searched on, choices by index.

    Of more than MOST complete trials as many, spread over all ranks.
    """
    ranked = of.columns.ranked
    best_first = ranked[np.unique(np.linspace(0, len(ranked) - 1, min(len(ranked), MOST)).astype(int))]
    return {
        one.name: (one.values if one.choices else np.log(one.values) if one.log else one.values)[best_first]
        for one in of.columns.dimensions
    }


def _apart(a: Floats, b: Floats, choices: bool) -> Floats:
    """(n, m) squared distances, 1 across all that both have seen; choices, and a value that one lacks, are 1 apart."""
    known = np.concatenate([a[np.isfinite(a)], b[np.isfinite(b)]])
    width = float(np.ptp(known)) if len(known) else 0.0
    difference = a[:, None] - b[None, :]
    apart = (difference != 0).astype(float) if choices else (difference / width) ** 2 if width else 0.0 * difference
    lacking = np.isnan(a)[:, None].astype(int) + np.isnan(b)[None, :]
    return np.where(lacking == 2, 0.0, np.where(lacking == 1, 1.0, apart))
