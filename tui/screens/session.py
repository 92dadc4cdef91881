"""What every screen of a session does: take snapshots, say things, copy, leave, show the menu of keys."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from textual.app import SuspendNotSupported
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer

from hptui.core.errors import HptuiError
from hptui.core.study.session import home
from hptui.core.wire.lock import scheduler_of
from hptui.tui import keys
from hptui.tui.attached import Attached
from hptui.tui.glyphs import harmless
from hptui.tui.panes.header import TextLine
from hptui.tui.screens.around import SAY_S, Around
from hptui.tui.snapshot import Snapshot
from hptui.tui.terminal import copy
from hptui.tui.views.cells import Cell
from hptui.tui.views.hints import hints_line

if TYPE_CHECKING:
    from hptui.tui.app import HptuiApp


class SessionScreen(Around):
    """`targets()` are the trials that keys are about; `show_snapshot` takes what the feed brought."""

    HINTS: Sequence[keys.Key] = (*keys.WISHES, *keys.LOOKING, *keys.AROUND)

    class Arrived(Message):
        """The feed has a new snapshot."""

    class Failed(Message):
        """A wish could not be written down."""

        def __init__(self, error: HptuiError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, attached: Attached | None) -> None:
        super().__init__()
        self._attached = attached
        self.snapshot = Snapshot()
        self._said: Cell | None = None
        self._said_timer: Timer | None = None

    # --- for the screens themselves ---------------------------------------------------------------------------

    @property
    def attached(self) -> Attached:
        assert self._attached is not None
        return self._attached

    @property
    def cockpit(self) -> HptuiApp:
        return cast("HptuiApp", self.app)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        raise NotImplementedError

    def on_session_screen_arrived(self) -> None:
        self.arrived(self.attached.feed.take())

    def arrived(self, snapshot: Snapshot) -> None:
        self.show_snapshot(snapshot)

    def show_again(self) -> None:
        """After panes came or went. Whatever is newest by then: a snapshot may have come in between."""
        self.show_snapshot(self.snapshot)

    def targets(self) -> tuple[int, ...]:
        """The marked trials, else the one under the cursor."""
        raise NotImplementedError

    def cursor(self) -> int | None:
        raise NotImplementedError

    @property
    def is_seen(self) -> bool:
        """Nothing but dialogs lies over it."""
        stack = self.app.screen_stack
        return self in stack and all(isinstance(above, ModalScreen) for above in stack[stack.index(self) + 1 :])

    def dead_keys(self) -> frozenset[str]:
        """Actions that do nothing now. A scheduler that died is no reason: pressing tells what to do then."""
        alive = self.snapshot.alive or not self.snapshot.finished
        return keys.disabled((keys.WISHES,), read_only=self.attached.read_only, alive=alive)

    def why_dead(self) -> str:
        if self.attached.read_only:
            return f"this screen only looks; hptui attach {self.attached.folder.name} changes it"
        return "this session is over; b gives it more trials, r tries one again"

    def show_hints(self) -> None:
        hints, said = self.query_one("#hints", TextLine), self._said
        if said is not None:
            hints.show(lambda width: (said,))
            return
        dead = self.dead_keys()
        hints.show(lambda width: hints_line(self.HINTS, width, dead))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if keys.opens_a_line(action) and self.being_typed():
            return False
        return None if self._attached is not None and action in self.dead_keys() else True

    def being_typed(self) -> bool:
        """Whether letters go into a line of text now."""
        return self.focused is not None and self.focused.check_consume_key("x", "x")

    # --- everything else --------------------------------------------------------------------------------------

    def of_thread(self, post: Callable[[], object]) -> None:
        """Post a message from a thread of this screen's, which may outlive it."""
        try:
            post()
        except RuntimeError:  # no app any more, or its event loop is closed: nobody is left to hear it
            if self.is_running:
                raise

    def say(self, text: str, severity: str = "information") -> None:
        """A word to the user, in place of the line of keys for a while. What does not fit there becomes a toast."""
        text = harmless(text)
        if cell_len(text) >= self.size.width:
            self.notify(text, severity=cast("Any", severity), timeout=SAY_S, markup=False)
            return
        self._said = Cell(text, {"warning": "warn bold", "error": "error bold"}.get(severity, "info bold"))
        if self._said_timer is not None:
            self._said_timer.stop()
        self._said_timer = self.set_timer(SAY_S, self.unsay)
        self.show_hints()

    def unsay(self) -> None:
        self._said = None
        self.show_hints()

    def action_copy_id(self) -> None:
        number = self.cursor()
        if number is not None:
            self.copied(str(number))

    def copied(self, text: str) -> None:
        self.say(copy(text, home(), self.app.copy_to_clipboard).say)

    def action_page_log(self) -> None:
        number = self.cursor()
        log = None if number is None else self.attached.folder.trial(number).log
        if log is None or not log.exists():
            self.say("this trial has printed nothing yet", "warning")
            return
        wanted = os.environ.get("PAGER", "")
        try:
            pager = shlex.split(wanted) or ["less"]
        except ValueError as error:
            self.say(f"PAGER is {wanted!r}: {error}", "error")
            return
        try:
            with self.app.suspend():
                subprocess.run([*pager, str(log)], check=False, env={**os.environ, "LESSSECURE": "1"})
        except (OSError, SuspendNotSupported) as error:
            self.say(f"{pager[0]}: {error or 'not possible on this terminal'}", "error")

    def action_leave(self) -> None:
        self.cockpit.leave(goes_on=scheduler_of(self.attached.folder.lock).alive)
