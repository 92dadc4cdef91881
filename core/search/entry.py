"""What the catalog says of a sampler or pruner: what it is for, where it lives, and the options it takes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Protocol

from hptui.core.errors import HptuiError
from hptui.core.space.reading import fits


class Asked(Protocol):
    """One thing that a user may set. `made` is what the sampler or pruner gets of a value that is admitted."""

    @property
    def meaning(self) -> str: ...
    @property
    def default(self) -> Any: ...
    @property
    def asked(self) -> str:
        """What may be written, in words: "a whole number from 1"."""
        ...

    def admits(self, value: object) -> bool: ...
    def made(self, value: Any) -> Any: ...
    def read(self, text: str) -> Any:
        """What was typed, as a study file has it; ValueError when it is no such thing. `admits` says the rest."""
        ...


@dataclass(frozen=True)
class Option:
    """A number from low to high. default None: unset unless stated."""

    meaning: str
    default: int | float | None
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False  # a whole number is asked for

    @property
    def asked(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if self.low > -math.inf and self.high < math.inf:
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"{kind} from {self.low:g}" if self.low > -math.inf else kind

    def admits(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not abs(value) <= sys.float_info.max or (self.whole and not (value == int(value) and fits(int(value)))):
            return False  # nor NaN
        return self.low <= value <= self.high

    def made(self, value: float) -> float:
        return int(value) if self.whole else float(value)

    def read(self, text: str) -> float:
        value = float(text)
        return int(value) if self.whole and math.isfinite(value) and value == int(value) else value


@dataclass(frozen=True)
class Word:
    """One of a few words."""

    meaning: str
    choices: tuple[str, ...]
    default: str | None = None

    @property
    def asked(self) -> str:
        return "one of " + ", ".join(self.choices)

    def admits(self, value: object) -> bool:
        return value in self.choices

    def made(self, value: str) -> str:
        return value

    def read(self, text: str) -> str:
        return text.strip()


@dataclass(frozen=True)
class BySteps:
    """A table of numbers by step: {5 = 0.15, 10 = 0.1}. Unset unless stated."""

    meaning: str
    default: None = None

    @property
    def asked(self) -> str:
        return "a table of numbers by step, such as {5 = 0.15, 10 = 0.1}"

    def admits(self, value: object) -> bool:
        if not isinstance(value, Mapping) or not value:
            return False
        numbers = Option("", None)
        steps = all(str(step).isdecimal() and len(str(step)) < 19 for step in value)
        return steps and all(map(numbers.admits, value.values()))

    def made(self, value: Mapping[Any, float]) -> tuple[tuple[int, float], ...]:
        return tuple(sorted((int(step), float(limit)) for step, limit in value.items()))

    def read(self, text: str) -> dict[str, float]:
        pairs = (pair.replace("=", ":").partition(":") for pair in text.strip(" {}").split(","))
        return {step.strip(): float(limit) for step, _, limit in pairs}


def told(value: Any) -> str:
    """A value of an option as people write it."""
    match value:
        case None:
            return "not set"
        case bool() | str():
            return str(value)
        case int() | float():
            return f"{value:g}"
        case Mapping():
            return ", ".join(f"{key} = {told(inner)}" for key, inner in value.items())
        case _:
            return str(value)


@dataclass(frozen=True)
class Needed:
    """An optional package. Whether it is installed is asked without importing it."""

    module: str
    package: str
    install: str

    @property
    def is_missing(self) -> bool:
        return find_spec(self.module) is None


@dataclass(frozen=True)
class Entry:
    line: str  # what it does
    when: str  # when to use it
    home: str  # "module:Class" below core.search
    options: Mapping[str, Asked]
    also_called: tuple[str, ...] = ()  # names people know it by elsewhere; only for the hint
    max_steps: Literal["ignored", "used", "needed"] = "ignored"  # the study's budget.max_steps
    learns: bool = False  # a pruner with a model over the space
    choosy: bool = False  # some spaces are too large for it: known when it is made
    models: bool = False  # it has a model of the losses by Gaussian processes, and heeds `History.tilt`
    cls: Any = None  # of another distribution (`plugins`) or a guest: the class itself, or what makes one
    needs: Needed | None = None
    whole: bool = False  # a sampler that hears of several objectives and constraints itself
    unfit: Callable[[Mapping[str, Any]], list[HptuiError]] | None = None  # what else is wrong with options

    def load(self) -> Any:
        if self.cls is not None:
            return self.cls
        module, _, name = self.home.partition(":")
        return getattr(import_module(f"hptui.core.search.{module}"), name)
