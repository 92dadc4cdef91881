"""Ticks, numbers and limits of an axis. No numpy: the widget needs these before its first curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST = 1e307  # a penalty of the largest float there is lies beyond the scale: its distance to others is infinite
_LOG_MARKS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))  # marks of a decade, the densest first


@dataclass(frozen=True)
class Axis:
    """`low < high`; both positive when `log`."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Where `value` lies: 0 at low, 1 at high."""
        low, high = self.scaled(self.low), self.scaled(self.high)
        return (self.scaled(value) - low) / (high - low)

    def scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value


def ticks(axis: Axis, at_most: int) -> list[float]:
    """Round values inside the axis, ascending, at most `at_most`."""
    at_most = max(1, at_most)
    return _log_ticks(axis, at_most) if axis.log else _linear_ticks(axis, at_most)


def _linear_ticks(axis: Axis, at_most: int) -> list[float]:
    span = axis.high - axis.low
    if not math.isfinite(span):
        return []
    step = 10.0 ** math.floor(math.log10(span / at_most)) if span > 0 else 0.0
    if step == 0.0:
        return []
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0):
        first, last = (
            math.ceil(axis.low / (step * factor) - 1e-9),
            math.floor(axis.high / (step * factor) + 1e-9),
        )
        if last - first < at_most:
            # + 0.0 turns -0.0 into 0.0
            return [float(f"{k * step * factor:.12g}") + 0.0 for k in range(first, last + 1)]
    return []


def _log_ticks(axis: Axis, at_most: int) -> list[float]:
    decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    inside: list[float] = []
    for marks in _LOG_MARKS:
        values = [_power(mark, decade) for decade in decades for mark in marks]
        fewer = [value for value in values if axis.low * (1 - 1e-9) <= value <= axis.high * (1 + 1e-9)]
        inside = fewer or inside
        if len(inside) <= at_most:
            break
    if len(inside) < 2:
        return _linear_ticks(Axis(axis.low, axis.high), at_most) or inside
    stride = math.ceil(len(inside) / at_most)
    return inside[::-1][::stride][::-1]


def _power(mark: float, decade: int) -> float:
    try:
        return float(f"{mark:g}e{decade}")
    except OverflowError:
        return math.inf


def number(value: float | None, digits: int = 3) -> str:
    """A short number: `0.183`, `1234`, `1e-5`, `3.2e6`; unknown is `–`, not finite `inf` or `-inf`."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e5):
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}"
    if size >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def limits(low: float, high: float, log: bool) -> Axis:
    """A round axis around the data from `low` to `high`, with a little room. `log`: low > 0."""
    if log:
        return Axis(_round_log(low, down=True), _round_log(high, down=False), True)
    low, high = (min(max(float(end), -_MOST), _MOST) for end in (low, high))
    if not high > low:
        room = abs(low) * 0.5 or 1.0
        return limits(low - room, low + room, False)
    step = 10.0 ** math.floor(math.log10(max((high - low) / 4, 1e-300)))
    step *= next((f for f in (1.0, 2.0, 5.0) if f * step >= (high - low) / 8), 5.0)
    bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step
    if not (math.isfinite(bottom) and math.isfinite(top)) or top - bottom <= 0:
        return Axis(low, high)
    return Axis(min(low, float(f"{bottom:.12g}")), max(high, float(f"{top:.12g}")))


def _round_log(value: float, down: bool) -> float:
    """The nearest of 1, 2, 5 times a power of ten that is strictly beyond `value`."""
    decade = math.floor(math.log10(value))
    candidates = [_power(mark, d) for d in (decade - 1, decade, decade + 1) for mark in _LOG_MARKS[0]]
    if down:
        return max((c for c in candidates if 0 < c <= value * 0.98), default=value * 0.98)
    return min((c for c in candidates if value * 1.02 <= c < math.inf), default=value)


def steady(low: float, high: float, log: bool, before: Axis | None) -> Axis:
    """Limits for the data that change in steps: a new limit repaints the whole chart.

    The axis before is kept while the data lie in it and fill over half of it.
    """
    fresh = limits(low, high, log)
    if before is None or before.log != log or low < before.low or high > before.high:
        return fresh
    filled = (fresh.scaled(fresh.high) - fresh.scaled(fresh.low)) / (
        before.scaled(before.high) - before.scaled(before.low)
    )
    return before if filled > 0.5 else fresh
