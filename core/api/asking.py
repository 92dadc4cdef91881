"""`hptui.ask_tell`: a sampler without a scheduler, for loops of one's own."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from hptui.core.api.running import Definition, plain
from hptui.core.errors import HptuiError, StudyError
from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import check
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Exhausted, Kind
from hptui.core.space.reading import show
from hptui.core.space.space import Space
from hptui.core.study.goals import read_goals
from hptui.core.study.study import Chosen, Direction, Goal

Outcome = Literal["complete", "pruned", "infeasible", "failed"]
_KINDS = {"complete": Kind.COMPLETE, "pruned": Kind.PRUNED, "infeasible": Kind.INFEASIBLE, "failed": Kind.FAILED}


class SpaceExhausted(HptuiError):
    """Every point of a finite space was asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A point to try: its number, from 0, its parameters, and why it was chosen."""

    number: int
    params: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of an asked point, in the user's sign."""

    number: int
    params: Mapping[str, Any]
    values: tuple[float | None, ...]  # one for each objective; None where there is none
    outcome: Outcome
    constraints: Mapping[str, float]

    @property
    def feasible(self) -> bool:
        return self.outcome == "complete" and all(value <= 0 for value in self.constraints.values())


class AskTell:
    """Asks and tells, in any order and with any number of points open. Nothing is written anywhere."""

    def __init__(self, space: Space, chosen: Chosen, goals: Sequence[Goal], seed: int) -> None:
        self._space, self._goals = space, tuple(goals)
        self._sampler = assemble(chosen, space, seed, self._goals)
        self._seen = Observations(space.dim)
        self._open: dict[int, tuple[Asked, tuple[float | None, ...]]] = {}
        self._told: dict[int, Told] = {}
        self._queue = [(space.defaults(), "the defaults")] if space.has_defaults else []
        self._next = 0

    def ask(self) -> Asked:
        """The next point. The same seed, asks and tells: the same point.

        Raises SpaceExhausted when every point of a finite space was asked for.
        """
        number = self._next
        if self._queue:
            params, why = self._queue.pop(0)
            x = self._space.point(params)
        else:
            proposal = self._sampler.ask(self._seen.history(), number)
            if isinstance(proposal, Exhausted):
                raise SpaceExhausted("ask", proposal.why)
            x, params, why = proposal.x, self._space.values(proposal.x), proposal.why
        active = self._space.active(x)
        point = tuple(float(u) if on else None for u, on in zip(x, active, strict=True))
        asked = Asked(number, params, why)
        self._next += 1
        self._open[number] = (asked, point)
        self._seen.add(Observation(number, point))
        return asked

    def tell(
        self,
        asked: Asked | int,
        value: float | Sequence[float] | None = None,
        *,
        outcome: Outcome = "complete",
        constraints: Mapping[str, float] | None = None,
    ) -> None:
        """Say how a point did; told again, the last word counts.

        value: a number, or one for each objective. outcome: "infeasible" is a point that can't be evaluated, "failed"
        one that nothing was learned of. constraints: name -> value, at most 0 where it holds; NaN counts as broken.
        Raises StudyError when that can't be, as a complete point without a number.
        """
        number = asked.number if isinstance(asked, Asked) else asked
        if number not in self._open:
            raise StudyError("tell", f"point {number} was never asked for", f"asked for so far: {self._next}, from 0")
        if outcome not in _KINDS:
            raise StudyError("tell", f"there is no outcome {outcome!r}", "valid: " + ", ".join(_KINDS))
        known, point = self._open[number]
        values = self._values(value, outcome)
        kept = {name: _limit(float(each)) for name, each in (constraints or {}).items()}
        self._told[number] = Told(known.number, known.params, values, outcome, kept)
        losses = tuple(None if v is None else g.sign * v for v, g in zip(values, self._goals, strict=True))
        several = losses if len(losses) > 1 and outcome == "complete" else ()
        seen = Observation(known.number, point, losses[0], _KINDS[outcome], 0, several, kept)
        self._seen.add(seen)

    def enqueue(self, params: Mapping[str, Any]) -> None:
        """Have a point of one's own asked next, completed by the space's defaults. Raises StudyError."""
        whole, problems = self._space.complete(params)
        if problems:
            raise problems[0]
        self._queue.append((whole, "as given"))

    @property
    def told(self) -> list[Told]:
        """All that was told, by number."""
        return [self._told[number] for number in sorted(self._told)]

    @property
    def best(self) -> Told | None:
        """The best complete point that broke no constraint; None before one, or with several objectives."""
        fair = [told for told in self.told if told.feasible]
        if len(self._goals) > 1 or not fair:
            return None
        sign = self._goals[0].sign
        return min(fair, key=lambda told: sign * (math.nan if told.values[0] is None else told.values[0]))

    def _values(self, value: float | Sequence[float] | None, outcome: Outcome) -> tuple[float | None, ...]:
        k = len(self._goals)
        if value is None:
            if outcome == "complete":
                raise StudyError("tell", "a complete point needs a value", 'outcome="failed" is one without')
            return (None,) * k
        try:
            given = tuple(float(v) for v in np.ravel(np.asarray(value, float)))
        except OverflowError:
            raise StudyError("tell", "a whole number beyond 1e308 is no value", "tell a float") from None
        if len(given) != k:
            names = ", ".join(goal.metric for goal in self._goals)
            raise StudyError("tell", f"{len(given)} values for {k} objectives: {names}", "give one for each")
        if outcome == "complete" and any(math.isnan(v) for v in given):
            raise StudyError("tell", "nan is no value", 'outcome="failed" or outcome="infeasible" says what happened')
        return tuple(None if math.isnan(v) else v for v in given)


def _limit(value: float) -> float:
    """As trials keep a constraint's value: one that is not finite as the largest number there is."""
    largest = sys.float_info.max
    return largest if math.isnan(value) else min(max(value, -largest), largest)


def ask_tell(
    space: Mapping[str, Definition],
    sampler: str | Mapping[str, Any] = "auto",
    *,
    direction: Direction | list[Direction] = "minimize",
    metric: str | list[str] = "value",
    seed: int = 0,
) -> AskTell:
    """A sampler over a space, to be asked and told.

    space: parameter -> definition, as for `hptui.run`. sampler: a name, or {"name": ..., option: ...}.
    metric, direction: lists of the same length for several objectives.
    Raises StudyErrors for a wrong space, StudyError for a wrong sampler or direction.
    """
    try:
        read = Space.parse(plain(dict(space)))
    except TypeError as error:
        raise StudyError("space", f"a value is neither number, text nor list: {error}") from None
    if not read.dim:
        raise StudyError("space", "it has no parameters", 'as in {"lr": hptui.Float(low=1e-5, high=0.1, log=True)}')
    table = {"name": sampler} if isinstance(sampler, str) else plain(dict(sampler))
    chosen = Chosen(name=str(table.pop("name", "auto")), options=table)
    problems = check("sampler", chosen)
    goals = read_goals({"metric": metric, "direction": direction}, problems)
    for goal in goals:
        if goal.direction not in ("minimize", "maximize"):
            problems.append(StudyError("direction", f"{show(goal.direction)} is neither minimize nor maximize"))
    if problems:
        raise problems[0]
    return AskTell(read, chosen, goals, seed)


__all__ = ["AskTell", "Asked", "SpaceExhausted", "Told", "ask_tell"]
