"""The best complete trials, above them those that are ahead without having ended; with several objectives the front."""

from __future__ import annotations

from typing import Any

from hptui.tui.panes.event_list import LineList
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.ahead import ahead, ahead_line
from hptui.tui.views.best import best_line
from hptui.tui.views.front import front_line, front_title


class BestPane(LineList):
    """Keys are trial numbers; enter posts `Chosen`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(newest="first", follow=True, empty="no trial has completed yet", **kwargs)
        self.border_title = "5 best"

    def take(self, snapshot: Snapshot) -> None:
        if snapshot.facts.also:
            self.entitle(f"5 {front_title(snapshot)}")
            self.show(snapshot.best, lambda number: front_line(snapshot, number))
        else:
            going = ahead(snapshot)
            self.entitle("5 best ─ ~ so far" if going else "5 best")
            self.show(
                (*going, *snapshot.best),
                lambda number: ahead_line(snapshot, number) if number in going else best_line(snapshot, number),
            )
