"""Parallel coordinates of all trials."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.message import Message

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane, Lines, said
from hptui.tui.review_keys import PARALLEL

if TYPE_CHECKING:
    from hptui.core.review.columns import Dimension
    from hptui.tui.views.axes import Axes


class ParallelPane(ChartPane):
    """The best trials as lines over all as shade. A brush on an axis becomes a filter: posts `Brushed`."""

    KEYS = PARALLEL
    BINDINGS: ClassVar[list[BindingType]] = bindings(PARALLEL)

    class Brushed(Message):
        def __init__(self, filter: str) -> None:
            super().__init__()
            self.filter = filter

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        from hptui.tui.views.axes import Axes

        self.axes: Axes = Axes()
        self._found: tuple[object, dict[str, Dimension]] | None = None

    def dimensions(self, material: Material) -> dict[str, Dimension]:
        from hptui.tui.views.axes import dimensions_of

        asked = (material.columns, material.facts)
        if self._found is None or self._found[0] != asked:
            self._found = (asked, dimensions_of(*asked))
            self.axes = self.axes.over(list(self._found[1]))
        return self._found[1]

    def heading(self, material: Material) -> str:
        from hptui.tui.views.parallel import best_rows, heading

        return heading(material, self.axes, best_rows(material, self.axes.top))

    def figure(self, material: Material, width: int, height: int) -> Lines:
        from hptui.tui.views.parallel import draw

        found = self.dimensions(material)
        if not len(material.columns):
            return said("no trial yet", width)
        if len(found) < 2:
            return said("this study has no parameters", width)
        return draw(material, found, self.axes, width, height, current()) or said("too small for axes", width)

    def _set(self, axes: Axes) -> None:
        self.axes = axes
        self.redraw()

    def _ready(self) -> bool:
        return self.material is not None and bool(self.dimensions(self.material))

    # --- keys -------------------------------------------------------------------------------------------------

    def action_choose_axis(self, by: int) -> None:
        if self._ready():
            self._set(self.axes.chosen(by))

    def action_shift_axis(self, by: int) -> None:
        if self._ready():
            self._set(self.axes.shifted(by))

    def action_turn(self) -> None:
        if self._ready():
            self._set(self.axes.turn())

    def action_log_scale(self) -> None:
        if self._ready():
            self._set(self.axes.toggle_log())

    def action_more(self, by: int) -> None:
        self._set(self.axes.more(by))

    def action_brush(self) -> None:
        """Begin with what the best trials have here; again: move the other end."""
        from hptui.tui.views.axes import begun, other_end
        from hptui.tui.views.parallel import best_rows

        if self.material is None or not self._ready():
            return
        if self.axes.brush is not None:
            self._set(other_end(self.axes))
            return
        dimension = self.dimensions(self.material)[self.axes.name]
        self._set(begun(self.axes, dimension, dimension.values[best_rows(self.material, self.axes.top)]))

    def action_move_end(self, by: int) -> None:
        from hptui.tui.views.axes import moved

        if self.material is not None and self._ready():
            self._set(moved(self.axes, self.dimensions(self.material)[self.axes.name], by))

    def action_keep(self) -> None:
        """The brush becomes a filter."""
        from hptui.tui.views.axes import brushed

        if self.material is None or self.axes.brush is None:
            return
        text = brushed(self.axes, self.dimensions(self.material)[self.axes.name], self.material.filter)
        self._set(replace(self.axes, brush=None))
        self.post_message(self.Brushed(text))

    def back(self) -> bool:
        """The brush is put away; False if there was none."""
        if self.axes.brush is None:
            return False
        self._set(replace(self.axes, brush=None))
        return True
