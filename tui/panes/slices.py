"""Each parameter against the metric."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import BindingType

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane, Lines, said
from hptui.tui.review_keys import SLICES


class SlicesPane(ChartPane):
    """One panel where there is room for one, a grid of them where there is more."""

    KEYS = SLICES
    BINDINGS: ClassVar[list[BindingType]] = bindings(SLICES)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at = 0
        self.ylog = False

    def heading(self, material: Material) -> str:
        from hptui.tui.views.slices import heading

        return heading(material, material.columns.dimensions, self.at)

    def figure(self, material: Material, width: int, height: int) -> Lines:
        from hptui.tui.views.slices import draw

        dimensions = material.columns.dimensions
        if not dimensions:
            return said("this study has no parameters", width)
        self.at = min(self.at, len(dimensions) - 1)
        lines = draw(material, dimensions, self.at, self.ylog, width, height, current())
        if lines:
            return lines
        return said("no value above 0: L for a linear axis" if self.ylog else "no trial is complete yet", width)

    def show_parameter(self, name: str) -> None:
        if self.material is not None:
            names = [one.name for one in self.material.columns.dimensions]
            self.at = names.index(name) if name in names else self.at
            self.redraw()

    def action_choose(self, by: int) -> None:
        if self.material is not None:
            self.at = max(0, min(self.at + by, len(self.material.columns.dimensions) - 1))
            self.redraw()

    def action_log_scale(self) -> None:
        self.ylog = not self.ylog
        self.redraw()
