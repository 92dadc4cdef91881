"""Does an objective use what it is given? One parameter moved at a time, under the same seed: something must change.

Pure: points to try, then an answer from what they gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hptui.core.advice.sanity import Answer, Ran, values_of
from hptui.core.space.parameter import Categorical, Parameter
from hptui.core.space.roles import TIERS, role_of
from hptui.core.space.space import Space

QUESTION = "parameters"
FAR = 0.25  # of the range: a quarter towards the middle is far enough to show, and rarely diverges
MOST = 8


def moves(space: Space) -> list[tuple[str, Any]]:
    """A value away from the baseline's for each parameter that is active there; of many the MOST that matter most."""
    baseline = space.defaults()
    x, _ = space.locate(baseline)
    found = [
        (name, _moved(p, float(u)))
        for (name, p), u in zip(space.parameters.items(), x, strict=True)
        if name in baseline and p.count != 1
    ]
    return sorted(found, key=lambda move: TIERS[role_of(move[0])])[:MOST]


def _moved(p: Parameter, u: float) -> Any:
    if isinstance(p, Categorical):
        now = p.value(u)
        return next(choice for choice in p.choices if choice != now or type(choice) is not type(now))
    for far in (FAR, 0.5, 1.0):  # of few values the next one may be that far
        there = p.value(max(u - far, 0.0) if u >= 0.5 else min(u + far, 1.0))
        if there != p.value(u):
            return there
    return p.value(0.0 if u >= 0.5 else 1.0)


def heeds(first: Ran, again: Ran, tried: Sequence[tuple[str, Any, Ran]]) -> Answer:
    """tried: the parameter, the value that it had instead of the baseline's, and what that gave."""
    if not _same(values_of(first), values_of(again)):
        return Answer(QUESTION, None, "can't be told: the baseline differs from itself")
    deaf = [(name, value) for name, value, ran in tried if _same(values_of(first), values_of(ran))]
    failed = [(name, value, ran) for name, value, ran in tried if ran.state == "FAIL"]
    fails = "".join(f"; {_set(name, value)} fails: {ran.reason or ran.cause}" for name, value, ran in failed)
    if not deaf:
        every = f"all {len(tried)} change" if len(tried) > 1 else f"{tried[0][0]} changes"
        return Answer(QUESTION, True, f"{every} what is reported{fails}")
    moved = ", ".join(f"{name} ({_shown(first.params.get(name))} to {_shown(value)})" for name, value in deaf)
    if len(deaf) == len(tried):
        do = "does the objective use trial.params? a search over what it ignores finds only noise"
        return Answer(QUESTION, False, f"nothing changes with {moved}{fails}", do)
    do = "is it used? one that acts late, as of a schedule, may show with more --steps"
    return Answer(QUESTION, False, f"nothing changes with {moved}; the others do{fails}", do, "hint")


def not_tried(n: int, each: str) -> Answer:
    says = f"not tried: {n} more trial{'s' if n > 1 else ''} of {each}"
    return Answer(QUESTION, None, says, "--each tries whether every one changes something")


def _same(here: Mapping[int, float | None], there: Mapping[int, float | None]) -> bool:
    """As far as both went; nan is no other than nan."""
    both = set(here) & set(there)
    return bool(both) and all(repr(here[step]) == repr(there[step]) for step in both)


def _set(name: str, value: Any) -> str:
    return f"{name} = {_shown(value)}"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
