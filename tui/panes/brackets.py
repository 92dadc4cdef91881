"""Rungs and brackets: who is held where, and what each waits for. Enter on a held trial posts `Chosen`."""

from __future__ import annotations

from typing import Any

from hptui.tui.panes.event_list import LineList
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cells
from hptui.tui.views.rungs import held_line, nothing_held, predicted, rung_line, rungs, saved_so_far


class BracketsPane(LineList):
    """A line for each rung, and under it one for each trial held there. A key below 0 is a rung's.

    Where curves are predicted, rungs say nothing: those held stand by what they are predicted to end with.
    """

    def __init__(self, title: str = "rungs", **kwargs: Any) -> None:
        super().__init__(newest="", follow=False, empty="no trial has come to a rung yet", **kwargs)
        self.border_title = self._title = title
        self._taken: object = None

    def take(self, snapshot: Snapshot) -> None:
        if self._taken is snapshot.trials or not self.display:
            return
        self._taken = snapshot.trials
        lines: dict[int, Cells] = {}
        for at, rung in enumerate(rungs(snapshot), 1):
            lines[-at] = rung_line(rung)
            lines |= {held.number: held_line(held, place) for place, held in enumerate(rung.held, 1)}
        lines = lines or predicted(snapshot)
        saved = saved_so_far(snapshot)
        self.entitle(f"{self._title} ─ {saved}" if saved else self._title)
        self.update_empty(nothing_held(snapshot))
        self.show(list(lines), lambda key: lines.get(key, ()))
