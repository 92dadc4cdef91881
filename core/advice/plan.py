"""Which way to search, and in which phases, for a space, a cost per trial and a budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hptui.core.space.roles import TIERS, Role, role_of
from hptui.core.space.space import Space

Goal = Literal["explore", "exploit"]
FEW = 20  # trials below which a model hardly has time to help
MANY_PARAMETERS = 20  # beyond it evenly spread points are no more even than random ones
LITTLE_DATA = 1000  # examples; below it, more of them gain more than a search
FEW_EXAMPLES = 10_000  # below it a model that was trained before beats one that begins from nothing
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
    examples: int | None = None  # to train on
    fine_tuning: bool = False  # of a model that was trained before

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
    cautions: tuple[str, ...]  # what to mind, or to do before
    against: tuple[str, ...] = ()  # reasons not to search at all


def plan(space: Space, means: Means, goal: Goal = "exploit") -> Plan:
    """The strategy that the number of parameters, the budget and the goal ask for, each with its reason."""
    searched = [name for name, p in space.parameters.items() if p.count != 1]
    sampler, reason = _sampler(space, len(searched), means, goal)
    pruner, why_pruner = _pruner(means, goal)
    phases, cautions = tuple(_phases(sampler, pruner, means)), tuple(_cautions(space, means))
    return Plan(sampler, pruner, (reason, why_pruner), phases, cautions, tuple(_against(len(searched), means)))


def _sampler(space: Space, d: int, means: Means, goal: Goal) -> tuple[str, str]:
    size, n = space.size(), means.trials
    if size is not None and size <= 50 and (n is None or n >= size):
        return "grid", f"the space has {size} points: all of them can be tried"
    if d > MANY_PARAMETERS and (goal == "explore" or (n is not None and n < FEW)):
        return "random", f"{d} parameters: points spread evenly over so many are no more even than random ones"
    if n is not None and means.slots >= max(n / 2, 2):
        return "quasi_random", f"{means.slots} at once of {n} trials: most start before there is a result to learn from"
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


def _pruner(means: Means, goal: Goal) -> tuple[str, str]:
    steps, n = means.max_steps, means.trials
    if steps is None or steps < 4:
        return "none", "trials report too few steps to be judged on the way (or budget.max_steps is not set)"
    if n is not None and n < FEW:
        return "none", f"with {n} trials there is hardly one to compare with"
    if goal == "explore":
        return "median", "stops the hopeless alone: what is to be compared has to be trained to its end"
    if steps >= 27 and n is not None and n >= 200:
        return "hyperband", f"{n} trials of {steps} steps: brackets of rungs, so misleading early ranks cost little"
    if steps >= 9:
        return "auto", "a model of all curves says which trial goes on: about a quarter of the steps of full trainings"
    return "median", f"{steps} steps are few for rungs: stops what is worse than half of the trials at the same step"


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
        "near the best, beyond its edges",
        refined,
        means.hours(refined),
        "auto",
        pruner,
    )
    finalists = max(1, repeats // SEEDS)
    yield Phase(
        "replicated",
        f"the best {finalists}, {SEEDS} seeds each",
        finalists * SEEDS,
        means.hours(finalists * SEEDS),
        "none",
        "none",
    )


def _cautions(space: Space, means: Means) -> Iterator[str]:
    hours = means.budget_s and means.budget_s / 3600
    searched = [name for name, p in space.parameters.items() if p.count != 1]
    rates = [name for name in searched if role_of(name) is Role.LEARNING_RATE]
    if means.fine_tuning:
        alone = f"{', '.join(rates)} alone" if rates else "the learning rate alone (1e-5 to 1e-3)"
        yield f"a model that was trained before mostly needs its usual values: search {alone} first"
    if hours is not None and hours * means.slots < 10 and len(searched) > 2 and rates and (means.trials or 100) < 50:
        first = sorted(searched, key=lambda name: TIERS[role_of(name)])[:2]
        yield f"{hours * means.slots:.3g} machine hours: search {' and '.join(first)} alone first"
    if means.examples is not None and not means.fine_tuning and means.examples >= LITTLE_DATA:
        yield _capacity(means.examples)
    if means.trials is not None and len(searched) and means.trials < 5 * len(searched):
        many = f"{len(searched)} parameters: fix those that matter least" if len(searched) > 1 else "one parameter"
        yield f"{means.trials} trial{'s' * (means.trials != 1)} for {many}"
    yield (
        "tune only a model that can overfit one batch (`hptui check --run` tries it): before that it is a bug or too "
        "small, and no search helps"
    )


def _capacity(examples: int) -> str:
    """Ten weights an example: 100,000 of 10,000 pictures, 10 million of a million."""
    start = f"{examples:,} examples: a model of about {10 * examples:,} weights is a size to begin with"
    return f"{start}, and one that was trained before likely does better" if examples < FEW_EXAMPLES else start


def _against(searched: int, means: Means) -> Iterator[str]:
    if not searched:
        yield "there is nothing to search: no parameter varies"
    if means.budget_s is not None and means.budget_s < 3600:
        yield "with less than an hour, the learning-rate finder and three runs by hand are likely faster than a search"
    if means.examples is not None and means.examples < LITTLE_DATA:
        yield f"{means.examples} examples to train on: more data gains more, and what a search finds may be luck"
    if means.trials is not None and means.trials < 5:
        yield f"the budget holds {means.trials} full trials: try by hand what you believe in, or shorten the training"


__all__ = ["Goal", "Means", "Phase", "Plan", "plan"]
