"""How much of a result is luck: repeated trials and their intervals, and what less would have found. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hptui.core.review.columns import Floats
from hptui.core.store.rows import TrialRow

SURE = 0.95  # of the intervals
_DRAWS = 4000  # of the bootstrap


@dataclass(frozen=True, eq=False)
class Repeated:
    """One configuration and all its complete runs; values in the user's sign.

    half: half the width of the 95 % interval of the mean (Student's t); NaN for a single run.
    first: the chance that its mean is the best of all repeated ones, by bootstrap; NaN when nothing is repeated.
    """

    numbers: tuple[int, ...]  # trials
    params: dict[str, Any]
    values: Floats
    mean: float
    half: float
    first: float = math.nan
    baseline: bool = False


@dataclass(frozen=True)
class Against:
    """The best repeated configuration against the baseline. gain > 0: it is better.

    low, high: the 95 % interval of the gain (Welch); p: of no difference. NaN where one of them has a single run.
    """

    gain: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Smaller:
    """What a search of `trials` trials from among those that were run would have found, the user's sign.

    expected: the best, on average over which trials they were. chance: that the very best is among them.
    """

    trials: int
    expected: float
    chance: float


def repeated(rows: Sequence[TrialRow], sign: float, seed: int = 0) -> list[Repeated]:
    """Every configuration with its runs, the best mean first; runs that broke a constraint do not count.

    sign: loss = sign * value.
    """
    groups: dict[str, list[TrialRow]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        if row.is_answer:
            groups.setdefault(json.dumps(row.params, sort_keys=True, default=str), []).append(row)
    made = [_repeated(group) for group in groups.values()]
    chances = _first([one.values * sign for one in made], seed)
    told = [
        Repeated(o.numbers, o.params, o.values, o.mean, o.half, c, o.baseline)
        for o, c in zip(made, chances, strict=True)
    ]
    return sorted(told, key=lambda one: (sign * one.mean, one.numbers))


def why_none(rows: Sequence[TrialRow]) -> str:
    """Why `repeated` has nothing to tell of."""
    complete = any(row.state == "COMPLETE" for row in rows)
    return "no complete trial has kept its constraints" if complete else "no trial is complete yet"


def _repeated(group: Sequence[TrialRow]) -> Repeated:
    values = np.array([row.value for row in group], dtype=float)
    numbers, baseline = tuple(row.number for row in group), any(row.origin == "baseline" for row in group)
    return Repeated(numbers, group[0].params, values, float(values.mean()), half_width(values), baseline=baseline)


def repeats(known: Sequence[Repeated], best: int, runs: int, baseline: bool = True) -> list[Repeated]:
    """One entry for each run that the best few, and the baseline, lack to have `runs`. known: the best first."""
    wanted = [one for one in known if not one.baseline][:best]
    wanted += [one for one in known if one.baseline] if baseline else []
    return [one for one in wanted for _ in range(runs - len(one.values))]


def repeat_args(one: Repeated) -> dict[str, Any]:
    """What the wish to enqueue says of a repeat: no pruner stops it."""
    return {"params": one.params, "of": one.numbers[0], "pin": True, "note": f"repeat of {one.numbers[0]}"}


def half_width(values: Floats) -> float:
    """Half the 95 % interval of their mean (Student's t); NaN for one value."""
    from scipy.special import stdtrit  # scipy.stats takes half a second to load

    n = len(values)
    if n < 2:
        return math.nan
    return float(stdtrit(n - 1, 0.5 + SURE / 2) * values.std(ddof=1) / math.sqrt(n))


def _first(losses: Sequence[Floats], seed: int) -> list[float]:
    """How often each repeated one has the lowest mean when its runs are drawn again with putting back."""
    several = [k for k, y in enumerate(losses) if len(y) > 1]
    chances = [math.nan] * len(losses)
    if len(several) < 2:
        return chances
    rng = np.random.default_rng(seed)
    means = np.stack([losses[k][rng.integers(len(losses[k]), size=(_DRAWS, len(losses[k])))].mean(1) for k in several])
    wins = np.bincount(means.argmin(axis=0), minlength=len(several)) / _DRAWS
    for k, share in zip(several, wins, strict=True):
        chances[k] = float(share)
    return chances


def against_baseline(configurations: Sequence[Repeated], sign: float) -> Against | None:
    """None without a complete baseline, or when nothing but the baseline is known.

    Of the configurations with most runs the best one is compared: a single lucky run would win otherwise.
    """
    base, best = next((one for one in configurations if one.baseline), None), compared(configurations, sign)
    if base is None or best is None:
        return None
    return Against(*welch(sign * base.values, sign * best.values))


def told(found: Against) -> str:
    """What the comparison with the baseline says, in one line."""
    said = f"the best beats the baseline by {found.gain:.4g}"
    if found.gain <= 0:
        behind = f"is behind by {-found.gain:.4g}" if found.gain else "is as good"
        said = f"nothing beats the baseline: the best of the others {behind}"
    if math.isnan(found.p):
        return f"{said}; a single run of one of them proves nothing"
    return f"{said}; 95 % interval of the gain {found.low:.4g} to {found.high:.4g}, p = {found.p:.2g}"


def welch(one: Floats, other: Floats) -> tuple[float, float, float, float]:
    """mean(one) - mean(other), its 95 % interval, and p of no difference; NaN where one of them has a single value.

    Welch's t-test with the Welch-Satterthwaite degrees of freedom.
    """
    apart = float(one.mean() - other.mean())
    if len(one) < 2 or len(other) < 2:
        return apart, math.nan, math.nan, math.nan
    from scipy.special import stdtr, stdtrit

    parts = [y.var(ddof=1) / len(y) for y in (one, other)]
    spread = math.sqrt(sum(parts))
    if spread == 0:
        return apart, apart, apart, 0.0 if apart else 1.0
    freedom = sum(parts) ** 2 / sum(part**2 / (len(y) - 1) for part, y in zip(parts, (one, other), strict=True))
    half = float(stdtrit(freedom, 0.5 + SURE / 2)) * spread
    return apart, apart - half, apart + half, float(2 * stdtr(freedom, -abs(apart) / spread))


def compared(configurations: Sequence[Repeated], sign: float) -> Repeated | None:
    """Of the configurations with most runs, but the baseline, the best one."""
    others = [one for one in configurations if not one.baseline]
    most = max((len(one.values) for one in others), default=0)
    return min((one for one in others if len(one.values) == most), key=lambda one: sign * one.mean, default=None)


def best_shares(n: int, m: int) -> Floats:
    """(n,) how likely the i-th lowest (from 0) of n is the lowest of m drawn without putting back.

    That is C(n-1-i, m-1) / C(n, m), by recurrence: p_0 = m/n, p_{i+1} = p_i * (n-m-i) / (n-1-i).
    """
    if not 1 <= m <= n:
        raise ValueError(f"can't draw {m} of {n}")
    i = np.arange(n - 1)
    return np.asarray(m / n * np.concatenate([[1.0], np.cumprod(np.maximum(n - m - i, 0) / (n - 1 - i))]))


def expected_best(losses: Floats, m: int) -> float:
    """The mean of the lowest of m drawn from `losses` without putting back."""
    return float(best_shares(len(losses), m) @ np.sort(losses))


def smaller_budgets(
    rows: Sequence[TrialRow], sign: float, shares: Sequence[float] = (0.25, 0.5, 0.75)
) -> list[Smaller]:
    """Would less have done? Over all trials that gave an answer; what the search learned on the way is ignored."""
    losses = np.array([sign * r.value for r in rows if r.is_answer and r.value is not None])
    sizes = sorted({max(1, round(share * len(losses))) for share in shares}) if len(losses) else []
    return [Smaller(m, sign * expected_best(losses, m), m / len(losses)) for m in sizes]
