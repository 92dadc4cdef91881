"""Each parameter against the metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from hptui.tui.charts.piece import Piece
from hptui.tui.facts import written_study
from hptui.tui.glyphs import current, fit
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane, Lines, said
from hptui.tui.review_keys import SLICES

if TYPE_CHECKING:
    from hptui.core.review.isolation import Isolated


class SlicesPane(ChartPane):
    """One panel where there is room for one, a grid of them where there is more."""

    KEYS = SLICES
    BINDINGS: ClassVar[list[BindingType]] = bindings(SLICES)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at = 0
        self.ylog = False
        self.isolated = False
        self._asked: tuple[str, ...] | None = None
        self._found: tuple[object, str, list[Isolated]] = (None, "", [])  # of which columns and parameter
        self._combined: tuple[object, list[Isolated]] = (None, [])

    def heading(self, material: Material) -> str:
        from hptui.tui.views import isolation
        from hptui.tui.views.slices import heading

        if self.isolated and material.columns.dimensions:
            name = material.columns.dimensions[min(self.at, len(material.columns.dimensions) - 1)].name
            asked = name in self._scientific(material)
            return isolation.heading(name, self._isolate(material, name), material.facts.metric, asked)
        return heading(material, material.columns.dimensions, self.at)

    def figure(self, material: Material, width: int, height: int) -> Lines:
        from hptui.tui.views.slices import draw

        dimensions = material.columns.dimensions
        if not dimensions:
            return said("this study has no parameters", width)
        self.at = min(self.at, len(dimensions) - 1)
        if self.isolated:
            from hptui.core.review.rounds import difference
            from hptui.tui.views import isolation

            found = self._isolate(material, dimensions[self.at].name)
            told = difference(found, material.facts.sign)
            lines = isolation.draw(found, told, width, height, current())
            together = self._together(material, dimensions[self.at].name)
            below = isolation.draw(together, difference(together, material.facts.sign), width, height, current())
            fits = bool(together) and len(lines) + len(below) + 2 <= height
            named = f"  {isolation.beside(self._scientific(material))}"
            return [*lines, (), (Piece(fit(named, width), "muted"),), *below] if fits else lines
        lines = draw(material, dimensions, self.at, self.ylog, width, height, current())
        if lines:
            return lines
        return said("no value above 0: L for a linear axis" if self.ylog else "no trial is complete yet", width)

    def _isolate(self, material: Material, name: str) -> list[Isolated]:
        from hptui.core.review.isolation import isolate

        if self._found[:2] != (material.columns, name):
            self._found = (material.columns, name, isolate(material.columns, name))
        return self._found[2]

    def _together(self, material: Material, name: str) -> list[Isolated]:
        """The combinations of what the study asks about, where this parameter is one of several."""
        from hptui.core.review.isolation import isolate_together

        asked = self._scientific(material)
        known = {one.name for one in material.columns.dimensions}
        if name not in asked or len(asked) < 2 or not known.issuperset(asked):
            return []
        if self._combined[0] is not material.columns:
            self._combined = (material.columns, isolate_together(material.columns, asked))
        return self._combined[1]

    def _scientific(self, material: Material) -> tuple[str, ...]:
        """What the study asks about; read once."""
        if self._asked is None:
            told = written_study(material.folder).get("round")
            names = told.get("scientific") if isinstance(told, dict) else None
            self._asked = tuple(names) if isinstance(names, list) else ()
        return self._asked

    def action_isolate(self) -> None:
        """Begins with what the study asks about."""
        self.isolated = not self.isolated
        if self.isolated and self.material is not None:
            names = [one.name for one in self.material.columns.dimensions]
            asked = [name for name in self._scientific(self.material) if name in names]
            if asked and names[min(self.at, len(names) - 1)] not in asked:
                self.at = names.index(asked[0])
        self.redraw()

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
