"""What tables and lists share: rows asked for when seen, a cursor on a key, lines painted when they differ."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from hptui.tui.glyphs import current, fit, wrapped
from hptui.tui.panes.quiet_scroll import QuietScroll

if TYPE_CHECKING:
    from textual import events

Cell = str | tuple[str, str]
"""Text, or (text, style name)."""
Line = tuple[Cell, ...]
End = Literal["first", "last", ""]


def no_line(key: int) -> Line:
    return ()


class Rows(QuietScroll, can_focus=True):
    """Nothing is kept per row. `show` may be called as often as one likes: only lines that read differently
    are painted.

    The cursor belongs to a key, so rows that arrive or leave elsewhere never move it to another row. A jump
    to the end at which new rows arrive (`newest`) follows that end until the cursor is moved.
    """

    HEADER: ClassVar[int] = 0  # lines pinned at the top

    DEFAULT_CSS = """
    Rows { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "go_by(1)", "Down", show=False, id="rows.down"),
        Binding("k,up", "go_by(-1)", "Up", show=False, id="rows.up"),
        Binding("g,home", "go_first", "First", show=False, id="rows.first"),
        Binding("G,end", "go_last", "Last", show=False, id="rows.last"),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False, id="rows.page_down"),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="rows.page_up"),
        Binding("enter", "choose", "Open", show=False, id="rows.choose"),
    ]

    class Moved(Message):
        """The cursor is on another key (None: there are no rows)."""

        def __init__(self, rows: Rows, key: int | None) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            return self.rows

    class Chosen(Message):
        """Enter, or a double click, on the row of `key`."""

        def __init__(self, rows: Rows, key: int) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            return self.rows

    def __init__(
        self, *, empty: str = "", newest: End = "last", follow: bool = False,
        name: str | None = None, id: str | None = None, classes: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name=name, id=id, classes=classes)
        self.empty = empty
        self.newest: End = newest
        self.following = follow
        self._keys: Sequence[int] = ()
        self._line: Callable[[int], Line] = no_line
        self._at = 0  # position of the cursor's key in _keys
        self._cursor: int | None = None

    # --- data ---

    @property
    def cursor_key(self) -> int | None:
        """The key under the cursor; None when there are no rows."""
        return self._cursor

    @property
    def keys(self) -> Sequence[int]:
        return self._keys

    def show(self, keys: Sequence[int], line: Callable[[int], Line]) -> None:
        """Take the row order and the function that reads a row. `keys` must not be changed afterwards."""
        top, before, was_seen = self.scroll_offset.y, self._at, self._is_seen(self._at)
        held = self._cursor
        self._keys, self._line = keys, line
        self._place_cursor()
        self.set_virtual_size(Size(0, len(keys) + self.HEADER))
        if was_seen or self.following:
            # Scrolled away from the top, the cursor's row keeps its line on the screen; at the top, new rows
            # show.
            target = top + self._at - before if top and held == self._cursor and not self.following else top
            self._scroll(self._top_that_shows(self._at, target))
        self.repaint_changed()
        if self._cursor != held and self.is_mounted:
            self.post_message(self.Moved(self, self._cursor))

    def update_empty(self, text: str) -> None:
        """What stands in the pane while there are no rows."""
        self.empty = text
        self.repaint_changed()

    def move_to(self, key: int) -> bool:
        """Put the cursor on a key; False if it is not among the rows."""
        at = self._find(key, self._at)
        if at is None:
            return False
        self._go(at)
        return True

    def _place_cursor(self) -> None:
        count = len(self._keys)
        if not count:
            self._cursor, self._at = None, 0
            return
        if self.following:
            at: int | None = 0 if self.newest == "first" else count - 1
        else:
            at = None if self._cursor is None else self._find(self._cursor, self._at)
        if at is None:
            at = min(self._at, count - 1)
        self._at, self._cursor = at, int(self._keys[at])

    def _find(self, key: int, near: int) -> int | None:
        keys: Any = self._keys
        if near < len(keys) and keys[near] == key:
            return near
        if hasattr(keys, "nonzero"):  # a numpy array, without importing numpy
            places = (keys == key).nonzero()[0]
            return int(places[0]) if len(places) else None
        try:
            return cast("int", keys.index(key))
        except ValueError:
            return None

    # --- painting ---

    def line_strip(self, key: int, cells: Line, width: int, here: bool) -> Strip:
        """One row in `width` cells; `here`: the cursor is on it."""
        raise NotImplementedError

    def header_strip(self, width: int) -> Strip:
        raise NotImplementedError

    def row_state(self, key: int) -> Hashable:
        """What else a row's look depends on."""
        return None

    def header_state(self) -> Hashable:
        return None

    @property
    def ground(self) -> str:
        """The name of the cursor line's background."""
        return "cursor" if self.has_focus else "cursor-blurred"

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _room(self) -> int:
        """Rows that fit."""
        return max(0, self.scrollable_content_region.height - self.HEADER)

    def line_state(self, y: int) -> Hashable:
        """Everything the look of line `y` depends on, to compare with what was painted."""
        if y < self.HEADER:
            return ("header", self._width, self.header_state())
        at = y - self.HEADER + self.scroll_offset.y
        if at < len(self._keys):
            key = int(self._keys[at])
            here = self.ground if key == self._cursor else ""
            return (key, self._line(key), here, self._width, self.row_state(key))
        if not self._keys_are_empty():
            return None
        lines = wrapped(self.empty, self._width - 3)
        return ("empty", lines[y - self.HEADER] if y - self.HEADER < len(lines) else "", self._width)

    def _keys_are_empty(self) -> bool:
        return len(self._keys) == 0

    def line_of(self, y: int, state: Any) -> Strip:
        width = self._width
        if state is None:
            return Strip([Segment(" " * width, self.brush())], width)
        if state[0] == "header":
            return self.header_strip(width)
        if state[0] == "empty":
            return Strip([Segment(fit(f"  {state[1]}", width, cut=current().cut), self.brush("muted"))], width)
        return self.line_strip(state[0], state[1], width, bool(state[2]))

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self.repaint_changed()

    def on_resize(self) -> None:
        self.forget_painted()
        if len(self._keys):
            self._scroll(self._top_that_shows(self._at, self.scroll_offset.y))
        self.resized()

    def resized(self) -> None:
        """For panes whose lines depend on their width: it may be another one."""

    def watch_show_vertical_scrollbar(self) -> None:
        super().watch_show_vertical_scrollbar()
        self.call_after_refresh(self.resized)

    # --- moving ---

    def _is_seen(self, at: int) -> bool:
        return 0 <= at - self.scroll_offset.y < self._room

    def _top_that_shows(self, at: int, top: int) -> int:
        """The first row of a window that contains row `at`, moved from `top` as little as possible."""
        room = max(1, self._room)
        top = min(max(top, at - room + 1), at)
        return max(0, min(top, len(self._keys) - room))

    def _scroll(self, top: int) -> None:
        if top != self.scroll_offset.y and self.is_mounted:
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def _go(self, at: int, follow: bool = False) -> None:
        if not len(self._keys):
            return
        self.following = follow
        at = max(0, min(len(self._keys) - 1, at))
        held, self._at, self._cursor = self._cursor, at, int(self._keys[at])
        self._scroll(self._top_that_shows(at, self.scroll_offset.y))
        self.repaint_changed()
        if self._cursor != held and self.is_mounted:
            self.post_message(self.Moved(self, self._cursor))

    def action_go_by(self, rows: int) -> None:
        self._go(self._at + rows)

    def action_go_first(self) -> None:
        self._go(0, follow=self.newest == "first")

    def action_go_last(self) -> None:
        self._go(len(self._keys) - 1, follow=self.newest == "last")

    def action_page(self, pages: int) -> None:
        self._go(self._at + pages * max(1, self._room - 1))

    def action_choose(self) -> None:
        if self._cursor is not None:
            self.post_message(self.Chosen(self, self._cursor))

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        if spot is None:
            return
        if spot.y < self.HEADER:
            self.header_clicked(spot.x)
            return
        at = spot.y - self.HEADER + self.scroll_offset.y
        if at < len(self._keys):
            self._go(at)
            if event.chain == 2:
                self.action_choose()

    def header_clicked(self, x: int) -> None:
        """A click `x` cells from the left of the header."""
