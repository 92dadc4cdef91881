"""When a search has found what it will find: the stop rules of a study, over its best values so far."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence

from hptui.core.study.study import StopWhen

LAST = 30  # trials that a chance is estimated from, at least


def reason_to_stop(rules: StopWhen, best: Sequence[float], sign: float = 1.0) -> str | None:
    """Why the search should stop now, by the rules that are set: any of them, or all; None when it should not.

    best: the lowest loss known after each ended trial that says something (complete or pruned), inf while none was
    complete. sign: value in the user's sign = sign * loss.
    """
    answers = list(_answers(rules, best, sign))
    met = [reason for reason in answers if reason]
    if not met or (rules.need == "all" and len(met) < len(answers)):
        return None
    return "; ".join(met) if rules.need == "all" else met[0]


def reach(rules: StopWhen) -> int:
    """How many of the latest best values the rules look at; 1 where none is set."""
    if rules.need == "all" and rules.same_best_for is not None:
        return sys.maxsize  # it may be the same for much longer before the others are met, and the reason says how long
    window = 0 if rules.chance_below is None else max(LAST, math.ceil(0.5 / rules.chance_below)) + 1
    return max(window, rules.same_best_for or 0, 0 if rules.gain_below is None else rules.over, 0) + 1


def _answers(rules: StopWhen, best: Sequence[float], sign: float) -> Iterator[str | None]:
    """One answer for each rule that is set."""
    n = len(best)
    known = n > 0 and math.isfinite(best[-1])
    if rules.target is not None:
        reached = known and best[-1] <= sign * rules.target
        yield f"the target {rules.target:g} is reached: {sign * best[-1]:.6g}" if reached else None
    if rules.same_best_for is not None:
        since = same_for(best)
        yield f"the best is the same for {since} trials" if known and since >= rules.same_best_for else None
    if rules.gain_below is not None:
        yield _slow(rules.gain_below, rules.over, best) if n > rules.over else None
    if rules.chance_below is not None:
        yield _unlikely(rules.chance_below, best) if known else None


def same_for(best: Sequence[float]) -> int:
    """How many of the last trials left the best value as it was."""
    since = 0
    while since + 1 < len(best) and best[-2 - since] == best[-1]:
        since += 1
    return since


def _slow(least: float, over: int, best: Sequence[float]) -> str | None:
    gain = (best[-1 - over] - best[-1]) / over
    slow = math.isfinite(gain) and gain < least
    return f"the last {over} trials gained {gain:.3g} each on average, less than {least:g}" if slow else None


def _unlikely(least: float, best: Sequence[float]) -> str | None:
    """By how often the last trials improved (Krichevsky-Trofimov: half a success more, one trial more)."""
    window = max(LAST, math.ceil(0.5 / least))  # shorter ones could never tell so small a chance
    if len(best) <= window:
        return None
    hits = sum(best[k] < best[k - 1] for k in range(len(best) - window, len(best)))
    chance = (hits + 0.5) / (window + 1)
    if chance >= least:
        return None
    did = f"{hits} of the last {window} did"
    return f"a further trial improves with a chance of {chance:.1%} ({did}), below {least:.1%}"
