"""Where in the space things happen: the best at an edge, what fails beyond a line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.ranges import WIDEST_DROPOUT
from hptui.core.advice.seen import End, Seen, SeenTrial
from hptui.core.space.parameter import Categorical, Float, Int
from hptui.core.space.roles import Role, role_of

AT_EDGE = 0.1  # of the range
NEAR_EDGE = 0.15
FEWEST = 15  # complete trials below which nothing is said of edges
SURE = 0.03  # that chance puts so many at an edge, over both ends of all parameters
CHANCE = 1e-3  # evidence that chance gives less often than this, over all parameters together


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the best trials lie along a parameter. at: "" for the interior. of: how many were looked at, 0 where too
    few are complete. near: those within NEAR_EDGE of the end. p: how likely chance alone puts as many there."""

    at: Literal["low", "high", ""]
    near: int = 0
    of: int = 0
    p: float = 1.0


def edge(units: Sequence[float], among: int) -> Edge:
    """The rule behind every word of edges, in a session's advice and in its slices.

    units: (n,) coordinates of the complete trials, the best first; NaN where the parameter is not active.
    among: so many parameters are asked about at once, each with two ends: chance has as many tries.
    An edge is told when the best trial lies at it, and more of the best 15 % than chance would put there.
    """
    if len(units) < FEWEST:
        return Edge("")
    good = units[: max(5, round(0.15 * len(units)))]
    near = [u for u in good if u == u]
    best = good[0]
    top = best > 0.5
    count = sum((1 - u if top else u) <= NEAR_EDGE for u in near)
    p = tail(count, len(near), NEAR_EDGE)
    told = (best <= AT_EDGE or best >= 1 - AT_EDGE) and count >= 3 and p * 2 * max(among, 1) <= SURE
    return Edge(("high" if top else "low") if told else "", count, len(near), p)


def best_at_edge(seen: Seen) -> Iterator[Finding]:
    """The best lies at a bound, and so do more of the good trials than chance would put there."""
    bounded = [(i, n, p) for i, (n, p) in enumerate(seen.space.parameters.items()) if _can_grow(p)]
    for i, name, p in bounded:
        units = [math.nan if (u := t.x[i]) is None else u for t in seen.ranked]
        found = edge(units, len(bounded))
        if found.at:
            yield _extend(seen, name, p, found.at == "high", found.near, found.of)


def _can_grow(p: Float | Int | Categorical) -> bool:
    return not isinstance(p, Categorical) and has_ends(p.count)


def has_ends(count: int | None) -> bool:
    """Of a handful of values one is always at an end. count: None for a continuum."""
    return count is None or count > 5


def _extend(seen: Seen, name: str, p: Float | Int | Categorical, top: bool, count: int, of: int) -> Finding:
    assert not isinstance(p, Categorical)
    old = p.high if top else p.low
    if p.log:
        by = 10 if isinstance(p, Float) else 4  # ten times as many channels, layers or neighbours are seldom meant
        new = old * by if top else old / by
    else:
        new = old + (p.high - p.low) * (1 if top else -1)
        new = max(0, new) if p.low >= 0 else new  # a quantity that has no negative values stays so
    if top and old <= 1 and _is_share(name, p):
        new = min(float(f"{(1 + old) / 2:.4g}"), max(WIDEST_DROPOUT, old) if role_of(name) is Role.DROPOUT else 1.0)
    new = max(1, round(new)) if isinstance(p, Int) and p.low >= 1 else round(new) if isinstance(p, Int) else new
    best = seen.ranked[0]
    side = "upper" if top else "lower"
    grown, needless = new != old, "" if top else ": it may not be needed"
    return Finding(
        "best-at-edge",
        "warning" if grown else "hint",
        f"space.{name}",
        f"the best trial ({best.number}) has {name} = {_shown(best.params.get(name))}, at the {side} end "
        f"({_shown(old)}), and so have {count} of the {of} best",
        f"extend {name} to {_shown(new)}" if grown else f"fix it at {_shown(old)} next" + needless,
        "the best value may lie beyond the end of the range" if grown else "there is nothing beyond this end",
        (Edit(("space", name, "high" if top else "low"), new),) if grown else (),
    )


_SHARE = re.compile(
    r"(.*[_-])?(sub_?sample|col_?sample|frac|fraction|ratio|share|prob|probability|p|keep|mix_?up|smoothing|quantile)"
    r"([_-].*)?|colsample.*"
)


def _is_share(name: str, p: Float | Int) -> bool:
    """Whether values above 1 make no sense: by its name, where its range does not reach there."""
    if role_of(name) in (Role.DROPOUT, Role.MOMENTUM):
        return True
    return isinstance(p, Float) and not p.log and p.low >= 0 and _SHARE.fullmatch(name.lower()) is not None


def nan_region(seen: Seen) -> Iterator[Finding]:
    yield from _frontier(
        seen, "nan", "nan-region", "diverge", "a loss that is no number: usually too large a learning rate"
    )


def infeasible_frontier(seen: Seen) -> Iterator[Finding]:
    yield from _frontier(
        seen, "infeasible", "infeasible-frontier", "can't run", "out of memory, or refused by the objective itself"
    )


def _frontier(seen: Seen, end: End, rule: str, verb: str, why: str) -> Iterator[Finding]:
    """The one-parameter line that best parts the trials that ended so from the others, when it parts them well."""
    bad, fine = seen.of(end), seen.of("complete", "pruned")
    if len(bad) < 5 or len(fine) < 5:
        return
    found = []
    for i, (name, p) in enumerate(seen.space.parameters.items()):
        if isinstance(p, Categorical) or p.count == 1:
            continue
        for top in (True, False):
            line, inside, wrong = _cut(_along(bad, i, top), _along(fine, i, top))
            found.append((inside - wrong, name, p, top, line, inside, wrong))
    if not found:
        return
    _, name, p, top, line, inside, wrong = max(found, key=lambda f: f[0])
    # a line through pure chance catches about as large a share of the fine ones
    if inside < 0.7 * len(bad) or wrong > 0.25 * inside:
        return
    if _overlap(inside, len(bad), inside + wrong, len(bad) + len(fine)) * len(found) > CHANCE:
        return
    at = _inside(p, p.value(line if top else 1 - line), top)
    yield Finding(
        rule,
        "warning",
        f"space.{name}",
        f"{inside} of {inside + wrong} trials with {name} {'above' if top else 'below'} {_shown(at)} {verb} "
        f"({len(bad)} in all)",
        f"{'lower' if top else 'raise'} the {'upper' if top else 'lower'} end of {name} to {_shown(at)}",
        why,
        (Edit(("space", name, "high" if top else "low"), at),),
    )


def _inside(p: Float | Int, value: float, top: bool) -> float:
    """The last value on this side of the line; that of the line itself where there are no steps."""
    if p.count is None:
        return value
    step = p.step or 1
    return p.value(p.unit(min(max(value - step if top else value + step, p.low), p.high)))


def _along(trials: Sequence[SeenTrial], i: int, top: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Coordinate i, turned so that the suspected side is high."""
    u = np.array([np.nan if t.x[i] is None else t.x[i] for t in trials], dtype=float)
    u = u[~np.isnan(u)]
    return np.sort(u if top else 1 - u)


def _cut(
    bad: np.ndarray[tuple[int], np.dtype[np.float64]], fine: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[float, int, int]:
    """(line, bad ones at or above it, fine ones at or above it), the line where most is gained."""
    if not len(bad):
        return 1.0, 0, 0
    above_bad = len(bad) - np.arange(len(bad))
    above_fine = len(fine) - np.searchsorted(fine, bad, side="left")
    k = int(np.argmax(above_bad - 2 * above_fine))
    return float(bad[k]), int(above_bad[k]), int(above_fine[k])


def tail(k: int, n: int, p: float) -> float:
    """P(at least k of n) for independent draws of chance p, 0 < p < 1."""
    if k <= 0:
        return 1.0
    j = np.arange(k, n + 1)
    # as logarithms: the binomials of more than a thousand are no floats
    logs = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in j.tolist()]
    return min(float(np.exp(np.array(logs) + j * math.log(p) + (n - j) * math.log1p(-p)).sum()), 1.0)


def _overlap(hits: int, marked: int, drawn: int, n: int) -> float:
    """P(at least `hits` of `drawn` are marked) when `marked` of n are: Fisher's exact test, one-sided."""
    whole = math.comb(n, drawn)
    most = min(marked, drawn)
    return sum(math.comb(marked, j) * math.comb(n - marked, drawn - j) for j in range(hits, most + 1)) / whole


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) and not isinstance(value, bool) else "–"


REGION_FLAGS = (best_at_edge, nan_region, infeasible_frontier)
