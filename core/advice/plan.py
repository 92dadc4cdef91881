"""Which way to search, and in which phases, for a space, a cost per trial and a budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hptui.core.advice.roles import TIERS, Role, role_of
from hptui.core.space.space import Space

Goal = Literal["explore", "exploit"]
FEW = 20  # trials below which a model hardly has time to help
SEEDS = 3  # repeats of each of the last few
FINALISTS = 5


@dataclass(frozen=True)
class Means:
    """What there is to spend. trial_s: one full trial; None where it is not known yet."""

    trial_s: float | None = None
    budget_s: float | None = None  # wall clock
    n_trials: int | None = None
    slots: int = 1
    max_steps: int | None = None

    @property
    def trials(self) -> int | None:
        """How many full trials that is; None when nothing limits them."""
        by_time = int(self.budget_s * self.slots / self.trial_s) if self.budget_s and self.trial_s else None
        known = [n for n in (self.n_trials, by_time) if n is not None]
        return min(known) if known else None

    def hours(self, trials: float) -> float | None:
        return None if self.trial_s is None else trials * self.trial_s / self.slots / 3600


@dataclass(frozen=True)
class Phase:
    name: str
    what: str
    trials: int
    hours: float | None
    sampler: str
    pruner: str


@dataclass(frozen=True)
class Plan:
    sampler: str
    pruner: str
    why: tuple[str, ...]  # one reason a line
    phases: tuple[Phase, ...]
    cautions: tuple[str, ...]  # when not to tune, or not yet


def plan(space: Space, means: Means, goal: Goal = "exploit") -> Plan:
    """The strategy that the number of parameters, the budget and the goal ask for, each with its reason."""
    searched = [name for name, p in space.parameters.items() if p.count != 1]
    sampler, reason = _sampler(space, len(searched), means, goal)
    pruner, why_pruner = _pruner(means)
    phases, cautions = tuple(_phases(sampler, pruner, means)), tuple(_cautions(space, means))
    return Plan(sampler, pruner, (reason, why_pruner), phases, cautions)


def _sampler(space: Space, d: int, means: Means, goal: Goal) -> tuple[str, str]:
    size, n = space.size(), means.trials
    if size is not None and size <= 50 and (n is None or n >= size):
        return "grid", f"the space has {size} points: all of them can be tried"
    if goal == "explore":
        return (
            "quasi_random",
            "to learn about the space, points that do not depend on results: evenly spread, and fair to any question "
            "asked later",
        )
    if n is not None and n < FEW:
        return "quasi_random", f"{n} trials are too few for a model to learn from: evenly spread points are as good"
    many = f"{d} parameters" if d != 1 else "one parameter"
    trials = f"{n} trials" if n else "no limit on trials"
    return "auto", f"{many} and {trials}: a model of the results finds good points sooner"


def _pruner(means: Means) -> tuple[str, str]:
    steps, n = means.max_steps, means.trials
    if steps is None or steps < 4:
        return "none", "trials report too few steps to be judged on the way (or budget.max_steps is not set)"
    if n is not None and n < FEW:
        return "none", f"with {n} trials there is hardly one to compare with"
    if steps >= 9 and (n is None or n >= 30):
        return "asha", f"{steps} steps leave room for several rungs: most trials need only the first of them"
    return "median", "stops what is worse than half of the trials at the same step"


def _phases(sampler: str, pruner: str, means: Means) -> Iterator[Phase]:
    n = means.trials
    if n is None or n < FEW or sampler == "grid":
        return
    repeats = min(FINALISTS * SEEDS, n // 5)
    wide = round((n - repeats) * 0.6)
    refined = n - repeats - wide
    yield Phase("wide", "the whole space, one seed each", wide, means.hours(wide), sampler, pruner)
    yield Phase(
        "refined",
        "around the best tenth; beyond the edges it lies at",
        refined,
        means.hours(refined),
        "auto",
        pruner,
    )
    finalists = max(1, repeats // SEEDS)
    yield Phase(
        "replicated",
        f"the best {finalists} with {SEEDS} seeds each, to tell luck from merit",
        finalists * SEEDS,
        means.hours(finalists * SEEDS),
        "none",
        "none",
    )


def _cautions(space: Space, means: Means) -> Iterator[str]:
    hours = means.budget_s and means.budget_s / 3600
    searched = [name for name, p in space.parameters.items() if p.count != 1]
    rates = [name for name in searched if role_of(name) is Role.LEARNING_RATE]
    if hours is not None and hours < 1:
        yield "with less than an hour, the learning-rate finder and three runs by hand are likely faster than a search"
    elif hours is not None and hours * means.slots < 10 and len(searched) > 2 and rates and (means.trials or 100) < 50:
        first = sorted(searched, key=lambda name: TIERS[role_of(name)])[:2]
        yield f"{hours * means.slots:.3g} machine hours: search {' and '.join(first)} alone first"
    if means.trials is not None and len(searched) and means.trials < 5 * len(searched):
        yield f"{means.trials} trials for {len(searched)} parameters: fix those that matter least"
    yield "tune only a model that can overfit one batch: before that it is a bug or too small, and no search helps"


__all__ = ["Goal", "Means", "Phase", "Plan", "plan"]
