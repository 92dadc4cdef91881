"""The metric over two parameters."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import BindingType

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane, Lines, said
from hptui.tui.review_keys import CONTOUR


class ContourPane(ChartPane):
    """`h l` change the parameter across, `j k` the one upwards."""

    KEYS = CONTOUR
    BINDINGS: ClassVar[list[BindingType]] = bindings(CONTOUR)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.across, self.up = -1, -1  # not chosen yet

    def take(self, material: Material | None) -> None:
        """At first the first two parameters that are numbers and always used, if there are two."""
        if material is not None and self.across < 0 and len(material.columns.dimensions) > 1:
            dimensions = material.columns.dimensions
            numbers = [at for at, one in enumerate(dimensions) if not one.choices and not one.conditional]
            self.across, self.up = (*numbers, *range(len(dimensions)))[:2] if len(numbers) > 1 else (0, 1)
        super().take(material)

    def heading(self, material: Material) -> str:
        from hptui.tui.views.contour import heading

        dimensions = material.columns.dimensions
        if len(dimensions) < 2:
            return "contour"
        return heading(material, dimensions[self.across], dimensions[self.up])

    def figure(self, material: Material, width: int, height: int) -> Lines:
        from hptui.tui.views.contour import draw

        dimensions = material.columns.dimensions
        if len(dimensions) < 2:
            return said("a contour needs two parameters", width)
        lines = draw(material, dimensions[self.across], dimensions[self.up], width, height, current())
        return lines or said("no complete trial has both parameters", width)

    def _next(self, at: int, by: int, other: int) -> int:
        """The next parameter that is not the other axis' one."""
        count = 0 if self.material is None else len(self.material.columns.dimensions)
        if count < 2:
            return at
        at = (at + by) % count
        return (at + by) % count if at == other else at

    def action_choose_across(self, by: int) -> None:
        self.across = self._next(self.across, by, self.up)
        self.redraw()

    def action_choose_up(self, by: int) -> None:
        self.up = self._next(self.up, by, self.across)
        self.redraw()
