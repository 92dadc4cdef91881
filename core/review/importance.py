"""Which parameters matter, and how sure that is: fANOVA and PED-ANOVA over the complete trials. Pure; takes seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hptui.core.review.columns import Columns, Floats, Ints
from hptui.core.review.fanova import fanova
from hptui.core.review.forest import Forest, grow
from hptui.core.review.ped_anova import ped_anova, spread

FEWEST = 16
"""Complete trials below which nothing is said."""
PER_PARAMETER = 10
"""Complete trials per parameter below which the intervals are wide and said to be so."""
MOST = 2000
"""More trials than this are drawn from: the shares change no more, the time does."""
BEST = 0.1
"""PED-ANOVA's share of trials that count as the best."""


@dataclass(frozen=True, slots=True)
class Share:
    """A mean, and where nine tenths of the samples lie around it."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Effect:
    """One parameter, or two. ped: PED-ANOVA's share among all parameters; None for pairs and with too few trials."""

    names: tuple[str, ...]
    share: Share
    ped: Share | None = None


@dataclass(frozen=True, eq=False)
class Importance:
    """main: every parameter, the most important first. pairs: interactions beyond the two by themselves, likewise.
    explained: by main effects, by pairs; what is missing from 1 is noise and higher orders. clipped: diverged trials
    whose loss counts as `clipped_at` (the user's sign). drawn: trials used of `complete`."""

    main: tuple[Effect, ...]
    pairs: tuple[Effect, ...]
    explained: tuple[float, float]
    complete: int
    drawn: int
    clipped: int
    clipped_at: float
    forest: Forest

    @property
    def is_thin(self) -> bool:
        return self.complete < PER_PARAMETER * max(len(self.main), 1)


def too_few(columns: Columns) -> str:
    """Why nothing can be said yet; "" when it can."""
    complete = int(columns.complete.sum())
    if not columns.dimensions:
        return "this study has no parameters"
    if complete < FEWEST:
        trials = "trial is" if complete == 1 else "trials are"
        return f"{complete} complete {trials} too few: {FEWEST} at least, {_wanted(columns)} to be sure"
    if np.ptp(columns.loss[columns.complete]) == 0:
        return f"all {complete} complete trials have the same value: nothing to explain"
    return ""


def _wanted(columns: Columns) -> int:
    return max(PER_PARAMETER * len(columns.dimensions), FEWEST)


def importance(columns: Columns, seed: int = 0) -> Importance:
    """Raises ValueError when there are too few trials."""
    if problem := too_few(columns):
        raise ValueError(problem)
    rows = np.flatnonzero(columns.complete)
    complete = len(rows)
    if complete > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    loss, ceiling = clip(columns.loss[rows])
    forest = grow(columns.dimensions, rows, loss, seed=seed)
    shares = fanova(forest)
    ped = _ped(columns, rows, loss, seed)
    names = [one.name for one in columns.dimensions]
    main = [Effect((name,), _share(shares.main[:, j]), ped[j] if ped else None) for j, name in enumerate(names)]
    pairs = [
        Effect((names[j], names[k]), _share(shares.pairs[:, p])) for p, (j, k) in enumerate(shares.of)
    ]
    return Importance(
        tuple(sorted(main, key=lambda effect: -effect.share.mean)),
        tuple(sorted(pairs, key=lambda effect: -effect.share.mean)),
        (float(shares.main.sum(axis=1).mean()), float(shares.pairs.sum(axis=1).mean())),
        complete, len(rows), int((columns.loss[rows] > ceiling).sum()), columns.sign * ceiling, forest,
    )  # fmt: skip


def clip(loss: Floats) -> tuple[Floats, float]:
    """Losses with diverged ones brought down to three quartile distances above the upper quartile, and that ceiling:
    one trial at 1e6 would be all the variance there is."""
    first, third = np.percentile(loss, (25, 75))
    ceiling = float(third + 3 * (third - first)) if third > first else float(loss.max())
    return np.minimum(loss, ceiling), ceiling


def _ped(columns: Columns, rows: Ints, loss: Floats, seed: int) -> list[Share] | None:
    """Shares among all parameters; None while the best tenth is fewer than five trials."""
    if BEST * len(rows) < 5:
        return None
    found = ped_anova(columns.dimensions, rows, loss, BEST)
    samples = spread(columns.dimensions, rows, loss, BEST, seed=seed)
    total, totals = found.sum(), samples.sum(axis=1, keepdims=True)
    if total <= 0 or (totals <= 0).any():
        return None
    return [_share(samples[:, j] / totals[:, 0], float(found[j] / total)) for j in range(len(found))]


def _share(samples: Floats, middle: float | None = None) -> Share:
    """middle: what all trials say; a sample of them says a little more, as it repeats some."""
    low, high = (float(end) for end in np.percentile(samples, (5, 95)))
    mean = float(samples.mean()) if middle is None else middle
    return Share(mean, min(low, mean), max(high, mean))
