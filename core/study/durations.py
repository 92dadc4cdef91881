"""How long: "90 s", "1.5 h", "1h 30m" and "3 days" in seconds, and back."""

from __future__ import annotations

import math
import re

_UNITS = {
    "ms": 0.001,
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86400.0),
}
_PART = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)\s*,?", re.IGNORECASE)


def parse_duration(text: str | int | float) -> float:
    """Seconds. A bare number counts as seconds. Raises ValueError, with an example, for anything else."""
    if isinstance(text, (int, float)):
        if isinstance(text, bool) or not math.isfinite(text):
            raise ValueError(f"{text} is no duration: write it as in 90 s, 10 min or 1h 30m")
        return float(text)
    total, end = 0.0, 0
    while match := _PART.match(text, end):
        number, unit = match.groups()
        if unit.lower() not in _UNITS:
            raise ValueError(f'"{text}" is no duration: "{unit}" is no unit (ms, s, min, h, days, weeks)')
        total, end = total + float(number) * _UNITS[unit.lower()], match.end()
    if not end or text[end:].strip():
        unitless = re.fullmatch(r"\s*[\d.]+\s*", text) is not None
        hint = f"{text.strip()} s or {text.strip()} min" if unitless else "90 s, 10 min or 1h 30m"
        raise ValueError(f'"{text}" is no duration: write it as in {hint}')
    if not math.isfinite(total):
        raise ValueError(f'"{text[:20]}…" is too long: write it as in 90 s, 10 min or 1h 30m')
    return total


def format_duration(seconds: float) -> str:
    """Its two largest units: "0.4s", "42s", "5m 07s", "1h 05m", "3d 04h"; – when unknown."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    hours = round(seconds / 3600)
    return f"{hours // 24}d {hours % 24:02d}h"
