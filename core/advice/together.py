"""What belongs together in a study: parameters that must be searched with each other, and fair comparisons."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.ranges import Rule, Subject, numbers_of
from hptui.core.space.parameter import Categorical, Float, Int, Parameter
from hptui.core.space.roles import LEARNING_RATE, LEARNING_RATES, Role, role_of

PER_VALUE = 10  # trials of each value that is compared; fewer, and its other parameters are hardly tuned
RANGES = 5  # a continuous parameter is compared by so many stretches of its range
PATIENT = 20  # trials without a better one, before a search may be believed to have ended
_EVEN = ("quasi_random", "random", "grid")  # points that do not depend on results
_NEURAL = (Role.OPTIMIZER, Role.WARMUP, Role.DROPOUT)
_LAYERS = re.compile(r".*(width|hidden|units|channels|filters|layers|heads|embed).*")


def learning_rate_first(s: Subject) -> Iterator[Finding]:
    """Of a neural network, as far as names tell: forests have depths, and no learning rate by another name."""
    if any(p.count != 1 for _, p in s.of(Role.LEARNING_RATE, Role.BATCH_SIZE)):
        return
    searched = [name for name, p in s.space.parameters.items() if p.count != 1 and _is_neural(name)]
    if not searched or s.study.round.scientific:
        return
    fixed = [name for name, _ in s.of(Role.LEARNING_RATE)]
    low, high = LEARNING_RATE
    lacking = f"{fixed[0]} is not" if fixed else "no learning rate is"
    new = () if fixed else (Edit(("space", "lr"), {"type": "float", "low": low, "high": high, "log": True}),)
    yield Finding(
        "learning-rate-first",
        "warning",
        "space",
        f"{_listed(searched)} {'is' if len(searched) == 1 else 'are'} searched and {lacking}",
        "search the learning rate with it, or before it (`hptui lr-find`)",
        "the learning rate alone decides more than the rest together: with a wrong one the others can't be judged",
        _released(s, fixed) if fixed else new,
    )


def shared_learning_rate(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.LEARNING_RATE):
        known = {o: LEARNING_RATES[o] for o in s.optimizers_of(name) if o in LEARNING_RATES}
        lows = sorted(low for low, _ in known.values())
        if p.count == 1 or len(known) < 2 or lows[-1] < 10 * lows[0]:
            continue
        usual = ", ".join(f"{o} {low:g} to {high:g}" for o, (low, high) in known.items())
        own = ", ".join(f"{o}_{name}" for o in known)
        yield Finding(
            "shared-learning-rate",
            "hint",
            f"space.{name}",
            f"one {name} for {_listed(list(known))}; good values usually lie elsewhere for each: {usual}",
            f"give each its own ({own}), active with it: `hptui init --preset {','.join(known)}` writes such a block",
            "a comparison of optimizers is one of how well each was tuned",
        )


def log_where_linear_belongs(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.DROPOUT, Role.MOMENTUM):
        if not isinstance(p, Float) or not p.log or p.high / p.low < 3:
            continue
        upper = math.log(2 * p.high / (p.low + p.high)) / math.log(p.high / p.low)
        yield Finding(
            "log-where-linear-belongs",
            "hint",
            f"space.{name}",
            f"{name} runs from {p.low:g} to {p.high:g} on a log scale: "
            f"{upper:.0%} of the trials fall into its upper half",
            "search it on a linear scale",
            "of a share each step matters as much as the next one",
            (Edit(("space", name, "log"), None),),
        )


def odd_batch_sizes(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.BATCH_SIZE):
        values = sorted(numbers_of(p))
        if not values or values[0] < 1 or p.count == 1:
            continue
        if isinstance(p, Categorical):
            odd = [v for v in values if v > 8 and v % 8]
            if not odd:
                continue
            says = f"{name} may be {_listed([f'{v:g}' for v in odd])}"
        elif isinstance(p, Int) and (p.step is None or (p.step % 8 and p.high > 8)):
            says = f"{name} may be any whole number from {p.low} to {p.high}"
        else:
            continue
        powers = [2**k for k in range(int(values[-1]).bit_length()) if values[0] <= 2**k <= values[-1]]
        if len(powers) < 2:
            continue
        yield Finding(
            "odd-batch-sizes",
            "hint",
            f"space.{name}",
            says,
            f"list powers of two: {_listed([str(v) for v in powers])}",
            "hardware works in blocks: others take as long as the next power, and neighbours can't be told apart",
            (Edit(("space", name), {"type": "categorical", "choices": powers, **_kept(p, powers)}),),
        )


def unfair_comparison(s: Subject) -> Iterator[Finding]:
    """The scientific parameter's values, each at a learning rate that may suit but one of them."""
    asked = [name for name in s.study.round.scientific if _is_neural(name) or role_of(name) in _NEEDS_A_RATE]
    rates = s.of(Role.LEARNING_RATE)
    if not asked or any(p.count != 1 for _, p in rates):
        return
    held = [name for name, _ in rates]
    lacking = f"{held[0]} is held" if held else "no learning rate is searched"
    yield Finding(
        "unfair-comparison",
        "warning",
        "round",
        f"the round asks about {_listed(asked)}, and {lacking}",
        "search the learning rate as a nuisance parameter",
        "values compare fairly when each is given the learning rate that it needs",
        _released(s, held),
    )


def thin_comparison(s: Subject) -> Iterator[Finding]:
    asked = [name for name in s.study.round.scientific if name in s.space.parameters]
    values = math.prod(_levels(s.space.parameters[name]) for name in asked)
    n = s.study.budget.n_trials
    if not asked or n is None or n >= PER_VALUE * values or values < 2:
        return
    yield Finding(
        "thin-comparison",
        "hint",
        "budget.n_trials",
        f"{n} trials for {values} {'combinations' if len(asked) > 1 else 'values'} of {_listed(asked)}: "
        f"{n / values:.1f} each",
        f"allow {PER_VALUE * values}, or compare fewer",
        "what is compared is the best of a value's trials: with few of them it is luck",
        (Edit(("budget", "n_trials"), PER_VALUE * values),),
    )


def adaptive_comparison(s: Subject) -> Iterator[Finding]:
    sampler = s.study.sampler.name
    if not s.study.round.scientific or sampler in _EVEN:
        return
    yield Finding(
        "adaptive-comparison",
        "hint",
        "sampler",
        f"the round compares values of {_listed(s.study.round.scientific)}, and {sampler} tries most where it hopes "
        "most",
        "quasi_random tries all of them evenly, and its trials answer questions that are asked later, too",
        "to learn about a space, points should not depend on results; to get the best value, they should",
        (Edit(("sampler",), "quasi_random"),),
    )


def several_questions(s: Subject) -> Iterator[Finding]:
    asked = s.study.round.scientific
    if len(asked) < 3:
        return
    yield Finding(
        "several-questions",
        "hint",
        "round.scientific",
        f"the round asks about {len(asked)} parameters at once: {_listed(asked)}",
        "ask about one, the others are nuisance parameters; or two, and `hptui trust` compares their combinations",
        "a round with one narrow question has an answer",
    )


def stops_too_early(s: Subject) -> Iterator[Finding]:
    patience = s.study.stop.same_best_for
    if patience is None or patience >= PATIENT:
        return
    yield Finding(
        "stops-too-early",
        "hint",
        "stop.same_best_for",
        f"the search ends after {patience} trials without a better one",
        f"wait for {PATIENT}",
        "a model of the results needs a few dozen of them before it gains",
        (Edit(("stop", "same_best_for"), PATIENT),),
    )


_NEEDS_A_RATE = (Role.BATCH_SIZE, Role.SCHEDULE, Role.WEIGHT_DECAY, Role.MOMENTUM, Role.CLIPPING, Role.ACTIVATION)

TOGETHER_RULES: tuple[Rule, ...] = (
    learning_rate_first, shared_learning_rate, log_where_linear_belongs, odd_batch_sizes, unfair_comparison,
    thin_comparison, adaptive_comparison, several_questions, stops_too_early,
)  # fmt: skip


def _is_neural(name: str) -> bool:
    role = role_of(name)
    return role in _NEURAL or (role is Role.WIDTH and _LAYERS.fullmatch(name.lower()) is not None)


def _levels(p: Parameter) -> int:
    return RANGES if p.count is None else min(p.count, RANGES) if not isinstance(p, Categorical) else p.count


def _released(s: Subject, names: list[str]) -> tuple[Edit, ...]:
    """No longer held by the round."""
    fixed = s.study.round.fixed
    left = [name for name in fixed if name not in names]
    return (Edit(("round", "fixed"), left or None),) if left != fixed else ()


def _kept(p: Parameter, choices: list[int]) -> dict[str, object]:
    """The parameter's default, to the nearest choice, and its condition."""
    kept: dict[str, object] = {"when": dict(p.when)} if p.when else {}
    if isinstance(was := p.default, int | float):
        kept["default"] = min(choices, key=lambda choice: abs(choice - was))
    return kept


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
