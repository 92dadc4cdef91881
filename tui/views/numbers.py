"""Numbers, times and texts as the screen writes them. Pure. Unknown is `–`, never `nan` and never `None`."""

from __future__ import annotations

from datetime import datetime
from math import isfinite, log10
from typing import Any

from hptui.tui.glyphs import current, harmless


def unknown() -> str:
    return current().unknown


def number(value: float | None, digits: int = 4) -> str:
    """At most about `digits` figures: `0.1829`, `12.34`, `8.8e-5`, `1200`."""
    if value is None or value != value:
        return unknown()
    if isinstance(value, int) and value.bit_length() > 1023:  # beyond every float
        return f"{'-' if value < 0 else ''}1e{value.bit_length() * log10(2):.0f}"
    if not isfinite(value):
        return ("" if value > 0 else "-") + ("inf" if current().level == "ascii" else "∞")
    if isinstance(value, int) and abs(value) < 10**7:
        return str(value)
    size = abs(value)
    if size == 0:
        return "0"
    if size < 10**-2 or size >= 10**5:
        mantissa, exponent = f"{value:.{max(digits - 2, 1)}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    if size >= 10 ** (digits - 1):
        return f"{value:.0f}"
    whole = len(str(int(size))) if size >= 1 else 0
    return f"{value:.{max(digits - whole, 1) if whole else digits}f}"


def plain(value: Any, digits: int = 3) -> str:
    """A parameter's value, of any JSON kind, short."""
    match value:
        case None:
            return unknown()
        case bool():
            return "yes" if value else "no"
        case int():
            return number(value)
        case float():
            text = number(value, digits)
            mantissa, e, exponent = text.partition("e")
            return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + e + exponent
        case str():
            shown = harmless(value)
            return shown if shown.strip() else f'"{shown}"'  # nothing would look like no value
    return harmless(str(value))


def duration(seconds: float | None) -> str:
    """`8s`, `4m12s`, `2h14m`, `3d04h`."""
    if seconds is None or not isfinite(seconds) or seconds < 0:
        return unknown()
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def age(seconds: float | None) -> str:
    """Like `duration`, one unit only: what changes as rarely as it can."""
    if seconds is None or not isfinite(seconds):
        return unknown()
    whole = max(int(seconds), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%H:%M:%S}"


def day(at: float | None) -> str:
    return f"{datetime.fromtimestamp(at):%Y-%m-%d}" if at else unknown()


def size(n: int | None) -> str:
    """Bytes as `140K`, `512M` or `61G`."""
    if n is None:
        return unknown()
    if n >= 10 * 2**30:
        return f"{n / 2**30:.0f}G"
    if 0 < n < 2**20:
        return f"{n / 2**10:.0f}K"
    return f"{n / 2**30:.1f}G" if n >= 2**30 else f"{n / 2**20:.0f}M"


def percent(share: float | None) -> str:
    return unknown() if share is None or share != share else f"{100 * share:.0f}%"


def count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
