"""What the user wishes, on its way: into the session's mailbox, then waited for until the ledger answers."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hptui.core.errors import HptuiError
from hptui.core.store.rows import CommandRow, TrialRow
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.tui.deeds import Deed, Deeds, Request, said_of
from hptui.tui.snapshot import Snapshot

ANSWER_S = 5.0  # without an answer for this long, the user is told so
EFFECT_S = 30.0  # heeded, and yet nothing to be seen of it: the row shows what is instead


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish on its way. token: ours, counting up. id: the mailbox's, None until it is written down."""

    token: int
    wish: Wish
    trial: int | None
    at: float
    id: int | None = None
    heeded: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """Wishes under way, oldest first. Pure."""

    asked: tuple[Asked, ...] = ()

    def shown(self) -> Mapping[int, str]:
        """Trial -> its latest wish: rows show at once what was asked for."""
        return {one.trial: one.wish.value for one in self.asked if one.trial is not None}

    def written(self, token: int, id: int) -> Pending:
        return Pending(tuple(replace(one, id=id) if one.token == token else one for one in self.asked))

    def without(self, token: int) -> Pending:
        return Pending(tuple(one for one in self.asked if one.token != token))

    def settled(self, snapshot: Snapshot, at: float) -> tuple[Pending, tuple[str, ...]]:
        """What is still open, and what to tell the user: refusals and silences."""
        if not self.asked:
            return self, ()
        answers = {event.data.get("command"): event for event in snapshot.events[-500:]}
        still: list[Asked] = []
        told: list[str] = []
        for one in self.asked:
            answer = answers.get(one.id) if one.id is not None else None
            if answer is not None and answer.kind == "refused":
                told.append(answer.reason or f"{one.wish.value} was refused")
            elif answer is not None or one.heeded:
                if (
                    one.trial is not None
                    and not _seen(one.wish, snapshot.trials.get(one.trial))
                    and at - one.at < EFFECT_S
                ):
                    still.append(replace(one, heeded=True))
            elif at - one.at < ANSWER_S:
                still.append(one)
            else:
                whom = "" if one.trial is None else f" trial {one.trial}"
                told.append(f"no answer yet to: {one.wish.value}{whom}")
        return (self if tuple(still) == self.asked else Pending(tuple(still))), tuple(told)


def _seen(wish: Wish, trial: TrialRow | None) -> bool:
    """Whether the wish has come true, as far as the trial's row tells."""
    if trial is None or trial.ended_at is not None:
        return True
    match wish:
        case Wish.PAUSE:
            return trial.state == "PAUSED"
        case Wish.RESUME:
            return trial.state == "RUNNING" or trial.resume_wanted
        case Wish.PRUNE:
            return trial.why == "undo"
        case Wish.UNDO:
            return trial.why != "undo"
        case _:
            return True


class Control:
    """Writes wishes one after the other from a thread of its own: the database may be busy, the keys may not.

    failed: called from that thread with the error of a wish that could not be written down.
    """

    def __init__(self, folder: SessionFolder, failed: Callable[[HptuiError], object]) -> None:
        self.folder = folder
        self.pending = Pending()
        self._failed = failed
        self.deeds = Deeds()
        self._tokens = 0
        self._ids: dict[int, int] = {}  # token -> the mailbox's number
        self._lock = threading.Lock()
        self._mail: queue.SimpleQueue[tuple[int, CommandRow]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def wish(self, request: Request, at: float, back: tuple[Request, ...] = ()) -> None:
        """Ask for it; `pending` has it from now on. back: what takes it back, for `u`."""
        tokens = self._send(request, at)
        if back or request.wish is Wish.ENQUEUE:
            self.deeds = self.deeds.did(Deed(said_of(request), (request,), back, tokens))

    def take_back(self, at: float) -> str:
        """Undo the latest deed of this screen; returns what is being done, in words.

        With nothing to undo here, asks the scheduler to undo the latest prune, which another screen may have made.
        """
        self.deeds, deed = self.deeds.taken_back()
        if deed is None:
            self._send(Request(Wish.UNDO, (None,)), at)
            return "taking back the latest prune"
        for request in deed.back or self._back_of_points(deed):
            self._send(request, at)
        return f"taking back: {deed.said}"

    def do_again(self, at: float) -> str:
        """What was taken back last, again."""
        self.deeds, deed = self.deeds.done_again()
        if deed is None:
            return "nothing was taken back"
        tokens = [token for request in deed.done for token in self._send(request, at)]
        self.deeds = self.deeds.again_as(tuple(tokens))
        return f"again: {deed.said}"

    def _back_of_points(self, deed: Deed) -> list[Request]:
        ids = [self._ids[token] for token in deed.tokens if token in self._ids]
        return [Request(Wish.UNDO, (None,), {"command": id_}) for id_ in ids]

    def wait_written(self, patience_s: float = 2.0) -> None:
        """Until all that was asked is in the mailbox. For threads that may wait."""
        end = time.monotonic() + patience_s
        while any(one.id is None for one in self.pending.asked) and time.monotonic() < end:
            time.sleep(0.01)

    def settle(self, snapshot: Snapshot, at: float) -> tuple[str, ...]:
        """Take the ledger's answers; returns what the user should be told."""
        with self._lock:
            self.pending, told = self.pending.settled(snapshot, at)
        if told:
            refused = {event.data.get("command") for event in snapshot.events[-500:] if event.kind == "refused"}
            for token in [token for token, id_ in self._ids.items() if id_ in refused]:
                self.deeds = self.deeds.without(token)
        return told

    def _send(self, request: Request, at: float) -> tuple[int, ...]:
        who = f"screen {os.environ.get('USER', '')}".strip()
        tokens = []
        for number in request.trials:
            self._tokens += 1
            tokens.append(self._tokens)
            with self._lock:
                self.pending = Pending((*self.pending.asked, Asked(self._tokens, request.wish, number, at)))
            self._mail.put((self._tokens, CommandRow(request.wish.value, number, dict(request.args), who, at)))
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver, name="hptui-wishes", daemon=True)
            self._thread.start()
        return tuple(tokens)

    def _deliver(self) -> None:
        from hptui.core.store.mailbox import post

        while True:
            token, command = self._mail.get()
            try:
                id_ = post(self.folder, command)
            except HptuiError as error:
                with self._lock:
                    self.pending = self.pending.without(token)
                self._failed(error)
            else:
                with self._lock:
                    self.pending = self.pending.written(token, id_)
                    self._ids[token] = id_
