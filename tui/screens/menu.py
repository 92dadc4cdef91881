"""The menu of `?`: every key of the pane in focus; typing narrows it, enter does one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from hptui.tui.glyphs import fit
from hptui.tui.keys import place
from hptui.tui.panes.event_list import LineList
from hptui.tui.views.cells import Cell, Cells


@dataclass(frozen=True, slots=True)
class Entry:
    keys: str
    title: str
    about: str
    action: str
    node: DOMNode
    enabled: bool

    def matches(self, text: str) -> bool:
        words = f"{self.keys} {self.title} {self.about}".casefold()
        return all(word in words for word in text.casefold().split())


def entries(screen: Screen[Any]) -> list[Entry]:
    """What keys do now, each action once: what is done to trials and sessions first, then how one moves."""
    found: dict[tuple[int, str], Entry] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.system or not binding.description or binding.action.startswith(("app.focus", "screen.")):
            continue
        key = screen.app.get_key_display(binding)
        where = (id(active.node), binding.action)
        if where in found:
            old = found[where]
            key = f"{old.keys} {key}" if key not in old.keys.split() else old.keys
        found[where] = Entry(
            key, binding.description, binding.tooltip or "", binding.action, active.node, active.enabled
        )
    return sorted(found.values(), key=lambda entry: (not entry.enabled, place(entry.action), not entry.about))


class MenuScreen(ModalScreen[Entry | None]):
    """Dismisses with the entry to do, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back", show=False),
        Binding("down,ctrl+n", "move(1)", "Down", show=False),
        Binding("up,ctrl+p", "move(-1)", "Up", show=False),
        Binding("pagedown,ctrl+d", "move(8)", "Page down", show=False),
        Binding("pageup,ctrl+u", "move(-8)", "Page up", show=False),
    ]
    DEFAULT_CSS = """
    MenuScreen { align: center middle; }
    MenuScreen > Vertical { width: 90; max-width: 96%; height: 80%; background: $panel; border: round $accent; }
    MenuScreen Input { border: none; height: 1; padding: 0 1; background: $panel; }
    MenuScreen LineList { height: 1fr; background: $panel; }
    MenuScreen Static { height: 2; padding: 0 1; }
    """

    def __init__(self, found: list[Entry]) -> None:
        super().__init__()
        self._all = self._shown = found

    def compose(self) -> ComposeResult:
        box = Vertical()
        box.border_title = "keys: type to find, enter does it, esc goes back"
        with box:
            line = Input(placeholder="find a key", compact=True)
            line.cursor_blink = False
            yield line
            yield _Entries(newest="", follow=False, empty="no key does that here")
            yield Static(markup=False)  # a narrow screen has no room for it in the entry's line

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._show()

    def _show(self) -> None:
        shown = self._shown
        wide = max((len(entry.keys) for entry in shown), default=4)
        self.query_one(_Entries).show(range(len(shown)), lambda at: entry_line(shown[at], wide))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._shown = [entry for entry in self._all if entry.matches(event.value)]
        self._show()
        self.query_one(_Entries).action_go_first()
        self._explain()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose(self.query_one(_Entries).cursor_key)

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        self._choose(event.key)

    def on_line_list_moved(self, _: LineList.Moved) -> None:
        self._explain()

    def _explain(self) -> None:
        """Beneath the list: all that the entry under the cursor does."""
        at = self.query_one(_Entries).cursor_key
        self.query_one(Static).update(said(self._shown[at]) if at is not None and at < len(self._shown) else "")

    def _choose(self, at: int | None) -> None:
        if at is not None and at < len(self._shown) and self._shown[at].enabled:
            self.dismiss(self._shown[at])

    def action_move(self, by: int) -> None:
        self.query_one(_Entries).action_go_by(by)

    def action_cancel(self) -> None:
        self.dismiss(None)


class _Entries(LineList):
    """Its cursor is seen while the line above it has the focus."""

    @property
    def ground(self) -> str:
        return "cursor"


def said(entry: Entry) -> str:
    return entry.about if entry.enabled else f"not now: {entry.about}"


def entry_line(entry: Entry, wide: int) -> Cells:
    style = "" if entry.enabled else "muted"
    return (
        Cell(" " + fit(entry.keys, min(wide, 20)) + "  ", "series-0 bold" if entry.enabled else "muted"),
        Cell(fit(entry.title, 16) + "  ", style),
        Cell(said(entry), "muted"),
    )
