"""A session's trials as columns of numbers, for everything that looks at all of them at once. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.core.space.parameter import mark
from hptui.core.store.rows import TrialRow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STATES = ("WAITING", "RUNNING", "PAUSED", "COMPLETE", "PRUNED", "FAIL")
_CODE = {state: code for code, state in enumerate(STATES)}


@dataclass(frozen=True, eq=False)
class Dimension:
    """One parameter over all trials.

    values: (n,) the number, or the index of the choice; NaN where the trial has not got it. choices: empty for
    numbers. low, high: the range, widened where scaled values lie outside. whole: only whole numbers make sense.
    conditional: it is inactive in some trials by what the study says.
    """

    name: str
    values: Floats
    low: float
    high: float
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()
    conditional: bool = False

    @property
    def count(self) -> int | None:
        """How many values there are, if few enough to tell apart."""
        if self.choices:
            return len(self.choices)
        return int(self.high - self.low) + 1 if self.whole and not self.log and self.high - self.low < 64 else None

    @cached_property
    def unit(self) -> Floats:
        """(n,) where the values lie in the range, on the scale they are sampled on; NaN where there is none."""
        return self.place(self.values)

    def place(self, values: Floats, log: bool | None = None) -> Floats:
        """0 at low, 1 at high; on a log scale as the study says, or as asked."""
        low, high, log = self.low, self.high, self.log if log is None else log and self.low > 0
        if log:
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high, values = math.log(low), math.log(high), np.log(values)
        return (values - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 0.5)

    def at(self, share: float, log: bool | None = None) -> Any:
        """The value at a share of the range: a number, or a choice."""
        if self.choices:
            return self.choices[min(int(share * (len(self.choices) - 1) + 0.5), len(self.choices) - 1)]
        if self.log if log is None else log and self.low > 0:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + share * (self.high - self.low)
        return round(value) if self.whole else value


@dataclass(frozen=True, eq=False)
class Columns:
    """n trials by ascending number. Times in seconds since the epoch, NaN where not known.

    state: (n,) index in STATES. loss: (n,) lower is better, NaN unless the trial reported a finite number.
    broke: (n,) whether the trial broke a constraint.
    """

    number: Ints
    state: Ints
    loss: Floats
    created_at: Floats
    started_at: Floats
    ended_at: Floats
    busy_s: Floats
    broke: Bools
    dimensions: tuple[Dimension, ...]
    sign: float = 1.0

    def __len__(self) -> int:
        return len(self.number)

    def is_(self, state: str) -> Bools:
        """(n,) which trials are in a state."""
        return np.equal(self.state, _CODE[state])

    @cached_property
    def complete(self) -> Bools:
        """(n,) which trials have an answer: complete, with a finite value."""
        return self.is_("COMPLETE") & np.isfinite(self.loss)

    @cached_property
    def able(self) -> Bools:
        """(n,) which trials may be the best: complete ones that broke no constraint."""
        return self.complete & ~self.broke

    @cached_property
    def ranked(self) -> Ints:
        """Rows of the trials that may be the best, the best first, equal ones by number."""
        rows = np.flatnonzero(self.able)
        return rows[np.argsort(self.loss[rows], kind="stable")]

    def rows_of(self, numbers: Sequence[int] | Ints) -> Ints:
        """The rows of trials; those that are not here are left out."""
        wanted = np.asarray(numbers, np.int64)
        at = np.searchsorted(self.number, wanted)
        at = np.minimum(at, max(len(self.number) - 1, 0))
        return at[self.number[at] == wanted] if len(self.number) else at[:0]

    @cached_property
    def points(self) -> Floats:
        """(n, d) the trials in the unit cube; NaN where a parameter is inactive."""
        units = [np.clip(one.unit, 0.0, 1.0) for one in self.dimensions]
        return np.column_stack(units) if units else np.empty((len(self), 0))


def columns(rows: Iterable[TrialRow], space: Mapping[str, Mapping[str, Any]], sign: float = 1.0) -> Columns:
    """rows: by ascending number. space: name -> definition, as the session keeps it. Loss = sign * value."""
    rows = list(rows)
    nan = math.nan
    loss = sign * np.array([nan if row.value is None else row.value for row in rows], np.float64)
    params = [row.params for row in rows]
    return Columns(
        number=np.array([row.number for row in rows], np.int64),
        state=np.array([_CODE.get(row.state, 0) for row in rows], np.int64),
        loss=np.where(np.isfinite(loss), loss, nan),
        created_at=np.array([row.created_at for row in rows], np.float64),
        started_at=np.array([nan if row.started_at is None else row.started_at for row in rows], np.float64),
        ended_at=np.array([nan if row.ended_at is None else row.ended_at for row in rows], np.float64),
        busy_s=np.array([row.busy_s for row in rows], np.float64),
        broke=np.array([bool(row.broken) for row in rows], np.bool_),
        dimensions=tuple(dimension(name, definition, params) for name, definition in space.items()),
        sign=sign,
    )


def dimension(name: str, definition: Mapping[str, Any], params: Sequence[Mapping[str, Any]]) -> Dimension:
    """One column. A parameter without a range or choices gets those that the trials show."""
    found = [one.get(name) for one in params]
    conditional = bool(definition.get("when"))
    choices = definition.get("choices")
    if isinstance(choices, (list, tuple)):
        return _choice(name, found, tuple(choices), conditional)
    if any(isinstance(value, (str, bool, list, dict)) for value in found[:1000]):
        seen = tuple({mark(value): value for value in found if value is not None}.values())
        return _choice(name, found, seen, conditional)
    values = np.array([math.nan if isinstance(value, str) else value for value in found], np.float64)
    known = values[np.isfinite(values)]
    ends = [end for end in (definition.get("low"), definition.get("high")) if isinstance(end, (int, float))]
    ends += [float(known.min()), float(known.max())] if len(known) else []
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    log = bool(definition.get("log")) and low > 0
    return Dimension(name, values, low, high, log, definition.get("type") == "int", (), conditional)


def _choice(name: str, found: Sequence[Any], choices: tuple[Any, ...], conditional: bool) -> Dimension:
    index: dict[Any, float] = {mark(choice): float(at) for at, choice in enumerate(choices)}
    values = np.array([index.get(mark(value), math.nan) for value in found], np.float64)
    return Dimension(name, values, 0.0, float(max(len(choices) - 1, 0)), choices=choices, conditional=conditional)
