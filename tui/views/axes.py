"""The axes of parallel coordinates: which, in what order, which way up, and a brush on one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hptui.core.review.columns import Columns, Dimension, Floats
from hptui.tui.charts.reach import reach
from hptui.tui.filter import FIELDS, Filter, Term, parse
from hptui.tui.snapshot import Facts

STEPS = 20
"""A brush on a continuum moves by one of so many steps."""


@dataclass(frozen=True, slots=True)
class Brush:
    """low, high: shares of the axis. upper: the end that moves is the high one."""

    low: float
    high: float
    upper: bool = True


@dataclass(frozen=True, slots=True)
class Axes:
    """order: names, the metric among them; those not named come after. at: the one chosen."""

    order: tuple[str, ...] = ()
    turned: frozenset[str] = frozenset()
    logs: frozenset[str] = frozenset()  # those whose scale is the other one than the study's
    at: int = 0
    top: int = 24
    brush: Brush | None = None

    def over(self, names: Sequence[str]) -> Axes:
        """These axes for the names that there are."""
        order = (*(name for name in self.order if name in names), *(name for name in names if name not in self.order))
        return replace(self, order=order, at=min(self.at, max(len(order) - 1, 0)))

    @property
    def name(self) -> str:
        return self.order[self.at]

    def chosen(self, by: int) -> Axes:
        return replace(self, at=max(0, min(self.at + by, len(self.order) - 1)), brush=None)

    def shifted(self, by: int) -> Axes:
        """The chosen axis one place further."""
        to = max(0, min(self.at + by, len(self.order) - 1))
        rest = [name for name in self.order if name != self.name]
        return replace(self, order=(*rest[:to], self.name, *rest[to:]), at=to)

    def turn(self) -> Axes:
        return replace(self, turned=self.turned ^ {self.name})

    def toggle_log(self) -> Axes:
        return replace(self, logs=self.logs ^ {self.name})

    def more(self, by: int) -> Axes:
        return replace(self, top=max(1, min(self.top + by, 200)))


def metric_axis(columns: Columns, facts: Facts) -> Dimension:
    """The value of the complete trials as an axis; it follows most of them."""
    values = np.where(columns.complete, facts.sign * columns.loss, np.nan)
    seen = reach([(columns.number, values)], None, False)
    low, high = (0.0, 1.0) if seen.low is None or seen.high is None else (seen.low, seen.high)
    return Dimension(facts.metric, values, low, high)


def dimensions_of(columns: Columns, facts: Facts) -> dict[str, Dimension]:
    """Every axis by name; the metric last."""
    found = {one.name: one for one in columns.dimensions if one.name != facts.metric}
    return {**found, facts.metric: metric_axis(columns, facts)}


def is_log(dimension: Dimension, axes: Axes) -> bool:
    return not dimension.choices and dimension.low > 0 and dimension.log is not (dimension.name in axes.logs)


def heights(dimension: Dimension, axes: Axes) -> Floats:
    """(n,) 0 at the bottom of the axis, 1 at its top; NaN where a trial has nothing there."""
    share = np.clip(dimension.place(dimension.values, is_log(dimension, axes)), 0.0, 1.0)
    return 1.0 - share if dimension.name in axes.turned else share


# --- brushing -----------------------------------------------------------------------------------------------------


def begun(axes: Axes, dimension: Dimension, best: Floats) -> Axes:
    """A brush that covers what the best trials have on the chosen axis. best: their values."""
    places = dimension.place(best[np.isfinite(best)], is_log(dimension, axes))
    low, high = (float(places.min()), float(places.max())) if len(places) else (0.0, 1.0)
    return replace(axes, brush=Brush(max(low, 0.0), min(high, 1.0)))


def moved(axes: Axes, dimension: Dimension, by: int) -> Axes:
    """The moving end one step further; the ends do not pass each other. `by` counts upwards as it is drawn."""
    brush = axes.brush
    if brush is None:
        return axes
    by = -by if dimension.name in axes.turned else by
    count = dimension.count
    step = 1 / STEPS if count is None else 1 / max(count - 1, 1)

    def to(share: float) -> float:
        return min(max(round(share / step + by) * step, 0.0), 1.0)

    if brush.upper:
        return replace(axes, brush=replace(brush, high=max(to(brush.high), brush.low)))
    return replace(axes, brush=replace(brush, low=min(to(brush.low), brush.high)))


def other_end(axes: Axes) -> Axes:
    return axes if axes.brush is None else replace(axes, brush=replace(axes.brush, upper=not axes.brush.upper))


def brushed(axes: Axes, dimension: Dimension, filter: str) -> str:
    """The filter with what the brush lets through; terms on the same name give way."""
    name = f"p.{axes.name}" if axes.name.lower() in FIELDS else axes.name
    kept = [term for term in parse(filter).terms if term.name not in (axes.name, name)]
    brush = axes.brush or Brush(0.0, 1.0)
    return str(Filter((*kept, *_terms(name, dimension, brush, is_log(dimension, axes)))))


def _terms(name: str, dimension: Dimension, brush: Brush, log: bool) -> list[Term]:
    if dimension.choices and not all(_is_number(choice) for choice in dimension.choices):
        last = max(len(dimension.choices) - 1, 1)
        choices = dimension.choices
        inside = [brush.low - 1e-9 <= at / last <= brush.high + 1e-9 for at in range(len(choices))]
        if sum(inside) == 1:
            return [Term(name, "=", str(choices[inside.index(True)]))]
        return [Term(name, "!=", str(choice)) for choice, is_in in zip(choices, inside, strict=True) if not is_in]
    terms = []
    if brush.low > 0:
        terms.append(Term(name, ">=", _rounded(dimension.at(brush.low, log), down=True)))
    if brush.high < 1:
        terms.append(Term(name, "<=", _rounded(dimension.at(brush.high, log), down=False)))
    return terms


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _rounded(value: float, down: bool) -> str:
    """Four figures that still let the value itself through."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.4g}"
    if (float(text) > value) if down else (float(text) < value):
        nudge = 5 * 10.0 ** (np.floor(np.log10(abs(value))) - 4) if value else 0.0
        text = f"{value - nudge if down else value + nudge:.4g}"
    return text
