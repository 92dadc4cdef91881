"""Which trial to take when losses are noisy: the best of many seen was in part lucky. Pure.

A session whose sampler has a model of the losses (`auto`, `gp`) is asked what it expects of each complete trial, were
it tried once more. Where that says another one than the best seen, both are told with the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.search.catalog import entry_of
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Kind
from hptui.core.space.space import Space
from hptui.core.store.rows import TrialRow

FEWEST = 20  # complete trials, before what a model says of noise is worth a word
WORTH = 0.1  # of the noise: a smaller difference in what is expected is none


@dataclass(frozen=True)
class Recommended:
    """The user's sign. number: the trial to take; value: what it was; expected: what it would be, tried once more.

    best, best_value, best_expected: the same of the best seen. noise: one standard deviation of a single trial.
    """

    number: int
    value: float
    expected: float
    best: int
    best_value: float
    best_expected: float
    noise: float


def recommended(
    rows: Sequence[TrialRow], definitions: Mapping[str, Any], sampler: str, sign: float
) -> Recommended | None:
    """None where the best seen is as good a choice, or nothing is known of noise. sign: loss = sign * value.

    definitions: of the space. sampler: its name.
    """
    if not has_model(sampler):
        return None
    complete = {r.number: r for r in rows if r.state == "COMPLETE" and not r.broken and math.isfinite(_value(r))}
    if len(complete) < FEWEST:
        return None
    from hptui.core.search.samplers.gp import GP  # SciPy takes half a second to load

    space = Space.parse(dict(definitions))
    seen = Observations(space.dim)
    for row in complete.values():
        x = (*row.x, *[None] * space.dim)[: space.dim]  # the space may have grown since
        seen.add(Observation(row.number, x, sign * _value(row), Kind.COMPLETE))
    again = GP(space, 0).again(seen.history())
    if again is None:
        return None
    best, chosen = min(complete.values(), key=lambda r: sign * _value(r)), complete[again.best]
    expected, of_best = again.of(chosen.number), again.of(best.number)
    if chosen is best or not of_best - expected > WORTH * again.noise:
        return None
    return Recommended(
        chosen.number, _value(chosen), sign * expected, best.number, _value(best), sign * of_best, again.noise
    )


def has_model(sampler: str) -> bool:
    """Whether a sampler learns how noisy losses are."""
    try:
        return entry_of("sampler", sampler).models
    except HptuiError:  # it was of a distribution that is not here
        return False


def _value(row: TrialRow) -> float:
    return math.nan if row.value is None else row.value
