"""What is done to sessions in the list: noted, renamed, deleted, compared."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from textual.message import Message

from hptui.core.errors import HptuiError, SessionError
from hptui.core.store.library import SessionSummary, remove, rename, size_bytes
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish
from hptui.core.study.remarks import note_of, tags_of
from hptui.core.study.session import SessionFolder
from hptui.tui.screens.around import Around
from hptui.tui.screens.confirm import Answer, ConfirmScreen
from hptui.tui.views.numbers import count, size
from hptui.tui.views.sessions import counted

if TYPE_CHECKING:
    from hptui.tui.app import HptuiApp

MOST_COMPARED = 4


class Shelf(Around):
    """`targets()`: the marked sessions, else the one under the cursor."""

    read_only = False

    class Said(Message):
        """Something to tell the user, from a thread."""

        def __init__(self, text: str, severity: str = "information") -> None:
            super().__init__()
            self.text, self.severity = text, severity

    class Done(Message):
        """Sessions were changed: look again."""

    def targets(self) -> Sequence[SessionSummary]:
        raise NotImplementedError

    def on_shelf_said(self, message: Said) -> None:
        self.say(message.text, message.severity)

    def _in_thread(self, act: Callable[[], str]) -> None:
        """A folder may be large and a disk slow: `act` says in a word what it did."""

        def run() -> None:
            try:
                self.post_message(self.Said(act()))
            except HptuiError as error:
                hint = f" ({error.hint})" if error.hint else ""
                self.post_message(self.Said(f"{error.where}: {error.problem}{hint}", "error"))
            except OSError as error:
                self.post_message(self.Said(str(error), "error"))
            self.post_message(self.Done())

        self.run_worker(run, thread=True, group="shelf", exit_on_error=False)

    # --- keys -------------------------------------------------------------------------------------------------

    def compare(self) -> bool:
        """Two to four marked sessions beside each other; False when none are marked."""
        marked = self.targets()
        if len(marked) < 2:
            return False
        if len(marked) > MOST_COMPARED:
            self.say(f"{len(marked)} are marked: 2 to {MOST_COMPARED} can be compared; v unmarks one", "warning")
            return True
        cast("HptuiApp", self.app).open_compare([SessionFolder(one.path) for one in marked])
        return True

    def action_remark(self) -> None:
        from hptui.tui.screens.notes import notes_form, notes_of

        chosen = [one for one in self.targets() if one.state != "broken"]
        if not chosen:
            if self.targets():
                self.say("what can't be read can't be noted", "warning")
            return
        several = len(chosen) > 1
        who = f"{len(chosen)} marked sessions" if several else chosen[0].name
        remarks = {} if several else chosen[0].remarks

        def send(texts: dict[str, str] | None) -> None:
            if texts is not None:
                args = notes_of(texts, several=several)
                self._in_thread(lambda: _note(chosen, args))

        self.app.push_screen(notes_form(who, note_of(remarks), tags_of(remarks), several=several), send)

    def action_rename(self) -> None:
        from hptui.tui.screens.form import Checked, Field, FormScreen

        chosen = self.targets()
        if len(chosen) > 1:
            self.say(f"{len(chosen)} are marked: one is renamed at a time; esc unmarks them", "warning")
        if len(chosen) != 1:
            return
        one = chosen[0]

        def check(texts: dict[str, str]) -> Checked:
            # not Path.exists: it raises for a name that is too long
            taken = os.path.exists(one.path.parent / texts["name"]) and texts["name"] != one.name
            return Checked({"name": "there is one of this name already"} if taken else {}, ready=bool(texts["name"]))

        def send(texts: dict[str, str] | None) -> None:
            if texts is not None and texts["name"] != one.name:
                self._in_thread(lambda: f"{one.name} is {rename(SessionFolder(one.path), texts['name']).name} now")

        fields = [Field("name", "name", one.name, "letters, digits, . - _")]
        self.app.push_screen(FormScreen(f"another name for {one.name}", fields, check, "renames it"), send)

    def action_delete(self) -> None:
        """Asks with what is lost, and how much room it takes."""
        chosen = list(self.targets())
        if any(one.alive for one in chosen):
            self.say("a session that is live can't be deleted: stop it first (enter, then K)", "warning")
        elif chosen:
            self.run_worker(lambda: self._weigh(chosen), thread=True, group="shelf", exit_on_error=False)

    def _weigh(self, chosen: list[SessionSummary]) -> None:
        sizes = [size_bytes(SessionFolder(one.path)) for one in chosen]
        self.app.call_from_thread(self._ask_delete, chosen, sizes)

    def _ask_delete(self, chosen: list[SessionSummary], sizes: list[int]) -> None:
        lines = [f"{one.name}: {counted(one.counts) or 'no trials'}, {size(n)}" for one, n in zip(chosen, sizes, strict=True)]  # fmt: skip # noqa: E501
        lines = [*lines[:10], *([f"and {len(lines) - 10} more"] if lines[10:] else [])]
        what = count(len(chosen), "session")
        lines.append("With their trials, logs and checkpoints; there is no way back.")
        answer = Answer("d", f"Delete {what}, {size(sum(sizes))}", "yes")

        def send(said: str | None) -> None:
            if said == "yes":
                self._in_thread(lambda: _delete(chosen, sum(sizes)))

        self.app.push_screen(ConfirmScreen(f"Delete {what}?", [answer], lines), send)


def _delete(chosen: Sequence[SessionSummary], freed: int) -> str:
    for one in chosen:
        remove(SessionFolder(one.path))
    return f"deleted {count(len(chosen), 'session')}, {size(freed)} are free again"


def _note(chosen: Sequence[SessionSummary], args: dict[str, object]) -> str:
    from hptui.core.scheduler.remarking import remark_at_rest
    from hptui.core.store.mailbox import post

    who = f"screen {os.environ.get('USER', '')}".strip()
    for one in chosen:
        folder = SessionFolder(one.path)
        if not os.access(folder.path, os.W_OK):
            raise SessionError(one.name, "this folder can't be written")
        post(folder, CommandRow(Wish.NOTE.value, None, dict(args), who, time.time()))
        remark_at_rest(folder, time.time())
    return f"noted of {count(len(chosen), 'session')}"
