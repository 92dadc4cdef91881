"""A chart of everything at once: `take` a material, draw it as lines of pieces, paint the lines that differ."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar, cast

from textual.binding import BindingType
from textual.strip import Strip

from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import as_title, fit, wrapped
from hptui.tui.material import Material
from hptui.tui.panes.line_table import joined
from hptui.tui.panes.painted import PaintedLines

Lines = list[tuple[Piece, ...]]


class DrawnPane(PaintedLines, can_focus=True):
    """`redraw` asks for the lines again; those that read differently are painted."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._lines: Lines | None = None
        self._titled = ""

    def lines(self, width: int, height: int) -> Lines:
        """At most `height` lines of `width` cells. Called on the screen's own time: nothing slow here."""
        raise NotImplementedError

    def title_text(self) -> str:
        return ""

    def redraw(self) -> None:
        self._lines = None
        if self.is_mounted and self.size.area:
            self._retitle()
            self.repaint_changed()

    def drawn(self) -> Lines:
        width, height = self.size
        if self._lines is None or len(self._lines) != height:
            self._lines = [*self.lines(width, height), *[()] * height][:height]
        return self._lines

    def _retitle(self) -> None:
        """Setting a border's title repaints the pane, so only when it says something else."""
        title = self.title_text()
        if title and title != self._titled:
            self._titled = title
            self.border_title = as_title(title)

    def line_state(self, y: int) -> Hashable:
        return self.size.width, self.drawn()[y] if y < self.size.height else ()

    def line_of(self, y: int, state: Hashable) -> Strip:
        width, pieces = cast("tuple[int, tuple[Piece, ...]]", state)
        brush = self.brush
        return joined([(piece.text, brush(piece.style, piece.ground)) for piece in pieces], width, brush())

    def on_resize(self) -> None:
        self.forget_painted()
        self.redraw()


class ChartPane(DrawnPane):
    """A pane says what it draws in `figure` and what stands above it in `heading`; both read `self.material`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.material: Material | None = None

    def figure(self, material: Material, width: int, height: int) -> Lines:
        raise NotImplementedError

    def heading(self, material: Material) -> str:
        raise NotImplementedError

    def take(self, material: Material | None) -> None:
        """None: it is still being read."""
        self.material = material
        self.redraw()

    def lines(self, width: int, height: int) -> Lines:
        return said("reading the trials…") if self.material is None else self.figure(self.material, width, height)

    def title_text(self) -> str:
        return "" if self.material is None else self.heading(self.material)


def said(text: str, width: int = 0, style: str = "muted") -> Lines:
    """Words instead of a chart."""
    if not width:
        return [(Piece(f"  {line}", style),) for line in text.split("\n")]
    return [(Piece(fit(f"  {line}", width), style),) for line in wrapped(text, width - 3)]
