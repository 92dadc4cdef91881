"""The ledger of decisions, the latest first, every sentence in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len

from hptui.core.store.rows import EventRow, TrialRow
from hptui.tui.glyphs import harmless
from hptui.tui.panes.event_list import LineList
from hptui.tui.views.cells import Cell, Cells
from hptui.tui.views.events import decisions, event_line

_PARTS = 64  # a sentence is cut after this many lines


class DecisionsPane(LineList):
    """`take(events)` shows them; a sentence longer than the pane goes on in the next line. Enter posts `Chosen`.

    Keys are event ids times `_PARTS`, plus the line of the sentence; `event_of` gives the event back.
    """

    def __init__(self, title: str = "", *, comings: bool = False, trial: bool = True, **kwargs: Any) -> None:
        super().__init__(newest="first", follow=True, empty="no decisions yet", **kwargs)
        self._comings, self._with_trial = comings, trial
        self._events: dict[int, EventRow] = {}
        self._lines: dict[int, tuple[Cells, ...]] = {}
        self._given: tuple[EventRow, ...] = ()
        self._trials: Mapping[int, TrialRow] = {}
        self._taken: tuple[tuple[EventRow, ...], int] | None = None  # what the lines are of, and how wide
        if title:
            self.border_title = title

    def take(self, events: tuple[EventRow, ...], trials: Mapping[int, TrialRow]) -> None:
        self._given, self._trials = events, trials
        self.resized()

    def resized(self) -> None:
        """Break the sentences for this width; none while the pane is not seen."""
        events, trials, width = self._given, self._trials, self.scrollable_content_region.width
        if width <= 0 or (self._taken is not None and self._taken[0] is events and self._taken[1] == width):
            return
        if self._taken is None or self._taken[1] != width:
            self._lines.clear()
        self._taken = (events, width)
        shown = list(events) if self._comings else decisions(events)
        self._events = {event.id: event for event in shown}
        self._lines = {event.id: self._lines.get(event.id) or self._wrapped(event, trials, width) for event in shown}
        keys = [e.id * _PARTS + part for e in reversed(shown) for part in range(len(self._lines[e.id]))]
        self.show(keys, self._part)

    def event_of(self, key: int) -> EventRow | None:
        return self._events.get(key // _PARTS)

    def _part(self, key: int) -> Cells:
        lines = self._lines.get(key // _PARTS, ())
        return lines[key % _PARTS] if key % _PARTS < len(lines) else ()

    def _wrapped(self, event: EventRow, trials: Mapping[int, TrialRow], width: int) -> tuple[Cells, ...]:
        first = event_line(event, trials, trial=self._with_trial)
        lead = sum(cell_len(cell.text) for cell in first[:-1])
        parts = wrapped(harmless(first[-1].text), max(width - lead, 8))[:_PARTS]
        indent = Cell(" " * lead)
        return ((*first[:-1], Cell(parts[0])), *((indent, Cell(part, "muted")) for part in parts[1:]))


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken between words where there are any; at least one line."""
    lines, line, used = [], "", 0
    for word in text.split(" "):
        room = cell_len(word)
        if line and used + 1 + room > width:
            lines.append(line)
            line, used = "", 0
        while room > width:
            head = _head(word, width)
            lines.append(head)
            word = word[len(head) :]
            room = cell_len(word)
        line, used = (f"{line} {word}", used + 1 + room) if line else (word, room)
    return [*lines, line] if line or not lines else lines


def _head(word: str, width: int) -> str:
    used = 0
    for at, char in enumerate(word):
        used += cell_len(char)
        if used > width:
            return word[: max(at, 1)]
    return word
