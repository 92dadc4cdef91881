"""What the catalog says of a sampler or pruner: what it is for, where it lives, and the options it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal


@dataclass(frozen=True)
class Option:
    """One number that a user may set, from low to high. default None: unset unless stated."""

    meaning: str
    default: int | float | None
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False  # a whole number is asked for

    @property
    def asked(self) -> str:
        """What may be written, in words: "a whole number from 1"."""
        kind = "a whole number" if self.whole else "a number"
        if self.low > -math.inf and self.high < math.inf:
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"{kind} from {self.low:g}" if self.low > -math.inf else kind

    def admits(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not math.isfinite(value) or (self.whole and value != int(value)):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Entry:
    line: str  # what it does
    when: str  # when to use it
    home: str  # "module:Class" below core.search
    options: Mapping[str, Option]
    also_called: tuple[str, ...] = ()  # names people know it by elsewhere; only for the hint
    max_steps: Literal["ignored", "used", "needed"] = "ignored"  # the study's budget.max_steps

    def load(self) -> Any:
        module, _, name = self.home.partition(":")
        return getattr(import_module(f"hptui.core.search.{module}"), name)
