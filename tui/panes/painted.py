"""Lines that are painted again only when they read differently."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from hptui.tui.theme import Brush


class PaintedLines(Widget):
    """A widget by lines. `line_state(y)` is everything the look of a line depends on, `line_of(state)` the line.

    Textual sends a dirty line whole and never compares it with what the terminal shows, so this does.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._painted: dict[int, tuple[Hashable, Strip | None]] = {}
        self._brush: Brush | None = None

    def line_state(self, y: int) -> Hashable:
        raise NotImplementedError

    def line_of(self, y: int, state: Hashable) -> Strip:
        raise NotImplementedError

    @property
    def brush(self) -> Brush:
        if self._brush is None:
            self._brush = Brush(self)
        return self._brush

    def render_line(self, y: int) -> Strip:
        state = self.line_state(y)
        before, strip = self._painted.get(y, (None, None))
        if strip is None or before != state:
            strip = self.line_of(y, state)
            self._painted[y] = (state, strip)
        return strip

    def repaint_changed(self) -> None:
        """Paint the lines that read differently now. A hidden pane goes on: Textual shows the lines it kept."""
        if not self.is_mounted:
            return
        width, height = self.scrollable_content_region.size
        changed = [
            Region(0, y, width, 1)
            for y in range(height)
            if (painted := self._painted.get(y)) is None or painted[0] != self.line_state(y)
        ]
        if changed:
            self.refresh(*changed)

    def forget_painted(self) -> None:
        self._painted.clear()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._brush = None
        # What was said stays known: Textual tells of styles that change nothing here, and does not repaint then.
        self._painted = {y: (state, None) for y, (state, _) in self._painted.items()}
