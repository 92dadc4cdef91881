"""What the line of tabs says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hptui.tui.views.cells import Cell, Cells, cells, squeeze


def tabs_line(
    names: Sequence[str], current: str, filter: str, width: int, moment: str = "", without: Collection[str] = ()
) -> Cells:
    """` 1 history  2 parallel  …`, those not chosen cut short where there is no room; moment: when not now.

    without: tabs in which there is nothing to see here; their digits stay theirs.
    """
    at = list(names).index(current)
    more = len(filter) + 8 if filter else 0
    more += len(moment) + 2 if moment else 0
    listed = [(place, name) for place, name in enumerate(names) if name not in without or place == at]
    room = sum(len(name) + 4 for _, name in listed) + more <= width
    parts: list[tuple[int, Cells]] = []
    for place, name in listed:
        text = f"{(place + 1) % 10} {name if room or place == at else name[:4]}"
        style = "strong bold reverse" if place == at else "muted"
        parts.append((0 if place == at else 2 + abs(place - at), (Cell(f" {text} ", style),)))
    if moment:
        parts.append((0, cells((f" {moment} ", "paused bold"))))
    if filter:
        parts.append((1, cells(("filter ", "muted"), (filter, "warn"))))
    return squeeze(parts, width, gap="")
