"""How the search came along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane, Lines, said
from hptui.tui.review_keys import HISTORY

if TYPE_CHECKING:
    from hptui.core.review.history import By, History


class HistoryPane(ChartPane):
    """Every ended trial and the best so far; `x` changes what it is measured by."""

    KEYS = HISTORY
    BINDINGS: ClassVar[list[BindingType]] = bindings(HISTORY)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        from hptui.core.review.history import By

        self.by: By = By.TRIALS
        self.ylog = False
        self._found: tuple[object, History] | None = None

    def _history(self, material: Material) -> History:
        from hptui.core.review.history import history

        asked = (material.columns, self.by, material.facts.created_at)
        if self._found is None or self._found[0] != asked:
            self._found = (asked, history(*asked))
        return self._found[1]

    def heading(self, material: Material) -> str:
        from hptui.tui.views.history import heading

        return heading(material, self._history(material), self.by, self.ylog)

    def figure(self, material: Material, width: int, height: int) -> Lines:
        from hptui.tui.views.history import draw

        lines = draw(material, self._history(material), self.by, width, height, current(), self.ylog)
        if lines:
            return lines
        no_log = "every value is 0 or less: L for a linear axis"
        return said(no_log if self.ylog else "no trial has ended with a value yet", width)

    def action_axis(self) -> None:
        self.by = self.by.next()
        self.redraw()

    def action_log_scale(self) -> None:
        self.ylog = not self.ylog
        self.redraw()
