"""What every event is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hptui.core.store.rows import EventRow


@dataclass(frozen=True, slots=True)
class Event:
    at: float

    def row(self) -> EventRow | None:
        """Its line in the ledger."""
        return None

    def line(self, kind: str, reason: str, **data: Any) -> EventRow:
        """A ledger line about its trial, if it has one."""
        return EventRow(self.at, kind, getattr(self, "number", None), reason, data)
