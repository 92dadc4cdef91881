"""A scrolling view that tells the terminal only what changed."""

from __future__ import annotations

from math import ceil
from typing import Any

from textual.geometry import Size
from textual.scroll_view import ScrollView

from hptui.tui.panes.painted import PaintedLines


class QuietScroll(ScrollView, PaintedLines):
    """A new row below the view costs nothing; neither does one above it, when the view moves along."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._thumb: tuple[int, int, int] | None = None

    def set_virtual_size(self, size: Size) -> None:
        """Set `virtual_size`; its watcher would lay out the screen and repaint all rows for each new one."""
        before, room = self.virtual_size, self.scrollable_content_region.height
        if before == size:
            return
        if not self.is_mounted or (before.height > room) != (size.height > room) or size.height < before.height:
            self.virtual_size = size  # the scrollbar comes or goes, or the view may have to move
        else:
            self.set_reactive(QuietScroll.virtual_size, size)
        self._move_thumb()

    def _move_thumb(self) -> None:
        """Tell the scrollbar of the rows and the position, unless its thumb would look the same."""
        room, rows = self.scrollable_content_region.height, self.virtual_size.height
        if not self.show_vertical_scrollbar or rows <= room:
            self._thumb = None
            return
        length = max(1.0, room * room / rows)
        thumb = (room, ceil(length * 8), int((room - length) * self.scroll_offset.y / (rows - room) * 8))
        if thumb != self._thumb:
            self._thumb = thumb
            self.vertical_scrollbar.window_virtual_size = rows
            self.vertical_scrollbar.position = self.scroll_y

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        # Textual would repaint all lines; where rows came in above, all lines may be as they were.
        self._move_thumb()
        if round(old_value) != round(new_value):
            self.repaint_changed()

    def watch_show_vertical_scrollbar(self) -> None:
        self.call_after_refresh(self.repaint_changed)  # the lines are narrower or wider now
