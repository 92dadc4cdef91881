"""One parameter, or a few together, with all others optimised away: the best that each value can do. Pure.

An isolation plot of the Deep Learning Tuning Playbook (Godbole et al. 2023): the values of a *scientific* parameter are
compared at the best that their *nuisance* parameters allow, each with the same number of trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from hptui.core.review.columns import Bools, Columns, Dimension, Floats, Ints
from hptui.core.review.trust import best_shares, expected_best

BINS = 5
TOGETHER = 3  # ranges of a number that is compared together with another parameter
MOST_COMBINATIONS = 16  # beyond it each is too seldom tried, and nobody reads the table
BESIDE = " × "
FEWEST = 3  # trials of a value, for it to be compared
_DRAWS, _NUMBERS = 1000, 1_000_000  # of the bootstrap; fewer draws of very many trials


@dataclass(frozen=True)
class Isolated:
    """One value, or range of values, of a scientific parameter, or a combination; numbers in the user's sign.

    expected: the best of `tried` trials, on average. tried is the same for all values, so that a value with more
    trials has no better chance. low, high: its 95 % interval by bootstrap, never beyond the best seen. NaN with
    fewer than `FEWEST` trials.
    """

    label: str
    trials: int
    best: float
    tried: int
    expected: float
    low: float
    high: float


def isolate(columns: Columns, name: str, seed: int = 0) -> list[Isolated]:
    """The values of parameter `name`, in their order; those without a trial that may be the best are left out.

    Raises KeyError for an unknown name.
    """
    dimension = {one.name: one for one in columns.dimensions}[name]
    rows = np.flatnonzero(columns.able & np.isfinite(dimension.values))
    groups = [(label, columns.loss[rows[found]]) for label, found in _levels(dimension, rows, BINS)]
    return _fairly(groups, columns.sign, seed)


def isolate_together(columns: Columns, names: Sequence[str], seed: int = 0) -> list[Isolated]:
    """The combinations of several parameters' values, the last one's changing first; [] where there are too many.

    A number with more than `TOGETHER` values counts by that many ranges with as many trials each. Raises KeyError.
    """
    by_name = {one.name: one for one in columns.dimensions}
    chosen = [by_name[name] for name in names]
    known = np.logical_and.reduce([columns.able, *(np.isfinite(one.values) for one in chosen)])
    rows = np.flatnonzero(known)
    levels = [_levels(one, rows, TOGETHER) for one in chosen]
    if math.prod(map(len, levels)) > MOST_COMBINATIONS:
        return []
    groups = []
    for combination in product(*levels):
        here = np.logical_and.reduce([found for _, found in combination])
        if here.any():
            groups.append((BESIDE.join(label for label, _ in combination), columns.loss[rows[here]]))
    return _fairly(groups, columns.sign, seed)


def compared(columns: Columns, names: Sequence[str]) -> dict[str, list[Isolated]]:
    """What a round asks about: each parameter by itself, then, of two and more, their combinations."""
    found = {name: isolate(columns, name) for name in names}
    together = isolate_together(columns, names) if len(names) > 1 else []
    return {**found, **({BESIDE.join(names): together} if together else {})}


def _fairly(groups: Sequence[tuple[str, Floats]], sign: float, seed: int) -> list[Isolated]:
    """Each at the best of as many tries."""
    enough = [len(losses) for _, losses in groups if len(losses) >= FEWEST]
    tried = max(1, min(enough) // 2) if enough else 1
    rng = np.random.default_rng(seed)
    return [_isolated(label, losses, tried, sign, rng) for label, losses in groups]


def _levels(dimension: Dimension, rows: Ints, bins: int) -> list[tuple[str, Bools]]:
    """The values, or ranges of them, that the rows have, in their order, each with (len(rows),) who has it."""
    values = dimension.values[rows]
    distinct = np.unique(values)
    if dimension.choices:
        return [(str(dimension.choices[int(v)]), np.equal(values, v)) for v in distinct]
    if len(distinct) <= bins:
        return [(_number(dimension, v, 4), np.equal(values, v)) for v in distinct]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1), method="nearest"))
    at = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return [
        (f"{_number(dimension, edges[k], 3)} .. {_number(dimension, edges[k + 1], 3)}", np.equal(at, k))
        for k in range(len(edges) - 1)
        if (at == k).any()
    ]


def _number(dimension: Dimension, value: float, digits: int) -> str:
    """Whole numbers in full: 16384 and 16385 are two values."""
    return f"{value:.0f}" if dimension.whole and abs(value) < 1e9 else f"{value:.{digits}g}"


def _isolated(label: str, losses: Floats, tried: int, sign: float, rng: np.random.Generator) -> Isolated:
    best = sign * float(losses.min())
    if len(losses) < FEWEST:
        return Isolated(label, len(losses), best, tried, math.nan, math.nan, math.nan)
    ends = sign * np.quantile(_again(np.sort(losses), tried, rng), [0.025, 0.975])
    expected = sign * expected_best(losses, tried)
    return Isolated(label, len(losses), best, tried, expected, float(ends.min()), float(ends.max()))


def _again(y: Floats, tried: int, rng: np.random.Generator) -> Floats:
    """(draws,) the expected best of `tried` when the trials, y ascending, are drawn again with putting back.

    Of a draw only counts matter: a trial that is drawn c times stands at c places of the sorted draw.
    """
    n = len(y)
    before = np.concatenate([[0.0], np.cumsum(best_shares(n, tried))])  # the share of the lowest k places, k = 0 .. n
    counts = rng.multinomial(n, np.full(n, 1 / n), size=int(np.clip(_NUMBERS // n, 100, _DRAWS)))
    return np.asarray(np.diff(before[np.cumsum(counts, axis=1)], prepend=0.0, axis=1) @ y)
