"""What giving up early cut, and what it saved."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import BindingType

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import Lines, said
from hptui.tui.panes.computed import ComputedPane
from hptui.tui.review_keys import PRUNING
from hptui.tui.views.pruning import draw, head, heading, nothing


class PruningPane(ComputedPane):
    """A bar for each step at which somebody was held or cut; `j k` scroll."""

    KEYS = PRUNING
    BINDINGS: ClassVar[list[BindingType]] = bindings(PRUNING)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = 0

    def work(self, material: Material) -> Any:
        from hptui.core.review.pruning import best_of, pruning
        from hptui.core.store.reader import Reader

        rows, facts = list(material.snapshot.trials.rows()), material.facts
        best = best_of(rows, facts.sign)
        with Reader(material.folder) as reader:  # the winner's curve: the snapshot has only those that are on a chart
            points = reader.curve(best.number, facts.metric) if best else []
        return pruning(rows, facts.direction, facts.max_steps, points)

    def heading(self, material: Material) -> str:
        found = None if isinstance(self.answer, Exception) else self.answer
        return heading(found, material.facts.pruner)

    def figure(self, material: Material, width: int, height: int) -> Lines:
        if self.answer is None:
            return said("working out what pruning saved…", width)
        if isinstance(self.answer, Exception):
            return said(str(self.answer), width)
        if not self.answer.cuts:
            held = sum(row.state == "PAUSED" and row.why == "rung" for row in material.snapshot.trials.rows())
            return said(nothing(held, material.facts.pruner), width)
        room = height - len(head(self.answer, width)) - 1
        self.first = max(0, min(self.first, len(self.answer.cuts) - max(room, 1)))
        return draw(self.answer, self.first, width, height, current())

    def action_scroll(self, by: int) -> None:
        self.first += by
        self.redraw()
