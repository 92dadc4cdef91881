"""Stepping through the ledger: `[ ]` one event, `{ }` to the next best or failure."""

from __future__ import annotations

from functools import partial

from textual.message import Message

from hptui.core.errors import HptuiError
from hptui.tui.orders import CHANGING, Order
from hptui.tui.screens.ordering import Ordering
from hptui.tui.snapshot import Snapshot
from hptui.tui.travel import Past


class Travelling(Ordering):
    """`now` is the newest snapshot; `snapshot` is what is shown of it, at event `index` of the ledger or now (None)."""

    now: Snapshot
    past: Past | None = None
    index: int | None = None
    _opening = False

    class Remembered(Message):
        """The ledger was read, and the key that asked for it may do its work."""

        def __init__(self, past: Past | HptuiError, action: str, by: int) -> None:
            super().__init__()
            self.past, self.action, self.by = past, action, by

    def show_moment(self, snapshot: Snapshot) -> None:
        raise NotImplementedError

    def moment(self) -> str:
        """`event 1234/5678`; "" for now."""
        if self.index is None or self.past is None:
            return ""
        return f"event {self.index + 1}/{len(self.past)}"

    def action_travel(self, by: int) -> None:
        if self.past is None:
            self._remember("travel", by)
            return
        last = len(self.past) - 1
        at = (last + 1 if self.index is None else self.index) + by
        self.go_to(None if at > last else max(at, 0))

    def action_jump(self, by: int) -> None:
        if self.past is None:
            self._remember("jump", by)
            return
        here = len(self.past) if self.index is None else self.index
        found = self.past.jump(self.now, here, by)
        if found is not None:
            self.go_to(found)
        elif by > 0:
            self.go_to(None)
        else:
            news = "trial that joined the front" if self.now.facts.also else "new best"
            self.say(f"no {news} and no failure before this event")

    def go_to(self, index: int | None) -> None:
        """Show the session after an event, or now."""
        self.index = index if self.past is not None and len(self.past) else None
        if self.index is None:
            self.forget_past()
            self.show_moment(self.now)
        elif self.past is not None:
            self.show_moment(self.past.at(self.now, self.index))

    def forget_past(self) -> None:
        """The ledger of a live session grows: it is read anew the next time."""
        if self.past is not None and self.now.alive:
            self.past.close()
            self.past = None

    def _remember(self, action: str, by: int) -> None:
        if not self._opening:
            self._opening = True
            self.run_worker(partial(self._read, action, by), thread=True, exit_on_error=False)

    def _read(self, action: str, by: int) -> None:
        try:
            past: Past | HptuiError = Past(self.attached.folder)
        except HptuiError as error:
            past = error
        self.post_message(self.Remembered(past, action, by))

    def on_travelling_remembered(self, message: Remembered) -> None:
        self._opening = False
        if isinstance(message.past, HptuiError):
            self.say(message.past.problem, "error")
            return
        self.past = message.past
        (self.action_travel if message.action == "travel" else self.action_jump)(message.by)

    def on_unmount(self) -> None:
        if self.past is not None:
            self.past.close()

    def obey(self, order: Order) -> None:
        if self.index is not None and order.verb in CHANGING:
            self.say(f"{order.verb}: this is the past; esc goes back to now", "warning")
            return
        super().obey(order)
