"""The line at the bottom in which filters and commands are typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

Complete = Callable[[str], str | None]


class Prompt(Input):
    """`ask(kind, …)` shows it; posts `Typed` while one types, `Entered` for enter and `Left` for esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", show=False),
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "earlier(-1)", "Earlier", show=False),
        Binding("down", "earlier(1)", "Later", show=False),
    ]
    DEFAULT_CSS = """
    Prompt { height: 1; border: none; padding: 0 1; background: $panel; }
    """

    class Typed(Message):
        def __init__(self, kind: str, text: str) -> None:
            super().__init__()
            self.kind, self.text = kind, text

    class Entered(Typed):
        pass

    class Left(Typed):
        pass

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(compact=True, select_on_focus=False, id=id)
        self.display = False
        self.cursor_blink = False  # a blinking cursor is bytes for ever
        self.kind = ""
        self._complete: Complete = lambda text: None
        self._history: dict[str, list[str]] = {}

    def ask(self, kind: str, sign: str, text: str, hint: str, complete: Complete) -> None:
        """kind: comes back in the messages. sign: the key that opened it. hint: stands there while it is empty."""
        self.kind, self._complete = kind, complete
        self.suggester = _Suggest(complete)
        self.placeholder = f"{sign} {hint}"
        self.display = True
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text)
        # at once, and not with `focus()`, which waits its turn: what is typed next must not act on the table
        self.screen.set_focus(self)

    def close(self) -> None:
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self.kind, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        past = self._history.setdefault(self.kind, [])
        if text:
            past[:] = [one for one in past if one != text] + [text]
        self.post_message(self.Entered(self.kind, text))

    def action_leave(self) -> None:
        self.post_message(self.Left(self.kind, self.value))

    def action_complete(self) -> None:
        found = self._complete(self.value)
        if found is not None:
            self.value = found
            self.cursor_position = len(found)

    def action_earlier(self, by: int) -> None:
        """Through what was entered before; past the latest, an empty line."""
        past = self._history.get(self.kind, [])
        at = (past.index(self.value) if self.value in past else len(past)) + by
        if 0 <= at <= len(past):
            self.value = past[at] if at < len(past) else ""
            self.cursor_position = len(self.value)


class _Suggest(Suggester):
    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)
