"""A question before something that can't be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from hptui.tui.glyphs import as_title, harmless


@dataclass(frozen=True, slots=True)
class Answer:
    """letter: the only key that gives this answer."""

    letter: str
    title: str
    value: str


class ConfirmScreen(ModalScreen[str | None]):
    """Dismisses with the value of the answer whose letter was pressed. Enter, esc, space, q and anything else that
    a hand hits by accident is Cancel: the key that asked must never be the key that confirms."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,n,space", "cancel", "Cancel", show=False),
    ]
    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; }
    ConfirmScreen > Vertical {
        width: 64; max-width: 96%; height: auto; padding: 1 2; background: $panel; border: round $error;
    }
    ConfirmScreen Static { height: auto; }
    ConfirmScreen #question { text-style: bold; }
    ConfirmScreen #details { color: $text-muted; }
    ConfirmScreen #answers { margin-top: 1; }
    """

    def __init__(self, question: str, answers: Sequence[Answer], details: Sequence[str] = ()) -> None:
        super().__init__()
        self._question, self._answers, self._details = question, tuple(answers), tuple(details)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(harmless(self._question), id="question", markup=False)
            yield Static("\n".join(harmless(line) for line in self._details), id="details", markup=False)
            lines = [f"  {answer.letter}      {answer.title}" for answer in self._answers]
            yield Static("\n".join([*lines, "▸ enter  Cancel"]), id="answers", markup=False)

    def on_key(self, event: Key) -> None:
        chosen: Any = next((a for a in self._answers if a.letter == (event.character or event.key)), None)
        if chosen is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(chosen.value)

    def action_cancel(self) -> None:
        self.dismiss(None)


class PickScreen(ModalScreen[str | None]):
    """One of several harmless things: its letter picks it, enter the one marked, anything else leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Cancel", show=False),
        Binding("enter", "take", "Take", show=False),
        Binding("down,j,tab", "go(1)", "Down", show=False),
        Binding("up,k,shift+tab", "go(-1)", "Up", show=False),
    ]
    DEFAULT_CSS = """
    PickScreen { align: center middle; }
    PickScreen > Static {
        width: 64; max-width: 96%; height: auto; padding: 1 2; background: $panel; border: round $accent;
    }
    """

    def __init__(self, title: str, answers: Sequence[Answer], marked: str) -> None:
        super().__init__()
        self._title, self._answers = title, tuple(answers)
        self._at = next((at for at, answer in enumerate(self._answers) if answer.value == marked), 0)

    def compose(self) -> ComposeResult:
        box = Static("", markup=False)
        box.border_title = as_title(self._title)
        yield box

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        lines = [f"{'▸' if at == self._at else ' '} {a.letter}  {a.title}" for at, a in enumerate(self._answers)]
        self.query_one(Static).update("\n".join(map(harmless, lines)))

    def on_key(self, event: Key) -> None:
        chosen = next((a for a in self._answers if a.letter == event.character), None)
        if chosen is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(chosen.value)

    def action_go(self, by: int) -> None:
        self._at = (self._at + by) % len(self._answers)
        self._show()

    def action_take(self) -> None:
        self.dismiss(self._answers[self._at].value)

    def action_cancel(self) -> None:
        self.dismiss(None)
