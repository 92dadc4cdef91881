"""What the bottom line says: five to eight keys, as many as there is room for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from hptui.tui.views.cells import Cell, Cells, squeeze


class Hint(Protocol):
    @property
    def action(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def shown(self) -> str: ...
    @property
    def rank(self) -> int | None: ...


def hints_line(keys: Sequence[Hint], width: int, disabled: Collection[str] = ()) -> Cells:
    """`space Pause  X Prune  …  ? Keys`; keys that do nothing here are left out."""
    parts: list[tuple[int, Cells]] = []
    for key in keys:
        if key.rank is not None and key.action.partition("(")[0] not in disabled:
            parts.append((key.rank, (Cell(key.shown, "series-0 bold"), Cell(f" {key.title}"))))
    return squeeze(parts, width)
