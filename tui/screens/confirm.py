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

from hptui.tui.glyphs import harmless


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
