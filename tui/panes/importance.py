"""Which parameters matter."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.message import Message

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import Lines, said
from hptui.tui.panes.computed import ComputedPane
from hptui.tui.review_keys import IMPORTANCE
from hptui.tui.views.importance import draw, heading


class ImportancePane(ComputedPane):
    """Bars with intervals; enter on one posts `Chosen` with the parameter's name."""

    KEYS = IMPORTANCE
    BINDINGS: ClassVar[list[BindingType]] = bindings(IMPORTANCE)

    class Chosen(Message):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chosen = ""

    def work(self, material: Material) -> Any:
        from hptui.core.review.importance import importance

        return importance(material.columns)

    def about(self, material: Material) -> Hashable:
        """Complete trials alone: a report of one that runs changes nothing."""
        return int(material.columns.complete.sum()), tuple(one.name for one in material.columns.dimensions)

    def heading(self, material: Material) -> str:
        return heading(None if isinstance(self.answer, Exception) else self.answer)

    def figure(self, material: Material, width: int, height: int) -> Lines:
        if self.answer is None:
            return said("working out which parameters matter…", width)
        if isinstance(self.answer, Exception):
            return said(str(self.answer), width)
        if self.chosen not in self._names():
            self.chosen = self._names()[0]
        return draw(self.answer, self.chosen, width, height, current())

    def _names(self) -> list[str]:
        return [effect.names[0] for effect in getattr(self.answer, "main", ())]

    def action_choose(self, by: int) -> None:
        names = self._names()
        if names:
            at = names.index(self.chosen) if self.chosen in names else 0
            self.chosen = names[max(0, min(at + by, len(names) - 1))]
            self.redraw()

    def action_open(self) -> None:
        if self.chosen:
            self.post_message(self.Chosen(self.chosen))
