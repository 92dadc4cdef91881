"""What giving up early has saved, what it cut and where, and whether it may have cut the best. Pure over rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hptui.core.store.rows import TrialRow
from hptui.core.study.trial import AT_RUNG


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of the trials at one step: a rung, or a step at which some were stopped.

    came: trials that got there, failed ones left out. cut: pruned there. held: wait there now. threshold: what the
    last verdict of the largest cohort asked for, the user's sign; None where no verdict kept anybody.
    """

    step: int
    rung: bool
    came: int
    cut: int
    held: int
    threshold: float | None

    @property
    def went_on(self) -> int:
        """How many went beyond, or are on their way."""
        return self.came - self.cut - self.held


@dataclass(frozen=True, slots=True)
class Ahead:
    """A pruned trial whose best, when it was cut, was better than the winner's best up to the same step."""

    number: int
    step: int
    best: float
    winners: float


@dataclass(frozen=True, slots=True)
class Saved:
    """Of complete and pruned trials; seconds that were not spent are counted at each trial's own pace."""

    steps: int
    full_steps: int
    seconds: float
    full_seconds: float

    @property
    def share(self) -> float:
        """Of the steps of full training, those that were not run; 0 to 1."""
        return 1.0 - self.steps / self.full_steps if self.full_steps else 0.0


@dataclass(frozen=True, slots=True)
class Pruning:
    """saved: None when nobody was pruned, or when it is not known how long a full training is.

    compared: pruned trials that could be compared with the winner, that is, both had reported by then.
    """

    pruned: int
    saved: Saved | None
    cuts: tuple[Cut, ...]  # by step
    winner: int | None
    compared: int
    ahead: tuple[Ahead, ...]  # the one that led by most first


def pruning(
    trials: Sequence[TrialRow], direction: str, max_steps: int | None, winner: Sequence[tuple[int, float]] = ()
) -> Pruning:
    """trials: all of a session. winner: the curve of its best complete trial (`best_of`), if it has one.

    Where heirs go on from others' checkpoints nothing is saved: what they did not run, their donors did.
    """
    sign = -1.0 if direction == "maximize" else 1.0
    best = best_of(trials, sign)
    pruned = [row for row in trials if row.state == "PRUNED" and row.step is not None]
    bred = any(row.origin == "heir" for row in trials)
    compared, ahead = _compare(pruned, winner, sign)
    return Pruning(
        pruned=sum(row.state == "PRUNED" for row in trials),
        saved=_saved(trials, max_steps, winner) if pruned and not bred else None,
        cuts=_cuts(trials),
        winner=best.number if best else None,
        compared=compared,
        ahead=ahead,
    )


def best_of(trials: Sequence[TrialRow], sign: float) -> TrialRow | None:
    """The best complete trial that broke no constraint, of equal ones the first."""
    known = [(sign * row.value, row.number, row) for row in trials if row.is_answer and row.value is not None]
    return min(known)[2] if known else None


def _compare(
    pruned: Sequence[TrialRow], winner: Sequence[tuple[int, float]], sign: float
) -> tuple[int, tuple[Ahead, ...]]:
    compared, found = 0, []
    for row in pruned:
        seen = [sign * value for step, value in winner if step <= (row.step or 0) and math.isfinite(value)]
        if row.best is None or not seen:
            continue
        compared += 1
        if sign * row.best < min(seen):
            lead = min(seen) - sign * row.best
            found.append((-lead, Ahead(row.number, row.step or 0, row.best, sign * min(seen))))
    return compared, tuple(one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].number)))


def _saved(trials: Sequence[TrialRow], max_steps: int | None, winner: Sequence[tuple[int, float]]) -> Saved | None:
    """Steps are counted from 0 when the winner reported at step 0: then one more was run than the last step says."""
    first = 1 if winner and winner[0][0] == 0 else 0
    done = {row.number: max(row.step + first, 1) for row in trials if row.step is not None}
    complete = [done[row.number] for row in trials if row.state == "COMPLETE" and row.number in done]
    length = max(complete, default=max_steps or 0)
    if not length:
        return None
    steps = full_steps = 0
    seconds = full_seconds = 0.0
    for row in trials:
        if row.state not in ("COMPLETE", "PRUNED") or row.number not in done:
            continue
        ran = done[row.number]
        whole = ran if row.state == "COMPLETE" else max(length, ran)
        steps, full_steps = steps + ran, full_steps + whole
        seconds, full_seconds = seconds + row.busy_s, full_seconds + row.busy_s * whole / ran
    return Saved(steps, full_steps, seconds, full_seconds)


def _cuts(trials: Sequence[TrialRow]) -> tuple[Cut, ...]:
    stood = {row.number: _stood(row) for row in trials}
    at_rungs = {int(stand["rung"]) for stand in stood.values() if "rung" in stand}
    stopped = [row for row in trials if row.state == "PRUNED" and row.step is not None]
    here = {row.number: int(stood[row.number].get("rung", row.step)) for row in stopped}
    counted = [row for row in trials if row.state != "FAIL" and row.step is not None]
    found = []
    for step in sorted({*at_rungs, *here.values()}):
        verdicts = [stand for stand in stood.values() if stand.get("rung") == step]
        last = max(verdicts, key=lambda stand: stand.get("cohort") or 0, default={})
        waiting = [r for r in trials if r.state == "PAUSED" and r.why == "rung" and stood[r.number].get("rung") == step]
        found.append(
            Cut(
                step=step,
                rung=step in at_rungs,
                came=sum((row.step or 0) >= step for row in counted),
                cut=sum(place == step for place in here.values()),
                held=len(waiting),
                threshold=last.get("threshold"),
            )
        )
    return tuple(found)


def _stood(row: TrialRow) -> Mapping[str, Any]:
    """Where a rule that ranks judged it last; empty for one that no such rule judged."""
    stand = row.attrs.get(AT_RUNG)
    return stand if isinstance(stand, Mapping) and isinstance(stand.get("rung"), int) else {}
