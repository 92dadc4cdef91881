"""What a few short trials say of an objective, before a search begins: does it report, is it finite, does it repeat.

Pure: trials as they were measured in, answers out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from hptui.core.advice.finding import Level

LEARNED = 0.05
"""What `can_overfit` calls learned: the last loss as a share of the first."""
PERFECT, SOME = 1.8, 1.1
"""Gains of throughput by a batch twice as large: at least PERFECT scales perfectly, below SOME there is none."""


@dataclass(frozen=True)
class Ran:
    """One short trial. reports: (seconds since the epoch, step, value), as they were made."""

    params: dict[str, Any]
    state: str  # COMPLETE, PRUNED, FAIL
    reports: tuple[tuple[float, int, float], ...]
    value: float | None = None
    cause: str | None = None
    reason: str = ""
    began_at: float | None = None
    ended_at: float | None = None
    host_bytes: int | None = None  # the largest its process had
    gpu_bytes: int | None = None
    log: str = ""  # the end of what it printed

    @property
    def steps_s(self) -> list[float]:
        """Seconds from each report to the next."""
        return [later[0] - earlier[0] for earlier, later in pairwise(self.reports)]

    @property
    def step_s(self) -> float | None:
        """What a step takes, by the median; before the first report there is also the starting up."""
        return median(self.steps_s) if self.steps_s else None

    @property
    def fastest_s(self) -> float | None:
        """The shortest step: other work on the machine only ever adds to it."""
        return min(self.steps_s) if self.steps_s else None

    @property
    def startup_s(self) -> float | None:
        """From the process to the first report, without that report's own step."""
        if self.began_at is None or not self.reports or self.fastest_s is None:
            return None
        return max(self.reports[0][0] - self.began_at - self.fastest_s, 0.0)


@dataclass(frozen=True)
class Answer:
    """ok: None where it was not tried, or can't be told."""

    question: str
    ok: bool | None
    says: str
    do: str = ""
    level: Level = "warning"  # of an answer that is not ok: a hint does not make the whole check fail


@dataclass(frozen=True)
class Scaling:
    """What a batch size costs. gain: of the throughput by a doubling, since the size before."""

    batch: float
    step_s: float | None
    speed: float | None  # throughput; 1 is that of the smallest
    gain: float | None
    word: str
    host_bytes: int | None = None
    gpu_bytes: int | None = None


def answers(first: Ran, again: Ran | None, one_batch: Ran | None, steps: int) -> list[Answer]:
    """In the order of asking; what depends on a trial that failed is not asked. steps: what max_steps was."""
    found = [runs(first)]
    if first.state == "FAIL" and not first.reports:
        return found
    found += [reports(first, steps), finite(first)]
    if again is not None:
        found.append(repeatable(first, again))
    return [*found, overfits(one_batch)]


def runs(ran: Ran) -> Answer:
    if ran.state == "FAIL" and ran.cause == "timeout" and ran.reports:
        says = f"cut off at the time limit after {len(ran.reports)} reports"
        return Answer("runs", None, says, "--limit allows more time; fewer --steps need less")
    if ran.state == "FAIL":
        do = "raise --limit, or report more often" if ran.cause == "timeout" else "its log is below"
        return Answer("runs", False, ran.reason or "failed", do)
    took = "" if ran.began_at is None or ran.ended_at is None else f" in {ran.ended_at - ran.began_at:.1f} s"
    return Answer("runs", True, f"{'complete' if ran.state == 'COMPLETE' else 'ended when told to'}{took}")


def reports(ran: Ran, steps: int) -> Answer:
    seen = [step for _, step, _ in ran.reports]
    if not seen:
        do = "trial.report(value, epoch) after each epoch: without curves no rule can stop a hopeless trial"
        return Answer("reports", False, "never: only its result is known", do, "hint")
    says = f"at {'one step' if len(seen) == 1 else f'{len(seen)} steps'}, {min(seen)} to {max(seen)}"
    if ran.state == "PRUNED" or max(seen) > steps:
        do = "end after trial.max_steps steps: rules with rungs and the plan count on it"
        return Answer("reports", False, f"{says}, and goes on beyond max_steps = {steps}", do, "hint")
    return Answer("reports", True, says)


def finite(ran: Ran) -> Answer:
    values = [value for _, _, value in ran.reports] + ([] if ran.value is None else [ran.value])
    wrong = next((step for _, step, value in ran.reports if not math.isfinite(value)), None)
    if wrong is not None or any(not math.isfinite(value) for value in values):
        at = "its result" if wrong is None else f"the value at step {wrong}"
        return Answer("finite", False, f"{at} is no number", "a lower default learning rate; is the input scaled?")
    if not values:
        return Answer("finite", None, "there is no value to look at")
    return Answer("finite", True, f"{min(values):.4g} to {max(values):.4g}")


def repeatable(first: Ran, again: Ran) -> Answer:
    """Two processes, the same parameters and the same seed."""
    here, there = values_of(first), values_of(again)
    both = sorted(set(here) & set(there))
    if not both or first.state == "FAIL" or again.state == "FAIL":
        return Answer("repeatable", None, f"can't be told: {again.reason or 'no values to compare'}")
    for step in both:
        a, b = here[step], there[step]
        if a != b and not (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)):
            at = "the result" if step < 0 else f"step {step}"
            off = "–" if a is None or b is None else f"{abs(a - b):.2g} apart"
            says = f"not under one seed: {a} and {b} at {at}, {off}"
            do = "seed everything from trial.seed, data loaders too; else compare trials by `hptui replicate`"
            return Answer("repeatable", False, says, do, "hint")
    numbers = "number" if len(both) == 1 else f"{len(both)} numbers"
    return Answer("repeatable", True, f"the same {numbers} twice under one seed")


def values_of(ran: Ran) -> dict[int, float | None]:
    """By step; the result alone, at -1, where nothing was reported."""
    return {step: value for _, step, value in ran.reports} or {-1: ran.value}


def overfits(ran: Ran | None) -> Answer:
    question = "one batch"
    if ran is None:
        do = "def one_batch(trial): return can_overfit(model, loss_of, batch)"
        return Answer(question, None, "not tried: the script has no function one_batch", do)
    if ran.state != "COMPLETE" or ran.value is None:
        return Answer(question, False, f"can't be told: {ran.reason or ran.state.lower()}", "its log is below")
    says = f"the loss falls to {ran.value:.1%} of the first"
    if ran.value <= LEARNED:
        return Answer(question, True, f"learned by heart: {says}")
    return Answer(question, False, f"not learned: {says}", "no search mends this: look for a bug, or a larger model")


def scaling(tried: Sequence[tuple[float, Ran]], per_epoch: bool = True) -> list[Scaling]:
    """Throughput by batch size, ascending, by each one's fastest step.

    per_epoch: a step goes through all data, else through one batch.
    """
    found: list[Scaling] = []
    speeds: list[tuple[float, float]] = []
    for batch, ran in sorted(tried, key=lambda pair: pair[0]):
        gain = None
        step_s = ran.fastest_s
        if step_s is None or step_s <= 0:
            word = "out of memory" if ran.cause == "oom" else ran.reason or "too few reports to time"
            found.append(Scaling(batch, step_s, None, None, word, ran.host_bytes, ran.gpu_bytes))
            continue
        speed = (1.0 if per_epoch else batch) / step_s
        word = ""
        if speeds:
            size, before = speeds[-1]
            gain = (speed / before) ** (1 / math.log2(batch / size))
            word = "perfect scaling" if gain >= PERFECT else "diminishing returns" if gain >= SOME else "no gain"
        speeds.append((batch, speed))
        found.append(Scaling(batch, step_s, speed / speeds[0][1], gain, word, ran.host_bytes, ran.gpu_bytes))
    return found


def largest_that_gains(rows: Sequence[Scaling]) -> float | None:
    """The batch size beyond which no larger one pays, by the gain of a doubling; None with fewer than two that ran."""
    ran = [(row.batch, row.speed) for row in rows if row.speed is not None]
    if len(ran) < 2:
        return None
    for k, (batch, speed) in enumerate(ran):
        if all((faster / speed) ** (1 / math.log2(larger / batch)) < SOME for larger, faster in ran[k + 1 :]):
            return batch
    return None
