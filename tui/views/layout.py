"""Which panes are seen at which size. Pure."""

from __future__ import annotations

SMALLEST = (40, 12)
TWO_COLUMNS = 100  # from this width on, a second column stands on the right
ONE_PANE = 20  # below this height there is room for one pane
LEFT = ("trials", "curves", "log", "rungs", "lanes")
RIGHT = ("devices", "decisions", "best")
PANES = ("trials", "curves", "devices", "decisions", "best", "log", "rungs", "lanes")


def too_small(width: int, height: int) -> str:
    """What to say when there is no room; "" when there is."""
    if width >= SMALLEST[0] and height >= SMALLEST[1]:
        return ""
    return f"{width}x{height} is too small: need {SMALLEST[0]}x{SMALLEST[1]}"


def panes_shown(width: int, height: int, lower: str, zoomed: str | None) -> frozenset[str]:
    """lower: the pane beside the table that was asked for last (under it, on a narrow terminal)."""
    if zoomed is not None:
        return frozenset({zoomed})
    if height < ONE_PANE:
        return frozenset({"trials"})
    if width < TWO_COLUMNS:
        return frozenset({"trials", lower})
    return frozenset({"trials", lower if lower in LEFT[1:] else "curves", *RIGHT})


def trial_panes_shown(width: int, height: int, lower: str, zoomed: str | None) -> frozenset[str]:
    """The same for the screen of one trial."""
    if zoomed is not None:
        return frozenset({zoomed})
    if width >= TWO_COLUMNS and height >= 30:
        return frozenset({"parameters", "curves", "decisions", "log"})
    if height < ONE_PANE:
        return frozenset({lower})
    return frozenset({"parameters", lower} if lower != "parameters" else {"parameters", "curves"})
