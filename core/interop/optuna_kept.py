"""A study as Optuna keeps it, in whichever kind of file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hptui.core.study.study import Direction


@dataclass
class KeptTrial:
    number: int
    state: str = "RUNNING"
    values: dict[int, float] = field(default_factory=dict)
    params: dict[str, float] = field(default_factory=dict)  # choices by index
    distributions: dict[str, Any] = field(default_factory=dict)
    curve: dict[int, float] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)
    start: float | None = None
    end: float | None = None


@dataclass
class KeptStudy:
    name: str
    directions: list[Direction]
    trials: list[KeptTrial] = field(default_factory=list)
    system: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)


def seconds(text: str | None) -> float | None:
    """Optuna writes local time into databases and UTC, saying so, into journals."""
    return datetime.fromisoformat(text).timestamp() if text else None
