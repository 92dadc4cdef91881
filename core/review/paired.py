"""Two configurations scored on the same folds: compared fold by fold. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.review.trust import SURE
from hptui.core.search.pruners.wilcoxon import p_worse
from hptui.core.store.rows import TrialRow

FOLDS = "folds"
Points = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Paired:
    """The best trial against the baseline over `folds` folds. gain > 0: it is better.

    low, high: the 95 % interval of the gain by the corrected resampled t-test: folds share most of their training
    data, so their differences vary less than those of new data would. p: two-sided, of the exact signed-rank test.

    Source: Nadeau & Bengio 2003 (variance times 1/k + n_test/n_train, here 1/k + 1/(k-1)); Wilcoxon 1945.
    """

    best: int
    baseline: int
    folds: int
    gain: float
    low: float
    high: float
    p: float


def cross_validated(rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Complete trials that were scored fold by fold."""
    return [
        row
        for row in rows
        if row.state == "COMPLETE" and isinstance(row.attrs.get(FOLDS), int) and row.value is not None
    ]


def pair(rows: Sequence[TrialRow], sign: float) -> tuple[TrialRow, TrialRow] | None:
    """The best cross-validated trial and the baseline; None unless both are there and are not one."""
    known = [row for row in cross_validated(rows) if math.isfinite(row.value or math.nan) and not row.broken]
    base = next((row for row in known if row.origin == "baseline"), None)
    best = min(known, key=lambda row: (sign * (row.value or 0.0), row.number), default=None)
    return None if base is None or best is None or best is base else (best, base)


def paired(best: TrialRow, base: TrialRow, curves: Mapping[int, Points], sign: float) -> Paired | None:
    """curves: (fold, score) by trial, the user's sign. None with fewer than three folds that both have."""
    mine, its = dict(curves.get(best.number, ())), dict(curves.get(base.number, ()))
    both = sorted(mine.keys() & its.keys())
    gains = np.array([sign * (its[fold] - mine[fold]) for fold in both])
    k = len(gains)
    if k < 3 or not np.isfinite(gains).all():
        return None
    from scipy.special import stdtrit

    spread = float(gains.std(ddof=1)) * math.sqrt(1 / k + 1 / (k - 1))
    half = float(stdtrit(k - 1, 0.5 + SURE / 2)) * spread
    p = min(1.0, 2 * min(p_worse(gains), p_worse(-gains)))
    gain = float(gains.mean())
    return Paired(best.number, base.number, k, gain, gain - half, gain + half, p)


def told(found: Paired) -> str:
    return (
        f"over the same {found.folds} folds trial {found.best} beats the baseline by {found.gain:.4g} (95 % "
        f"{found.low:.3g} to {found.high:.3g}, folds being dependent; signed ranks p = {found.p:.2g})"
    )
