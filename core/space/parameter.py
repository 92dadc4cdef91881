"""What may vary. Each parameter maps one coordinate of the unit cube to the user's numbers and back.

Made and checked by `Space.parse`; the arithmetic here trusts its bounds. Values round-trip exactly: a
continuous float is rounded to twelve digits (of itself with `log`, else of its range), so 0.001 stays 0.001.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

DIGITS = 12
"""Digits kept of a continuous float: enough for any tuning, few enough to hide the error of exp(log(v))."""

LARGEST = 10**13
"""Whole numbers beyond this, and grids of more points, can't be told apart by one float in [0, 1]."""


class ScaledBy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ties a parameter to another: the trial gets value * (other / base), or value * sqrt(other / base)."""

    parameter: str
    rule: Literal["linear", "sqrt"] = "linear"
    base: float = 1.0

    def factor(self, other: float) -> float:
        ratio = other / self.base
        return ratio if self.rule == "linear" else math.sqrt(ratio)


class Prior(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where somebody believes good values to be: around `center`, two in three within `spread` of it.

    spread: a factor where the parameter is logarithmic, else a distance; goes with numbers. A choice that is the
    center is believed as likely as all others together.
    """

    center: Any = UNSET  # the parameter's default where it is not stated
    spread: float | None = None


class _Base(msgspec.Struct, frozen=True, dict=True, kw_only=True, tag_field="type", omit_defaults=True):
    """How all three are written; `dict` lets them cache what follows from their bounds."""


class Float(_Base, frozen=True, tag="float"):
    """A number in [low, high]; with `step`, one of low, low + step, ... that is not above high."""

    low: float
    high: float
    log: bool = False
    step: float | None = None
    when: dict[str, list[Any]] = {}  # active only while every named parameter has one of these values
    scaled_by: ScaledBy | None = None
    default: float | UnsetType = UNSET  # before scaling
    prior: Prior | None = None

    @cached_property
    def count(self) -> int | None:
        """How many values there are; None when they are a continuum."""
        if self.low == self.high:
            return 1
        if self.step is None:
            return None
        return int((Decimal(repr(self.high)) - Decimal(repr(self.low))) // Decimal(repr(self.step))) + 1

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    @cached_property
    def _decimals(self) -> int | None:
        """Decimal places kept of a linear continuum; None when the range is too narrow to round."""
        largest = max(abs(self.low), abs(self.high))
        if self.high - self.low < largest * 1e-6:
            return None
        return DIGITS - math.ceil(math.log10(largest))

    @cached_property
    def _exact(self) -> tuple[Decimal, Decimal]:
        return Decimal(repr(self.low)), Decimal(repr(self.step))

    def at(self, index: int) -> float:
        """The value number `index` of the grid, as decimal arithmetic gives it: 3 * 0.1 is 0.3."""
        if self.step is None:
            return self.low
        low, step = self._exact
        return float(low + index * step)

    def value(self, u: float) -> float:
        """The number at `u` in [0, 1]."""
        if self.count is not None:
            return self.at(min(int(u * self.count), self.count - 1))
        first, last = self._ends
        v = first + u * (last - first)
        v = self._round(math.exp(v) if self.log else v)
        low, high = self._round_ends
        return self.low if u <= 0 or v <= low else self.high if u >= 1 or v >= high else v

    def _round(self, v: float) -> float:
        if self._decimals is None:
            return v
        return float(f"{v:.{DIGITS - 1}e}") if self.log else round(v, self._decimals)

    @cached_property
    def _round_ends(self) -> tuple[float, float]:
        """What rounds to a bound is that bound, even when it has more digits than are kept."""
        return self._round(self.low), self._round(self.high)

    def unit(self, value: Any) -> float:
        """The coordinate of `value`; ValueError, with what is wrong, when it is none of ours."""
        v = _number(value)
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if not self.low - slack <= v <= self.high + slack:
            raise ValueError(f"{value!r} is outside {self.low:g} .. {self.high:g}")
        if self.count is not None:
            index = self._nearest(v)
            if abs(self.at(index) - v) > max(slack, 1e-9 * (self.step or 0)):
                near = self.at(index)
                raise ValueError(f"{v:g} is not on the grid of step {self.step:g}; the nearest is {near:g}")
            return (index + 0.5) / self.count
        v = min(max(v, self.low), self.high)
        first, last = self._ends
        return min(max(((math.log(v) if self.log else v) - first) / (last - first), 0.0), 1.0)

    def _nearest(self, v: float) -> int:
        steps = round((v - self.low) / self.step) if self.step else 0
        return min(max(steps, 0), (self.count or 1) - 1)

    def scaled(self, value: float, factor: float) -> float:
        return float(f"{value * factor:.15g}")

    def unscaled(self, value: Any, factor: float) -> float:
        return _number(value) / factor


class Int(_Base, frozen=True, tag="int"):
    """A whole number in [low, high], each with an equal share of the coordinate, or of its logarithm."""

    low: int
    high: int
    log: bool = False
    step: int | None = None
    when: dict[str, list[Any]] = {}
    scaled_by: ScaledBy | None = None
    default: int | UnsetType = UNSET
    prior: Prior | None = None

    @cached_property
    def count(self) -> int:
        return (self.high - self.low) // (self.step or 1) + 1

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return math.log(self.low - 0.5), math.log(self.high + 0.5)

    def at(self, index: int) -> int:
        return self.low + index * (self.step or 1)

    def value(self, u: float) -> int:
        """The number at `u` in [0, 1]."""
        if self.log:
            first, last = self._ends
            return min(max(round(math.exp(first + u * (last - first))), self.low), self.high)
        return self.at(min(int(u * self.count), self.count - 1))

    def unit(self, value: Any) -> float:
        """The middle of the value's share; ValueError, with what is wrong, when it is none of ours."""
        v = _number(value)
        if v != int(v):
            raise ValueError(f"{value!r} is not a whole number")
        v = int(v)
        if not self.low <= v <= self.high:
            raise ValueError(f"{v} is outside {self.low} .. {self.high}")
        if self.log:
            first, last = self._ends
            return ((math.log(v - 0.5) + math.log(v + 0.5)) / 2 - first) / (last - first)
        index, rest = divmod(v - self.low, self.step or 1)
        if rest:
            near = self.at(min(round((v - self.low) / (self.step or 1)), self.count - 1))
            raise ValueError(f"{v} is not on the grid of step {self.step}; the nearest is {near}")
        return (index + 0.5) / self.count

    def scaled(self, value: int, factor: float) -> int:
        """Rounded; but a count, whose low is at least 1, never becomes 0."""
        whole = round(value * factor)
        return max(whole, 1) if self.low >= 1 else whole

    def unscaled(self, value: Any, factor: float) -> int:
        """A value that `scaled` turns into this one; ValueError when there is none."""
        middle = round((_number(value) / factor - self.low) / (self.step or 1))
        near = [self.at(min(max(middle + d, 0), self.count - 1)) for d in (0, -1, 1)]
        for v in near:
            if self.scaled(v, factor) == value:
                return v
        nearest = self.scaled(near[0], factor)
        raise ValueError(f"{value!r} is none of the scaled values; the nearest is {nearest}")


class Categorical(_Base, frozen=True, tag="categorical"):
    """One of the choices, which are any JSON values: equal shares of the coordinate each."""

    choices: list[Any]
    when: dict[str, list[Any]] = {}
    default: Any = UNSET
    prior: Prior | None = None

    @property
    def count(self) -> int:
        return len(self.choices)

    @cached_property
    def _index(self) -> dict[Hashable, int]:
        return {mark(c): i for i, c in enumerate(self.choices)}

    def at(self, index: int) -> Any:
        return self.choices[index]

    def value(self, u: float) -> Any:
        """The choice at `u` in [0, 1]."""
        n = len(self.choices)
        return self.choices[min(int(u * n), n - 1)]

    def unit(self, value: Any) -> float:
        """The middle of the choice's share; ValueError when it is none. 32.0 and 32 pass for each other."""
        index = self._index.get(mark(value))
        if index is None and isinstance(value, float) and value.is_integer():
            index = self._index.get(int(value))
        if index is None and type(value) is int:
            index = self._index.get(mark(float(value)))
        if index is None:
            raise ValueError(f"{json.dumps(value, default=str)} is not among the choices")
        return (index + 0.5) / len(self.choices)


Parameter = Float | Int | Categorical


def guess(parameter: Parameter) -> Any:
    """The user's own value: the default, else the center of the prior; UNSET without either."""
    if parameter.default is not UNSET or parameter.prior is None:
        return parameter.default
    return parameter.prior.center


def mark(value: Any) -> Hashable:
    """Stands for a JSON value in sets and keys; unlike `==` it tells true, 1 and 1.0 apart, at any depth."""
    if type(value) is str or type(value) is int:
        return value
    return ("json", json.dumps(value, sort_keys=True, default=repr))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:  # nor NaN
        raise ValueError(f"{json.dumps(value, default=str)} is not a number")
    return value
