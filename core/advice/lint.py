"""What a study's space gets wrong, as far as can be told before anything runs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.ranges import RANGE_RULES, Rule, Subject, numbers_of
from hptui.core.advice.together import TOGETHER_RULES
from hptui.core.space.parameter import Categorical
from hptui.core.space.roles import LEARNING_RATE, TIERS, Role, role_of
from hptui.core.space.space import Space
from hptui.core.study.study import Study

TRIALS_PER_PARAMETER = 10  # fewer, and a search can hardly tell the parameters apart
GRID = 100  # points; beyond it sampling finds as much for less


def lint(study: Study, trial_s: float | None = None) -> list[Finding]:
    """Everything that the rules say of a study, in their order. Of a space that defines itself they say nothing."""
    subject = Subject(study, Space.parse(study.space), trial_s)
    return [finding for rule in RULES for finding in rule(subject)]


def batch_size_alone(s: Subject) -> Iterator[Finding]:
    if not s.space.dim or s.of(Role.LEARNING_RATE):
        return
    for name, p in s.of(Role.BATCH_SIZE):
        if p.count == 1:
            continue
        low, high = LEARNING_RATE
        base = p.choices[0] if isinstance(p, Categorical) else p.low
        definition = {"type": "float", "low": low, "high": high, "log": True}
        if isinstance(base, int | float) and not isinstance(base, bool) and base > 0:
            definition["scaled_by"] = {"parameter": name, "rule": "sqrt", "base": base}
        yield Finding(
            "batch-size-alone",
            "warning",
            f"space.{name}",
            f"{name} is searched and no learning rate is",
            "search the learning rate with it (scaled_by ties the two)",
            "a larger batch wants another learning rate: with a fixed one the search compares learning rates",
            (Edit(("space", "lr"), definition),),
        )


def coupled_weight_decay(s: Subject) -> Iterator[Finding]:
    for optimizer, p in s.of(Role.OPTIMIZER):
        if not isinstance(p, Categorical):
            continue
        adam = [choice for choice in p.choices if str(choice).lower() == "adam"]
        decays = [
            name
            for name, decay in s.of(Role.WEIGHT_DECAY)
            if any(choice in decay.when.get(optimizer, adam) for choice in adam)
        ]
        if not adam or not decays:
            continue
        yield Finding(
            "coupled-weight-decay",
            "hint",
            f"space.{optimizer}",
            f"{decays[0]} is searched with Adam, whose penalty is divided by the gradient's own scale",
            "use AdamW in the objective, which decays the weights themselves",
            "with Adam, L2 and weight decay are not the same thing",
        )


def grid_explosion(s: Subject) -> Iterator[Finding]:
    if s.study.sampler.name != "grid":
        return
    points = int(s.study.sampler.options.get("points", 5))
    size = math.prod(p.count or points for p in s.space.parameters.values())
    if size <= GRID:
        return
    cost = f", {size * s.trial_s / 86400:.3g} days at {s.trial_s:g} s each" if s.trial_s else ""
    yield Finding(
        "grid-explosion",
        "warning",
        "sampler",
        f"the grid has up to {size:,} points over {s.space.dim} parameters{cost}",
        "let `auto` search, or cover the space evenly with quasi_random",
        "a grid grows with the power of its parameters and tries few values of those that matter",
        (Edit(("sampler",), "auto"),),
    )


def steps_searched(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.STEPS):
        if p.count == 1:
            continue
        longest = int(max(numbers_of(p), default=0))
        more = (Edit(("budget", "max_steps"), longest),) if longest else ()
        yield Finding(
            "steps-searched",
            "warning",
            f"space.{name}",
            f"{name}, the length of training, is searched as a parameter",
            "train every trial equally long, take the best checkpoint, and let the pruner stop the hopeless ones",
            "within one study the longer run nearly always wins: the search learns nothing from it",
            (Edit(("space", name), None), *more),
        )


def seed_searched(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.SEED):
        if p.count == 1:
            continue
        yield Finding(
            "seed-searched",
            "warning",
            f"space.{name}",
            f"{name} is searched as a parameter",
            "take it out (every trial has a seed of its own in trial.seed), and repeat the best trials at the end",
            "the luckiest seed is no better configuration",
            (Edit(("space", name), None),),
        )


def too_many_parameters(s: Subject) -> Iterator[Finding]:
    n = s.study.budget.n_trials
    searched = [name for name, p in s.space.parameters.items() if p.count != 1]
    if n is None or len(searched) <= 2 or n >= TRIALS_PER_PARAMETER * len(searched):
        return
    keep = max(1, n // TRIALS_PER_PARAMETER)
    ranked = sorted(searched, key=lambda name: TIERS[role_of(name)])
    yield Finding(
        "too-many-parameters",
        "hint",
        "space",
        f"{len(searched)} parameters for {n} trials, {n / len(searched):.1f} each",
        f"search {', '.join(ranked[:keep])} first, in this order, and fix the rest"
        f" (or allow {TRIALS_PER_PARAMETER * len(searched)} trials)",
        "a few parameters decide most of the result: usually learning rate and schedule, batch size and optimizer, "
        "weight decay, then the architecture",
    )


def no_baseline(s: Subject) -> Iterator[Finding]:
    if not s.space.dim or s.study.enqueue or s.space.has_defaults:
        return
    yield Finding(
        "no-baseline",
        "hint",
        "space",
        "no parameter has a default, so no trial is the baseline",
        "give each parameter `default = …`, your own best guess: trial 0 tries it",
        "only a baseline shows what the search was good for",
    )


def every_trial_in_full(s: Subject) -> Iterator[Finding]:
    budget = s.study.budget
    if s.study.pruner.name != "none" or budget.max_steps is None or (budget.n_trials or 0) < 20:
        return
    yield Finding(
        "every-trial-in-full",
        "hint",
        "pruner",
        f"all {budget.n_trials} trials run to step {budget.max_steps}",
        "stop the hopeless ones early: a pruner usually saves 50-70 % of the steps",
        "a bad start rarely becomes the best end",
        (Edit(("pruner",), "auto" if budget.max_steps >= 9 and not s.study.round.scientific else "median"),),
    )


RULES: tuple[Rule, ...] = (
    *RANGE_RULES, batch_size_alone,
    coupled_weight_decay, grid_explosion, steps_searched, seed_searched, too_many_parameters, no_baseline,
    every_trial_in_full, *TOGETHER_RULES,
)  # fmt: skip
