"""The scheduler's side of its thinker: a process that runs `sampler.ask`, so that no thought delays a report.

Nothing here waits. The scheduler watches `fileno()` and calls `receive()` when it is readable; that also
writes what did not fit into the socket, and starts the thinker again when it has died.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hptui.core.scheduler.one_thread import THREADS
from hptui.core.scheduler.thinker_wire import (
    Answer,
    Asked,
    AskFor,
    Begin,
    Broken,
    LookAt,
    Noticed,
    Observed,
    OutOfPoints,
    SpaceIs,
    ToThinker,
    Unframer,
    framed,
)
from hptui.core.search.observe import Observation, PastTrials
from hptui.core.study.study import Chosen, Goal

_BATCH = 500  # observations in one message when everything is told again
_CLOSE_PATIENCE_S = 1.0


class Thinker:
    """One thinker. It is started again when it dies; dying again before any answer makes asks `Broken`."""

    def __init__(self, begin: Begin, log: int | None) -> None:
        self._begin = begin
        self._definitions = begin.definitions
        self._log = log
        self._known: dict[int, Observation] = {}
        self._asked: dict[int, None] = {}  # not answered yet, oldest first
        self._deaths = 0  # in a row, without an answer in between
        self._decoder = msgspec.msgpack.Decoder(Answer)
        # The one descriptor to watch: it stays the same over restarts, and is also ready when the socket has
        # room again for what could not be written.
        self._epoll = select.epoll()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._unsent = bytearray()
        self._unframer = Unframer()

    @staticmethod
    def start(
        space_definitions: Mapping[str, Any],
        chosen: Chosen,
        seed: int,
        *,
        grows: bool | None = None,
        goals: Sequence[Goal] = (Goal("value"),),
        pasts: Sequence[PastTrials] = (),
        pruner: Chosen | None = None,
        max_steps: int | None = None,
        log: int | None = None,
    ) -> Thinker:
        """A running thinker.

        pruner, max_steps: of the study; the sampler learns from curves where the pruner has a model of them.
        grows: the objective defines its space as it runs (`set_space`). None: when the space is empty.
        log: descriptor that the process writes its own words to; None for nowhere.
        """
        growing = not space_definitions if grows is None else grows
        begin = Begin(
            dict(space_definitions), chosen, seed, growing, tuple(goals), tuple(pasts),
            pruner or Chosen(name="none"), max_steps,
        )  # fmt: skip
        thinker = Thinker(begin, log)
        thinker._spawn()
        return thinker

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def fileno(self) -> int:
        """Readable when `receive` has something to do. The same for the thinker's whole life."""
        return self._epoll.fileno()

    def observe(self, observation: Observation) -> None:
        """Tell what is new about one trial.

        A proposed point is only known after it was observed (PENDING): do so before the next ask.
        """
        self._known[observation.number] = observation
        self._send(Observed([observation]))

    def set_space(self, definitions: Mapping[str, Any]) -> None:
        """The space has grown. definitions: all parameters, the new ones last (`Space.extend`).

        Earlier points count as having none of the new.
        """
        self._definitions = dict(definitions)
        self._send(SpaceIs(self._definitions))

    def ask(self, number: int) -> None:
        """Ask for trial `number`'s point; the answer comes through `receive`."""
        self._asked[number] = None
        if self._process is None:  # it was given up; this is a new wish
            self._deaths = 0
            self._spawn()
        else:
            self._send(AskFor(number))

    def look_at(self, folder: str, max_steps: int | None) -> None:
        """Ask for the red flags of the session in `folder`; lost when the thinker dies over it."""
        self._send(LookAt(folder, max_steps))

    def receive(self) -> list[Answer]:
        """The answers that have come in; does not wait."""
        self._flush()
        answers: list[Answer] = []
        while self._socket is not None:
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                break
            except ConnectionError:
                data = b""
            if not data:
                answers += self._died()
                continue
            for body in self._unframer.feed(data):
                answers += self._take(self._decoder.decode(body))
        return answers

    def close(self) -> None:
        """End the process and wait for it."""
        self._hang_up()
        self._epoll.close()

    def _take(self, answer: Answer) -> list[Answer]:
        self._deaths = 0
        if isinstance(answer, Noticed):
            return [answer]
        if isinstance(answer, Asked) and len(answer.x) != len(self._definitions):
            self._send(AskFor(answer.number))  # the space has grown meanwhile
            return []
        self._asked.pop(answer.number, None)
        return [answer]

    def _died(self) -> list[Answer]:
        """Start again and tell it everything; the second time in a row, give up what was asked."""
        how = self._hang_up()
        self._deaths += 1
        if self._deaths == 1:
            self._spawn()
            return []
        given_up, self._asked = self._asked, {}
        return [Broken(f"the thinker died twice, the last time {how}", number) for number in given_up]

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                # -P: a file of the user's in this folder (random.py, core/) is no module of ours
                [sys.executable, "-P", "-m", "hptui.core.scheduler.thinker_main", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if self._log is None else self._log,
                stderr=subprocess.DEVNULL if self._log is None else self._log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, **dict.fromkeys(THREADS, "1")},
            )
        ours.setblocking(False)
        self._socket, self._unframer = ours, Unframer()
        self._unsent.clear()
        self._epoll.register(ours, select.EPOLLIN)
        self._send(msgspec.structs.replace(self._begin, definitions=self._definitions))
        known = list(self._known.values())
        for first in range(0, len(known), _BATCH):
            self._send(Observed(known[first : first + _BATCH]))
        for number in self._asked:
            self._send(AskFor(number))

    def _send(self, message: ToThinker) -> None:
        if self._socket is not None:
            self._unsent += framed(message)
            self._flush()

    def _flush(self) -> None:
        if self._socket is None or not self._unsent:
            return
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except ConnectionError:
            self._unsent.clear()  # it is dead: `receive` sees that, and everything is told again
        self._epoll.modify(self._socket, select.EPOLLIN | (select.EPOLLOUT if self._unsent else 0))

    def _hang_up(self) -> str:
        """Close the socket, which ends the process, and say how it ended."""
        if self._socket is None or self._process is None:
            return ""
        self._epoll.unregister(self._socket)
        self._socket.close()
        try:
            status = self._process.wait(_CLOSE_PATIENCE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            status = self._process.wait()
        self._socket = self._process = None
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        told = "" if self._log is None else ": the scheduler's log has its words"
        return f"with exit status {status}{told}"


__all__ = ["Answer", "Asked", "Broken", "Noticed", "Observation", "OutOfPoints", "Thinker"]
