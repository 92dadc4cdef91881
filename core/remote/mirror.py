"""Keeps the session's own files of trials that run on nodes: their spools, logs and checkpoints.

Bytes are written where they belong, not appended: what is told twice counts once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hptui.core.remote import outbox
from hptui.core.remote import words as w
from hptui.core.remote.nodeside import Ack
from hptui.core.study.session import SessionFolder


@dataclass
class Copy:
    """How far the files of one trial are here."""

    slot: int
    spool_base: int  # bytes that earlier processes of the trial have left here
    log_base: int
    spool_at: int = 0  # bytes of the node's files
    log_at: int = 0
    marks: str = ""
    pid: int = 0
    over: bool = False

    @property
    def ack(self) -> Ack:
        return (self.pid, self.spool_at, self.log_at, self.marks, self.over)


class Mirror:
    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder
        self.copies: dict[int, Copy] = {}
        self._on: dict[int, dict[int, None]] = {}  # slot -> its trials

    def begin(self, number: int, slot: int) -> Copy:
        """A process of the trial is about to run: what is here by now stays."""
        folder = self._folder.trial(number)
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = _drop_torn_line(folder.spool)
        return self._keep(number, Copy(slot, whole, _size(folder.log)))

    def go_on(self, number: int, slot: int, here: w.Here) -> Copy:
        """An earlier bridge's trial: what is here by now was told to it."""
        folder = self._folder.trial(number)
        copy = Copy(slot, here.spool_base, here.log_base, pid=here.pid)
        copy.spool_at = max(0, _size(folder.spool) - here.spool_base)
        copy.log_at = max(0, _size(folder.log) - here.log_base)
        return self._keep(number, copy)

    def _keep(self, number: int, copy: Copy) -> Copy:
        self.drop(number)
        self.copies[number] = copy
        self._on.setdefault(copy.slot, {})[number] = None
        return copy

    def drop(self, number: int) -> Copy | None:
        """Nothing more of the trial is expected."""
        copy = self.copies.pop(number, None)
        if copy is not None:
            self._on[copy.slot].pop(number)
        return copy

    def on(self, slot: int) -> list[int]:
        """The trials of a slot."""
        return list(self._on.get(slot, ()))

    def take(self, told: w.Told) -> None:
        """Write down what a slot told; the checkpoint first, which the spool tells of."""
        copy, folder = self.copies[told.number], self._folder.trial(told.number)
        if told.checkpoint is not None:
            outbox.unpack(told.checkpoint, folder.checkpoints)
        copy.marks = told.marks
        copy.log_at = _put(folder.log, copy.log_base, copy.log_at, told.log)
        copy.spool_at = _put(folder.spool, copy.spool_base, copy.spool_at, told.spool)

    def saved(self, number: int) -> w.Files | None:
        return outbox.pack(self._folder.trial(number).checkpoints)

    def at(self, folder: str) -> w.Files | None:
        """What another trial had saved."""
        return outbox.pack(Path(folder))


def _put(path: Path, base: int, at: int, data: bytes) -> int:
    """The new end, counted as the node counts."""
    if data:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            view, place = memoryview(data), base + at
            while view:
                written = os.pwrite(fd, view, place)
                view, place = view[written:], place + written
        finally:
            os.close(fd)
    return at + len(data)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _drop_torn_line(path: Path) -> int:
    """The size of the whole lines, all that is left."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
    return whole
