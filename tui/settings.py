"""What of a live session can be set, by key: `budget.n_trials=200`, `pruner.patience=3`, `slots=4`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.search.catalog import entry_of
from hptui.core.search.entry import Entry
from hptui.core.space.reading import nearest
from hptui.core.study.commands import Wish
from hptui.core.study.durations import format_duration, parse_duration

_TIMES = {"wall_clock": "wall_clock_s", "trial_time": "trial_time_s"}
_COUNTS = ("n_trials", "max_steps", "total_steps", "stop_after_failures")
_HOURS = "gpu_hours"
KEYS = ("slots", *(f"budget.{key}" for key in (*_COUNTS, *_TIMES, _HOURS)), "pruner")
NO_LIMIT = ("none", "no limit", "")


@dataclass(frozen=True, slots=True)
class Asked:
    """One wish: what is to be set."""

    wish: Wish
    args: Mapping[str, Any]


def wishes_for(texts: Mapping[str, str], pruner: str) -> tuple[list[Asked], dict[str, str]]:
    """The wishes that `key=text` pairs come to, and what is wrong with them by key. pruner: the one there is."""
    problems: dict[str, str] = {}
    budget: dict[str, Any] = {}
    slots: int | None = None
    options: dict[str, Any] = {}
    name: str | None = None
    for key, text in texts.items():
        table, _, option = key.rpartition(".")
        bare = option if table in ("", "budget") else key
        try:
            if bare in _TIMES:
                budget[_TIMES[bare]] = None if text.strip().lower() in NO_LIMIT else _seconds(text)
            elif bare == _HOURS:
                budget[bare] = None if text.strip().lower() in NO_LIMIT else _positive(text)
            elif bare in _COUNTS:
                none = bare != "stop_after_failures" and text.strip().lower() in NO_LIMIT
                budget[bare] = None if none else _whole(text)
            elif bare == "slots":
                slots = _whole(text)
            elif key == "pruner":
                name = _pruner(text)
            elif table == "pruner":
                options[option] = _option(texts.get("pruner", pruner), option, text)
            else:
                problems[key] = f"there is no such setting ({nearest(key, KEYS)})"
        except ValueError as error:
            problems[key] = str(error)
    asked = [Asked(Wish.BUDGET, budget)] if budget else []
    asked += [Asked(Wish.SLOTS, {"slots": slots})] if slots is not None else []
    if options or name is not None:
        asked.append(Asked(Wish.PRUNER, {"options": options} | ({} if name is None else {"name": name})))
    return asked, problems


def _seconds(text: str) -> float:
    seconds = parse_duration(float(text) if text.strip().replace(".", "", 1).isdecimal() else text)
    if seconds <= 0:
        raise ValueError(f"{text} is not a time")
    return seconds


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"{text} is not a positive number")
    return number


def _whole(text: str) -> int:
    try:
        number = float(text)
        if number == int(number):
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{text or 'nothing'} is not a whole number")


def _pruner(text: str) -> str:
    _entry(text)
    return text


def _entry(pruner: str) -> Entry:
    try:
        return entry_of("pruner", pruner)
    except HptuiError as error:
        raise ValueError(f"{error.problem} ({error.hint})") from None


def _option(pruner: str, option: str, text: str) -> Any:
    """None, for an empty text: its default."""
    entry = _entry(pruner)
    if option not in entry.options:
        known = nearest(option, entry.options) if entry.options else f"{pruner} has no options"
        raise ValueError(f"{pruner} has no option {option} ({known})")
    if not text.strip():
        return None
    try:
        value = entry.options[option].read(text)
    except ValueError:
        raise ValueError(f"{text} is not {entry.options[option].asked}") from None
    if not entry.options[option].admits(value):
        raise ValueError(f"{text} is not {entry.options[option].asked}")
    return value


def text_of(key: str, value: float | None) -> str:
    """A value as a person types it."""
    if value is None:
        return ""
    if key.endswith(("wall_clock", "trial_time")):
        short = format_duration(value)
        return short if parse_duration(short) == value else f"{value:f}".rstrip("0").rstrip(".") + " s"
    return f"{value:g}" if value < 1e6 else str(int(value))
