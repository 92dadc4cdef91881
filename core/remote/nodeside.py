"""The trials of one slot on its node: our own children, in a folder of the slot's."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hptui.core.remote import outbox
from hptui.core.remote import words as w
from hptui.core.scheduler.children import Children
from hptui.core.scheduler.tags import sweep
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process
from hptui.core.wire import request as r
from hptui.core.wire.control import Ask, Verdict
from hptui.core.wire.spool import End

TOGETHER_S = 0.03  # a trial that is over so soon is told of once, from its start to its end
SERVER_DEATHS = 3  # after so many, trials start cold
Ack = tuple[int, int, int, str, bool]  # pid, bytes of the spool, bytes of the log, marks of checkpoints, ended


@dataclass
class Hosting:
    start: r.Start
    spool_base: int
    log_base: int
    since: float
    refused: str = ""


class NodeSide:
    """Not for several threads at once."""

    def __init__(self, folder: SessionFolder, selector: selectors.BaseSelector, code: str, here: str) -> None:
        """code: the folder as the scheduler's machine names it; here: the same folder on this node."""
        self.folder, self.code, self.here = folder, code, here
        self.children = Children(folder, selector)
        self.hosted: dict[int, Hosting] = {}
        self.ready: r.Ready | None = None
        self.broken: r.ImportFailed | None = None
        self.said: list[str] = []
        self._preload: r.Preload | None = None
        self._deaths = 0
        self._asked: set[int] = set()  # of the fork server, not seen yet

    def boot(self, preload: r.Preload) -> None:
        script = None if preload.script is None else self._there(preload.script)
        self._preload = msgspec.structs.replace(preload, script=script, cwd=self._there(preload.cwd))
        self.children.boot(self._preload)

    def do(self, order: w.Order) -> None:
        match order.what:
            case w.Run(start=start, answered=answered):
                self._run(start, order, answered)
            case w.Kick(number=number, signals=signals):
                self.children.signal(number, *(signal.Signals(one) for one in signals))
            case w.Wish(number=number) as wish:
                control = self.children.all[number].control if number in self.children.all else None
                if control is not None and wish.ask is not None:
                    control.ask(Ask(wish.ask))
                if control is not None and wish.milestone is not None:
                    control.answer(wish.milestone, Verdict(wish.verdict))
            case w.Drop(number=number):
                self._drop(number)

    def _run(self, start: r.Start, order: w.Order, answered: int) -> None:
        number, folder = start.number, self.folder.trial(start.number)
        self._drop(number)
        donor = folder.path / "donor"
        if order.checkpoint is not None:
            outbox.unpack(order.checkpoint, folder.checkpoints)
        if order.donor is not None:
            outbox.unpack(order.donor, donor)
        start = msgspec.structs.replace(
            start, folder=str(self.folder.path), cwd=self._there(start.cwd), objective=self._what(start.objective),
            checkpoint_from=None if start.checkpoint_from is None else str(donor), attempt=0,
        )  # fmt: skip
        self.hosted[number] = Hosting(start, order.spool_base, order.log_base, time.monotonic())
        self.children.offsets.pop(number, None)
        child = self.children.prepare(number)
        if child.control is not None:
            child.control.answer(answered, Verdict.GO)  # a trial that goes on counts its milestones on
        if self._deaths >= SERVER_DEATHS:
            self._cold(number)
            return
        try:
            self.children.fork(start, ())
            self._asked.add(number)
        except OSError:
            self._cold(number)

    def _cold(self, number: int) -> None:
        self._asked.discard(number)
        try:
            self.children.watch(number, self.children.start_cold(self.hosted[number].start, ()))
        except OSError as error:
            self.hosted[number].refused = f"it could not be started ({error})"

    def _drop(self, number: int) -> None:
        """Nothing of it is left: no process, no file."""
        child = self.children.all.get(number)
        if child is not None and child.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
        if (known := self.hosted.pop(number, None)) is not None:
            sweep(f"{known.start.session}/{number}")
        self.children.forget(number)
        self._asked.discard(number)
        outbox.empty(self.folder.trial(number).path)

    def hear(self) -> None:
        """What the fork server said."""
        messages, alive = self.children.from_server()
        for message in messages:
            match message:
                case r.Ready():
                    self.ready = message
                case r.ImportFailed():
                    self.broken = message
                case r.Forked(number=number, pid=pid, start_ticks=ticks) if number in self.children.all:
                    self._asked.discard(number)
                    self.children.watch(number, Process(pid, ticks))
                case r.Refused(number=number, reason=reason) if number in self.hosted:
                    self.said.append(f"trial {number} started cold: {reason}")
                    self._cold(number)
                case r.Exited(pid=pid, status=status):
                    self.children.note_status(pid, status)
                case _:
                    pass
        if not alive and self.broken is None:
            self._server_died()

    def _server_died(self) -> None:
        self._deaths += 1
        for number in sorted(self._asked):
            process = self.children.find(number)
            if process is None:
                self._cold(number)
            else:
                self.children.watch(number, process)
        self._asked.clear()
        self.said.append("the fork server is gone; running trials go on")
        if self._preload is not None and self._deaths < SERVER_DEATHS:
            self.children.boot(self._preload)

    def told(self, number: int, ack: Ack) -> w.Told | None:
        """What is new of a trial beyond `ack`. Checkpoints are read before the spool: it tells of no later one."""
        hosting, child, folder = self.hosted[number], self.children.all.get(number), self.folder.trial(number)
        pid_known, spool_at, log_at, marks_known, over = ack
        if hosting.refused and not over:
            return w.Told(number, 0, 0, refused=hosting.refused)
        if over or child is None or child.process is None:
            return None
        process = child.process
        settled = self._settled(number)  # asked before reading: what it said last comes first
        found = outbox.marks(folder.checkpoints)
        saved = outbox.pack(folder.checkpoints) if found != marks_known else None
        spool, log = outbox.whole_lines(folder.spool, spool_at), outbox.some(folder.log, log_at)
        more = len(spool) > outbox.CHUNK_BYTES // 2 or len(log) > outbox.CHUNK_BYTES // 2
        ended = settled and not more
        if not pid_known and not ended and time.monotonic() - hosting.since < TOGETHER_S:
            return None
        if not (spool or log or saved or ended or process.pid != pid_known):
            return None
        ago_s = time.monotonic() - child.gone_at if child.gone_at is not None else 0.0
        return w.Told(
            number, process.pid, process.start_ticks, spool, log, saved, found, ended, child.status if ended else None,
            ago_s,
        )  # fmt: skip

    def _settled(self, number: int) -> bool:
        child = self.children.all[number]
        for line in child.read():
            if isinstance(line, End):
                child.end = line
        return self.children.settled(child)

    def _there(self, path: str) -> str:
        """A path of the scheduler's machine, here."""
        try:
            return str(Path(self.here, Path(path).relative_to(self.code)))
        except ValueError:
            return path

    def _what(self, objective: r.Program | r.Function) -> r.Program | r.Function:
        if isinstance(objective, r.Function):
            return msgspec.structs.replace(objective, script=self._there(objective.script))
        return msgspec.structs.replace(objective, command=tuple(self._there(word) for word in objective.command))
