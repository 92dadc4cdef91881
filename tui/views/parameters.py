"""Where a trial's parameters lie in their ranges. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from rich.cells import cell_len

from hptui.core.store.rows import TrialRow
from hptui.tui.glyphs import current, fit, harmless
from hptui.tui.snapshot import Facts, Parameter
from hptui.tui.views.cells import Cell, Cells
from hptui.tui.views.numbers import plain, unknown

_BAR = 16


def shown_parameters(facts: Facts, trial: TrialRow) -> tuple[Parameter, ...]:
    """The study's parameters, then those that only this trial has."""
    known = set(facts.parameters)
    return (*facts.space, *(Parameter(name) for name in trial.params if name not in known))


def place_in_range(definition: Mapping[str, Any], value: Any) -> float | None:
    """0 at the low end and 1 at the high one, on the scale it is sampled on; None where there is no range."""
    choices = definition.get("choices")
    if isinstance(choices, (list, tuple)):
        return choices.index(value) / max(len(choices) - 1, 1) if value in choices else None
    three = [definition.get("low"), definition.get("high"), value]
    numbers = [float(one) for one in three if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(numbers) < len(three):
        return None
    low, high, at = numbers
    if definition.get("log") and low > 0 and at > 0:
        low, high, at = log(low), log(high), log(at)
    return min(max((at - low) / (high - low), 0.0), 1.0) if high > low else None


def parameter_line(facts: Facts, trial: TrialRow, parameter: Parameter) -> Cells:
    """`lr        8.4e-2  ├───────────●──┤  1e-5 … 0.1 log`"""
    name_width = min(max((cell_len(harmless(name)) for name in (*facts.parameters, *trial.params)), default=4), 24)
    name = Cell(fit(parameter.name, name_width) + "  ", "muted")
    if parameter.name not in trial.params:
        return (name, Cell(unknown().ljust(10), "muted"), Cell("  not used by this trial", "muted"))
    value = trial.params[parameter.name]
    at = place_in_range(parameter.definition, value)
    return (
        name,
        Cell(fit(plain(value, 5), 10), "strong"),
        Cell("  " + (bar(at) if at is not None else " " * (_BAR + 2)), "info"),
        Cell(f"  {range_of(parameter.definition)}", "muted"),
    )


def bar(share: float) -> str:
    glyphs = current()
    at = round(share * (_BAR - 1))
    dot = "●" if glyphs.level == "braille" else "o"
    return glyphs.upright + glyphs.rule * at + dot + glyphs.rule * (_BAR - 1 - at) + glyphs.upright


def range_of(definition: Mapping[str, Any]) -> str:
    """`1e-5 … 0.1 log`, or the choices."""
    choices = definition.get("choices")
    if isinstance(choices, (list, tuple)):
        return " | ".join(plain(choice) for choice in choices)
    if "low" not in definition or "high" not in definition:
        return ""
    scale = " log" if definition.get("log") else ""
    return f"{plain(definition['low'])} … {plain(definition['high'])}{scale}"
