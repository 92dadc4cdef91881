"""Two objectives against each other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.message import Message

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane, Lines, said
from hptui.tui.review_keys import FRONT

if TYPE_CHECKING:
    from hptui.tui.views.scatter import Scatter


class FrontPane(ChartPane):
    """`h l` go along the front, enter posts `Opened`; `j k` change which two objectives, where there are more."""

    KEYS = FRONT
    BINDINGS: ClassVar[list[BindingType]] = bindings(FRONT)

    class Opened(Message):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chosen: int | None = None
        self.logs = (False, False)
        self._pair = 0
        self._found: tuple[object, Scatter] | None = None

    def _scatter(self, material: Material) -> Scatter:
        from hptui.tui.views.scatter import scatter

        asked = (material.columns, material.filter)
        if self._found is None or self._found[0] != asked:
            self._found = (asked, scatter(material))
        return self._found[1]

    def _axes(self, material: Material) -> tuple[int, int]:
        """Which objective is across, which upwards."""
        pairs = list(combinations(range(len(material.facts.goals)), 2))
        return pairs[self._pair % len(pairs)]

    def heading(self, material: Material) -> str:
        from hptui.tui.views.scatter import heading

        if not material.facts.also:
            return "front"
        return heading(material, self._scatter(material), *self._axes(material), self.logs)

    def figure(self, material: Material, width: int, height: int) -> Lines:
        from hptui.tui.views.scatter import draw

        if not material.facts.also:
            return said("this session has one objective: there is no front", width)
        found = self._scatter(material)
        if self.chosen is None and len(found.front):
            self.chosen = int(found.number[found.front[0]])
        lines = draw(material, found, *self._axes(material), self.logs, self.chosen, width, height, current())
        if lines:
            return lines
        no_log = "every value is 0 or less: L and x for linear axes"
        return said(no_log if any(self.logs) else "no trial that is shown has completed with all objectives", width)

    def action_along(self, by: int) -> None:
        if self.material is None or not self.material.facts.also:
            return
        found = self._scatter(self.material)
        across, _ = self._axes(self.material)
        front = [int(found.number[at]) for at in sorted(found.front, key=lambda at: found.values[at, across])]
        if front:
            at = front.index(self.chosen) + by if self.chosen in front else 0
            self.chosen = front[max(0, min(at, len(front) - 1))]
            self.redraw()

    def action_open(self) -> None:
        if self.chosen is not None:
            self.post_message(self.Opened(self.chosen))

    def action_pair(self, by: int) -> None:
        self._pair += by
        self.redraw()

    def action_log_scale(self) -> None:
        self.logs = (self.logs[0], not self.logs[1])
        self.redraw()

    def action_log_across(self) -> None:
        self.logs = (not self.logs[0], self.logs[1])
        self.redraw()
