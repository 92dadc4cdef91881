"""Our parameters as Optuna's distributions, value by value."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hptui.core.search.protocol import Array
from hptui.core.space.conditions import in_order
from hptui.core.space.parameter import Categorical, Float, Int, Parameter
from hptui.core.space.space import Space

_WORDS = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Axis:
    """One parameter. Values are those before scaling by another one: these are what the coordinate says."""

    index: int
    name: str
    parameter: Parameter

    @cached_property
    def distribution(self) -> Any:
        from optuna.distributions import FloatDistribution

        return FloatDistribution(0.0, 1.0) if self._own is None else self._own

    @cached_property
    def _own(self) -> Any:
        """None for what Optuna has nothing for, a logarithm with steps or from below 1: it is told the coordinate."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        match self.parameter:
            case Categorical(choices=choices):
                plain = all(isinstance(choice, _WORDS) for choice in choices)
                return CategoricalDistribution(choices if plain else [json.dumps(choice) for choice in choices])
            case Float(low=low, log=log, step=step) if not (log and step):
                return FloatDistribution(low, self._top, log=log, step=step)
            case Int(low=low, log=log, step=step) if not log or (low >= 1 and step in (None, 1)):
                return IntDistribution(low, self._top, log=log, step=step or 1)
            case _:
                return None

    @cached_property
    def _top(self) -> Any:
        """The largest value: of a grid, its last point."""
        assert not isinstance(self.parameter, Categorical)
        count = self.parameter.count
        return self.parameter.high if count is None else self.parameter.at(count - 1)

    def value(self, u: float) -> Any:
        """What Optuna is told of a coordinate."""
        if isinstance(self.parameter, Categorical):
            return self.distribution.choices[min(int(u * self.parameter.count), self.parameter.count - 1)]
        return float(u) if self._own is None else self.parameter.value(u)

    def unit(self, value: Any) -> float:
        """The coordinate of what Optuna says."""
        if isinstance(self.parameter, Categorical):
            return float(self.distribution.to_internal_repr(value) + 0.5) / self.parameter.count
        if self._own is None:
            return min(max(float(value), 0.0), 1.0)
        return self.parameter.unit(min(max(value, self.parameter.low), self._top))

    def suggested(self, trial: Any) -> float:
        """The coordinate that Optuna's trial suggests."""
        from optuna.distributions import IntDistribution

        one = self.distribution
        if isinstance(self.parameter, Categorical):
            return self.unit(trial.suggest_categorical(self.name, one.choices))
        suggest = trial.suggest_int if isinstance(self._own, IntDistribution) else trial.suggest_float
        return self.unit(suggest(self.name, one.low, one.high, step=one.step, log=one.log))


def axes_of(space: Space) -> tuple[Axis, ...]:
    """Parents before those that depend on them."""
    place = {name: i for i, name in enumerate(space.parameters)}
    return tuple(Axis(place[name], name, space.parameters[name]) for name in in_order(space.parameters))


def suggested(space: Space, axes: tuple[Axis, ...], trial: Any) -> Array:
    """(d,) the point that Optuna's trial suggests, parameter by parameter as conditions open them; others at 0.5."""
    x = np.full(space.dim, math.nan)
    for axis in axes:
        x[axis.index] = 0.5
        x[axis.index] = axis.suggested(trial) if space.active(x)[axis.index] else math.nan
    return np.where(np.isnan(x), 0.5, x)
