"""What the line of tabs says. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hptui.tui.views.cells import Cell, Cells, cells, squeeze


def tabs_line(names: Sequence[str], current: str, filter: str, width: int, moment: str = "") -> Cells:
    """` 1 history  2 parallel  …`, those not chosen cut short where there is no room; moment: when not now."""
    at = list(names).index(current)
    more = len(filter) + 8 if filter else 0
    more += len(moment) + 2 if moment else 0
    room = sum(len(name) + 4 for name in names) + more <= width
    parts: list[tuple[int, Cells]] = []
    for place, name in enumerate(names):
        text = f"{place + 1} {name}" if room or place == at else f"{place + 1} {name[:4]}"
        style = "strong bold reverse" if place == at else "muted"
        parts.append((0 if place == at else 2 + abs(place - at), (Cell(f" {text} ", style),)))
    if moment:
        parts.append((0, cells((f" {moment} ", "paused bold"))))
    if filter:
        parts.append((1, cells(("filter ", "muted"), (filter, "warn"))))
    return squeeze(parts, width, gap="")
