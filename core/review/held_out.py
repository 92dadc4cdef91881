"""The held-out metric beside the one that was tuned: was the validation set overfitted by the search? Pure.

The best of many trials is best in part by the luck of the validation set: it falls back on other data. How far it
falls beyond what any trial falls is what the search has overfitted. The test values choose nothing here: a winner by
test would overfit that set next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.review.trust import Repeated, compared, half_width, repeated, welch
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import TEST

FEWEST = 12  # trials with both values, for a gap to be compared
BEST_SHARE, BEST_LEAST = 0.1, 4  # of them that count as chosen by their validation value


@dataclass(frozen=True, eq=False)
class HeldOut:
    """trials: complete ones that have both values. numbers: of the chosen configuration; value, test: its means, the
    user's sign; test_half: half the 95 % interval of the test mean, NaN for one run.

    gaps are losses on the test set minus losses on the validation set: above 0 a trial falls back. chosen: the mean
    over the `best` trials with the best validation values, others: over the rest; low, high: the 95 % interval of
    chosen - others (Welch), half: half that of chosen by itself. NaN with fewer than `FEWEST` trials.
    """

    trials: int
    numbers: tuple[int, ...]
    value: float
    test: float
    test_half: float
    best: int = 0
    chosen: float = math.nan
    others: float = math.nan
    low: float = math.nan
    high: float = math.nan
    half: float = math.nan

    @property
    def is_overfitted(self) -> bool:
        """The best fall back by more than the others, and fall back at all: neither by chance."""
        return self.low > 0 and self.chosen > self.half


def held_out(rows: Sequence[TrialRow], sign: float) -> HeldOut | None:
    """None when no complete trial has a test value. sign: loss = sign * value."""
    both = [row for row in rows if row.state == "COMPLETE" and _test(row) is not None and not row.broken]
    known = repeated(both, sign)
    chosen = _chosen(known, sign)
    if chosen is None:
        return None
    tests = {row.number: test for row in both if (test := _test(row)) is not None}
    own = repeated([_as_value(row, tests[row.number]) for row in both if row.number in chosen.numbers], sign)[0]
    n = sum(len(one.values) for one in known)
    found = HeldOut(n, chosen.numbers, chosen.mean, own.mean, own.half)
    if n < FEWEST:
        return found
    pairs = [(sign * v, sign * tests[k]) for one in known for k, v in zip(one.numbers, one.values, strict=True)]
    pairs.sort(key=lambda pair: pair[0])  # not by the test value among equals: it chooses nothing
    best = max(BEST_LEAST, round(BEST_SHARE * n))
    gaps = np.array([test - value for value, test in pairs])
    _, low, high, _ = welch(gaps[:best], gaps[best:])
    means = float(gaps[:best].mean()), float(gaps[best:].mean())
    return HeldOut(n, chosen.numbers, chosen.mean, own.mean, own.half, best, *means, low, high, half_width(gaps[:best]))


def _chosen(known: Sequence[Repeated], sign: float) -> Repeated | None:
    """What the search would hand over: the best of what was repeated most, be it the baseline."""
    best, base = compared(known, sign), next((one for one in known if one.baseline), None)
    if best is None or (base is not None and sign * base.mean < sign * best.mean):
        return base or best
    return best


def _test(row: TrialRow) -> float | None:
    value = row.attrs.get(TEST)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def _as_value(row: TrialRow, test: float) -> TrialRow:
    return TrialRow(row.number, row.state, row.params, origin=row.origin, value=test)


def told(found: HeldOut, metric: str) -> list[str]:
    """In words, with the numbers compared; metric: the name of the held-out one."""
    whose = f"trial {found.numbers[0]}" if len(found.numbers) == 1 else f"trials {' '.join(map(str, found.numbers))}"
    spread = "" if math.isnan(found.test_half) else f" ± {found.test_half:.2g}"
    said = [f"{metric} of the best ({whose}): {found.test:.6g}{spread}, where validation says {found.value:.6g}"]
    if math.isnan(found.chosen):
        said.append(f"{found.trials} trials have both values: {FEWEST} would say whether validation was overfitted")
        return said
    more = found.chosen - found.others
    numbers = (
        f"on the test set the best {found.best} lose {found.chosen:.3g} ± {found.half:.2g} against validation, the "
        f"other {found.trials - found.best} {found.others:.3g}; the difference {more:.3g} has a 95 % interval of "
        f"{found.low:.3g} to {found.high:.3g}"
    )
    if found.is_overfitted:
        return [*said, f"the validation set was overfitted: {numbers}", "fewer trials, a larger validation set or "
                "cross-validation would choose better; report the test value, not the validation value"]  # fmt: skip
    return [*said, f"no sign that the validation set was overfitted: {numbers}"]
