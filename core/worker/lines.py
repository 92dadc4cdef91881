"""The lines by which a program tells how it goes: `hptui: step=3 value=0.5 acc=0.9`.

For scripts that run as a program of their own: `hptui.report(step=3, value=0.5)` prints one. Imports nothing heavy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

PREFIX = "hptui:"

PARAMS = "HPTUI_PARAMS"
"""The environment variable that holds a program's parameters as JSON."""

listener: Callable[..., None] | None = None
"""In a trial's own process, what takes the reports instead of a printed line."""
constrained: Callable[[str, float], None] | None = None
"""The same for constraints."""


def report(value: float, step: int | None = None, **others: float) -> None:
    """Tell the running study, if there is one, the value at a step. Else this only prints a line.

    step: None to count the reports from 0. Of processes that train together (torchrun's RANK) only the first one tells.
    """
    global _reports
    if listener is not None:
        listener(value, _reports if step is None else step, **others)
    elif _first():
        numbers = {**({} if step is None else {"step": int(step)}), "value": float(value)}
        numbers |= {name: float(other) for name, other in others.items()}
        print(PREFIX, *(f"{name}={number!r}" for name, number in numbers.items()), flush=True)
    _reports = (_reports if step is None else int(step)) + 1


def set_constraint(name: str, value: float) -> None:
    """Tell the running study, if there is one, a constraint's value: at most 0 where it holds."""
    if constrained is not None:
        constrained(name, value)
    elif any(c.isspace() or c == "=" for c in name):
        raise ValueError(f"a constraint's name is one word without =, not {name!r}")
    elif _first():
        print(PREFIX, f"constraint_{name}={float(value)!r}", flush=True)


def params(**defaults: Any) -> dict[str, Any]:
    """The trial's parameters, on top of `defaults`; the defaults alone when no study runs this program."""
    return {**defaults, **json.loads(os.environ.get(PARAMS, "{}"))}


def _first() -> bool:
    return os.environ.get("RANK", "0") == "0"


_reports = 0
