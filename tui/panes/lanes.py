"""Who ran where and when: a line for each GPU or slot, idle gaps to be seen."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import BindingType

from hptui.tui.keys import bindings
from hptui.tui.panes.event_list import LineList
from hptui.tui.review_keys import LANES
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.lanes import axis_line, lane_line, timeline
from hptui.tui.views.numbers import count

SPANS = (None, 300.0, 1800.0, 7200.0, 28800.0)  # how far back, seconds; None: all that is known


class LanesPane(LineList):
    """`take` a snapshot; `T` looks less far back, then again at all."""

    TINTED = True
    KEYS = LANES
    BINDINGS: ClassVar[list[BindingType]] = bindings(LANES)

    def __init__(self, title: str = "lanes", **kwargs: Any) -> None:
        super().__init__(newest="", follow=False, empty="nothing has run yet", **kwargs)
        self.border_title = self._title = title
        self._snapshot = Snapshot()
        self._span = 0
        self._taken: object = None

    def take(self, snapshot: Snapshot) -> None:
        taken = (snapshot.trials, snapshot.events, int(snapshot.now), self._span, self.size.width)
        if self._taken == taken or not self.display:
            return
        self._taken, self._snapshot = taken, snapshot
        shown = timeline(snapshot, SPANS[self._span])
        width = self.scrollable_content_region.width
        lines = [lane_line(shown, at, width) for at in range(len(shown.lanes))]
        if lines:
            lines.append(axis_line(shown, width))
        self.show(range(len(lines)), lambda at: lines[at] if at < len(lines) else ())

    def resized(self) -> None:
        self.call_after_refresh(lambda: self.take(self._snapshot))

    def action_span(self) -> None:
        self._span = (self._span + 1) % len(SPANS)
        span = SPANS[self._span]
        self.entitle(self._title if span is None else f"{self._title} ─ the last {count(round(span / 60), 'minute')}")
        self.take(self._snapshot)
