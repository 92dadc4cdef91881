"""Curves of many trials in one pane. numpy comes with the first curve, after the first paint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hptui.tui.charts.axes import Axis, steady
from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, as_title, current, fit, harmless
from hptui.tui.panes.line_table import joined
from hptui.tui.theme import Brush, series_style

if TYPE_CHECKING:
    from hptui.tui.charts.band import Band

WIDE = 96  # cells from which curves carry a label at their end


@dataclass(frozen=True, eq=False)
class Series:
    """key: the trial's number. x, y: (n,) lists or arrays. style: a style name; "" is the trial's own colour."""

    key: int
    x: Any
    y: Any
    style: str = ""
    label: str = ""


class LinePlot(Widget, can_focus=True):
    """`show` may be called as often as one likes: only lines that read differently are painted.

    The x axis is fixed (0 to `x_max`), the y axis changes in steps, so most lines stay as they are. `L`
    switches the y axis between linear and log, `x` the x axis (from the first positive x on). The series in focus is
    white and on top.
    """

    DEFAULT_CSS = """
    LinePlot { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "log_scale", "Log scale", show=False, id="plot.log"),
        Binding("x", "log_steps", "Log steps", show=False, id="plot.xlog"),
    ]

    class Rescaled(Message):
        """A key changed an axis: the title may say so."""

    def __init__(
        self, *, ylog: bool = False, empty: str = "", glyphs: Glyphs | None = None,
        name: str | None = None, id: str | None = None, classes: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name=name, id=id, classes=classes)
        self.ylog, self.empty, self.title = ylog, empty, ""
        self.xlog = False
        self.hidden = 0  # points that have no place on the log axis
        self.off_scale = 0  # curves that leave the limits, which follow most of them
        self._titled = ""
        self._glyphs = glyphs
        self._series: tuple[Series, ...] = ()
        self._x_max: float | None = None
        self._focus: int | None = None
        self._band: Band | None = None
        self._marks: tuple[float, ...] = ()
        self._y_axis: Axis | None = None
        self._lines: list[tuple[Piece, ...]] | None = None
        self._strips: list[Strip | None] = []
        self._brush: Brush | None = None

    def show(
        self, series: Sequence[Series], x_max: float | None = None, focus: int | None = None, title: str = "",
        marks: Sequence[float] = (), band: Band | None = None,
    ) -> None:  # fmt: skip
        """Draw these series; the later lies over the earlier, the one whose key is `focus` over all.

        x_max: right end of the x axis; None fits the data. marks: x of rungs or milestones. band: shade
        behind. title: the border's title; the count of hidden points is added to it.
        """
        self._series, self._x_max, self._focus = tuple(series), x_max, focus
        self._marks, self._band, self.title = tuple(marks), band, title
        self._draw()

    def action_log_scale(self) -> None:
        self.ylog, self._y_axis = not self.ylog, None
        self._draw()
        self.post_message(self.Rescaled())

    def action_log_steps(self) -> None:
        self.xlog = not self.xlog
        self._draw()
        self.post_message(self.Rescaled())

    @property
    def steps(self) -> str:
        """What the x axis is called in a title."""
        return "steps · log" if self.xlog else "steps"

    # --- drawing ---

    def _draw(self) -> None:
        width, height = self.size
        if not self.is_mounted or width <= 0 or height <= 0 or not self.is_on_screen:
            self._lines = None  # drawn when it is seen
            self.refresh()
            return
        before, self._lines = self._lines, self._figure(width, height)
        self._retitle()
        if before is None or len(before) != len(self._lines):
            self._strips = [None] * len(self._lines)
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._lines, strict=True)) if old != new]
        for y in changed:
            self._strips[y] = None
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _figure(self, width: int, height: int) -> list[tuple[Piece, ...]]:
        self.hidden = self.off_scale = 0
        if not self._series:
            return self._said(self.empty, width, height)
        from numpy import asarray

        from hptui.tui.charts.figure import Curve, draw
        from hptui.tui.charts.reach import reach

        seen = reach([(s.x, s.y) for s in self._series], self._band, self.ylog)
        self.hidden, self.off_scale = seen.hidden, seen.off_scale
        if seen.low is None or seen.high is None:
            no_log = "every value is 0 or less: L for a linear axis"
            return self._said(no_log if self.hidden else self.empty, width, height)
        self._y_axis = steady(seen.low, seen.high, self.ylog, self._y_axis)
        right = self._x_max if self._x_max is not None and self._x_max > 0 else seen.right
        right = right if right > 0 and math.isfinite(right) else 1.0
        first = min((float(x[x > 0].min()) for s in self._series if ((x := asarray(s.x)) > 0).any()), default=right)
        x_axis = Axis(first, right, True) if self.xlog and first < right else Axis(0.0, right)
        curves = [
            Curve(s.x, s.y, self._style_of(s), harmless(s.label))
            for s in sorted(self._series, key=lambda s: s.key == self._focus)
        ]
        return draw(
            curves, x_axis, self._y_axis, width, height, self._glyphs or current(),
            band=self._band, marks=self._marks, labels=width >= WIDE,
        )  # fmt: skip

    def _style_of(self, series: Series) -> str:
        return "strong bold" if series.key == self._focus else series.style or series_style(series.key)

    def _said(self, text: str, width: int, height: int) -> list[tuple[Piece, ...]]:
        lines = [*text.split("\n"), *[""] * height][:height]
        return [(Piece(fit(f"  {line}" if line else "", width), "muted"),) for line in lines]

    def _retitle(self) -> None:
        """Setting a border's title repaints the pane, so only when it says something else."""
        title = self.title
        if title and self.hidden:
            title += f" ─ {self.hidden} ≤ 0 hidden"
        if title and self.off_scale:
            title += f" ─ {self.off_scale} off the scale"
        if title and title != self._titled:
            self._titled = title
            self.border_title = as_title(title)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self._brush is None:
            self._brush = Brush(self)
        if self._lines is None or len(self._lines) != height:
            self._lines, self._strips = self._figure(width, height), [None] * height
            self.call_after_refresh(self._retitle)
        strip = self._strips[y]
        if strip is None:
            brush = self._brush
            strip = joined([(p.text, brush(p.style, p.ground)) for p in self._lines[y]], width, brush())
            self._strips[y] = strip
        return strip

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._brush = None
        self._strips = [None] * len(self._strips)

    def on_resize(self) -> None:
        self._lines = None
        self._draw()
