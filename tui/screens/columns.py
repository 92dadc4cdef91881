"""Which columns the table of trials shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from hptui.tui.glyphs import harmless
from hptui.tui.panes.event_list import LineList
from hptui.tui.views.cells import Cell, Cells
from hptui.tui.views.trials import Title


class ColumnsScreen(ModalScreen[frozenset[str] | None]):
    """Dismisses with the keys of the columns to hide, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,c,q", "done", "Done", show=False, priority=True),
        Binding("space", "flip", "Show or hide", show=False),
        Binding("a", "all", "All", show=False),
    ]
    DEFAULT_CSS = """
    ColumnsScreen { align: center middle; }
    ColumnsScreen > Vertical { width: 54; max-width: 96%; height: 80%; background: $panel; border: round $accent; }
    ColumnsScreen LineList { height: 1fr; background: $panel; }
    """

    def __init__(self, titles: Sequence[Title], hidden: frozenset[str]) -> None:
        super().__init__()
        self._titles = [title for title in titles if title.key not in ("mark", "id")]  # these are always there
        self._hidden = set(hidden)

    def compose(self) -> ComposeResult:
        box = Vertical()
        box.border_title = "columns: space shows or hides, a all, enter done"
        with box:
            yield LineList(newest="", follow=False)

    def on_mount(self) -> None:
        self._show()
        self.query_one(LineList).focus()

    def _show(self) -> None:
        hidden = frozenset(self._hidden)
        self.query_one(LineList).show(range(len(self._titles)), lambda at: column_line(self._titles[at], hidden))

    def action_flip(self) -> None:
        at = self.query_one(LineList).cursor_key
        if at is not None:
            self._hidden ^= {self._titles[at].key}
            self._show()
            self.query_one(LineList).action_go_by(1)

    def action_all(self) -> None:
        self._hidden = set()
        self._show()

    def action_done(self) -> None:
        self.dismiss(frozenset(self._hidden))


def column_line(title: Title, hidden: frozenset[str]) -> Cells:
    off = title.key in hidden
    shade = "muted" if off else ""
    return (Cell(" · " if off else " x ", shade or "good"), Cell(harmless(title.title), shade))
