"""What a study's ranges get wrong: their scale, their width, and where they lie for the optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from hptui.core.advice.finding import Edit, Finding
from hptui.core.space.parameter import Categorical, Float, Int, Parameter
from hptui.core.space.roles import LEARNING_RATE, LEARNING_RATES, Role, role_of
from hptui.core.space.space import Space
from hptui.core.study.study import Study

WIDEST_DROPOUT = 0.7
_LOGARITHMIC = (Role.LEARNING_RATE, Role.WEIGHT_DECAY, Role.EPSILON)
_LINEAR = (Role.DROPOUT, Role.MOMENTUM, Role.WARMUP)


@dataclass(frozen=True)
class Subject:
    """A study and what was read of it. trial_s: what one trial costs, where that is known."""

    study: Study
    space: Space
    trial_s: float | None = None

    def of(self, *roles: Role) -> list[tuple[str, Parameter]]:
        return [(name, p) for name, p in self.space.parameters.items() if role_of(name) in roles]

    @property
    def optimizers(self) -> list[str]:
        """The optimizers it searches among, lower case."""
        chosen = [p for _, p in self.of(Role.OPTIMIZER) if isinstance(p, Categorical)]
        return [str(choice).lower() for p in chosen for choice in p.choices]

    def optimizers_of(self, name: str) -> list[str]:
        """Those with which a parameter is active: `adam_lr` may have its own."""
        when = self.space.parameters[name].when
        said = [str(v).lower() for parent, vs in when.items() if role_of(parent) is Role.OPTIMIZER for v in vs]
        return said or self.optimizers


Rule = Callable[[Subject], Iterator[Finding]]


def linear_where_log_belongs(s: Subject) -> Iterator[Finding]:
    for name, p in s.space.parameters.items():
        role = role_of(name)
        if not isinstance(p, Float) or p.log or p.step is not None or role in _LINEAR or p.high <= 0 or p.low < 0:
            continue
        spread = p.high / p.low if p.low > 0 else math.inf
        if role not in _LOGARITHMIC and not 100 <= spread < math.inf:
            continue
        if spread < 10:
            continue  # linear or not makes little difference; a learning rate is told that it is narrow
        low = p.low or min(1e-6, p.high / 1e3)
        share = (p.high - p.high / 10) / (p.high - p.low)
        edits = (Edit(("space", name, "log"), True), *([Edit(("space", name, "low"), low)] if p.low == 0 else []))
        yield Finding(
            "linear-where-log-belongs",
            "warning" if role in _LOGARITHMIC else "hint",
            f"space.{name}",
            f"{name} runs from {p.low:g} to {p.high:g} on a linear scale: "
            f"{share:.0%} of the trials fall into its highest decade",
            f"search it on a log scale{f' from {low:g}' if p.low == 0 else ''}",
            "what matters of a learning rate or a penalty is its order of magnitude",
            edits,
        )


def evenly_listed(s: Subject) -> Iterator[Finding]:
    """The same mistake as a list: 0, 0.025, 0.05, 0.075, 0.1."""
    for name, p in s.of(*_LOGARITHMIC):
        values = sorted(v for v in numbers_of(p) if v > 0)
        if not isinstance(p, Categorical) or len(values) < 4 or max(values) / min(values) < 3:
            continue
        gaps = [b - a for a, b in pairwise(values)]
        if max(gaps) > 1.5 * min(gaps):
            continue
        low = _nice(values[0] if values[-1] / values[0] >= 100 else values[-1] / 1000)
        yield Finding(
            "linear-where-log-belongs",
            "warning",
            f"space.{name}",
            f"{name} has {len(values)} values at even distances, {values[0]:g} to {values[-1]:g}",
            f"let it run from {low:g} to {values[-1]:g} on a log scale, or list powers of ten",
            "what matters of a learning rate or a penalty is its order of magnitude",
            (Edit(("space", name), {"type": "float", "low": low, "high": values[-1], "log": True, **_kept(p)}),),
        )


def narrow_learning_rate(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.LEARNING_RATE):
        values = numbers_of(p)
        if not values or min(values) <= 0 or min(values) == max(values) or max(values) / min(values) >= 10:
            continue
        least, most = min(values), max(values)
        low, high = _usual(s, name)
        low, high = _nice(min(low, least / 10)), _nice(max(high, most * 10))
        whole = {"type": "float", "low": low, "high": high, "log": True, **_kept(p)}
        yield Finding(
            "narrow-learning-rate",
            "warning",
            f"space.{name}",
            f"{name} covers a factor of {most / least:.3g} ({least:g} to {most:g}), less than one decade",
            f"start wide, {low:g} to {high:g} on a log scale, and narrow it in the next round",
            "the learning rate matters most, and its best value is rarely known within a decade",
            _range(name, p, low, high) if isinstance(p, Float) else (Edit(("space", name), whole),),
        )


def learning_rate_off(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.LEARNING_RATE):
        optimizers = s.optimizers_of(name)
        if not any(o in LEARNING_RATES for o in optimizers):
            continue
        low, high = _usual(s, name)
        if not isinstance(p, Float) or p.low <= 0 or p.high / p.low < 10:
            continue  # a narrow one is told so already
        if min(p.high, high) / max(p.low, low) >= 10:
            continue  # they share a decade
        yield Finding(
            "learning-rate-off",
            "warning",
            f"space.{name}",
            f"{name} runs from {p.low:g} to {p.high:g}; with {', '.join(optimizers)} good values usually lie "
            f"between {low:g} and {high:g}",
            f"search {low:g} to {high:g}",
            "each family of optimizers has a range of its own",
            _range(name, p, low, high),
        )


def wide_dropout(s: Subject) -> Iterator[Finding]:
    for name, p in s.of(Role.DROPOUT):
        highest = max(numbers_of(p), default=0.0)
        if highest <= WIDEST_DROPOUT or isinstance(p, Int):
            continue
        edits = (Edit(("space", name, "high"), 0.6),) if isinstance(p, Float) and p.low < 0.6 else ()
        yield Finding(
            "wide-dropout",
            "warning",
            f"space.{name}",
            f"{name} goes up to {highest:g}",
            "stop at 0.6",
            "a layer that drops most of its units hardly learns: those trials are spent for nothing",
            edits,
        )


def _usual(s: Subject, name: str) -> tuple[float, float]:
    known = [LEARNING_RATES[o] for o in s.optimizers_of(name) if o in LEARNING_RATES] or [LEARNING_RATE]
    return min(low for low, _ in known), max(high for _, high in known)


def _kept(p: Parameter) -> dict[str, object]:
    """What a list of choices that becomes a range keeps: its default and its condition."""
    default = {"default": float(p.default)} if isinstance(p.default, int | float) else {}
    return {**({"when": p.when} if p.when else {}), **default}


def _range(name: str, p: Float, low: float, high: float) -> tuple[Edit, ...]:
    """On a log scale, which goes with no step."""
    edits = (
        Edit(("space", name, "low"), low),
        Edit(("space", name, "high"), high),
        Edit(("space", name, "log"), True),
    )
    return edits if p.step is None else (*edits, Edit(("space", name, "step"), None))


def _nice(value: float) -> float:
    """To one digit, so that what is proposed reads as if someone had written it."""
    return float(f"{value:.0e}")


def numbers_of(p: Parameter) -> list[float]:
    if isinstance(p, Float | Int):
        return [p.low, p.high]
    return [float(c) for c in p.choices if isinstance(c, int | float) and not isinstance(c, bool)]


RANGE_RULES: tuple[Rule, ...] = (
    linear_where_log_belongs, evenly_listed, narrow_learning_rate, learning_rate_off, wide_dropout,
)  # fmt: skip
