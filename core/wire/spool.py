"""A trial's spool: what it says, one JSON line each, appended by the trial and tailed by the scheduler.

An append is one write of whole lines, so a killed trial leaves at most one torn line at the end, which readers leave
alone. The scheduler stores the rows and the offset it has read to in one transaction: every line counts exactly once.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec


class Line(msgspec.Struct, array_like=True, frozen=True, tag=True):
    at: float  # seconds since the epoch


class Begin(Line, frozen=True, tag="begin"):
    """The first line: the process is there."""

    pid: int
    start_ticks: int
    cold: bool = False  # started without the fork server


class Defined(Line, frozen=True, tag="defined"):
    """Parameters the objective asked for itself (`trial.suggest_*`), with their definitions as `Space` JSON."""

    params: dict[str, Any]
    definitions: dict[str, Any]


class Report(Line, frozen=True, tag="report"):
    step: int
    value: float | str | None  # "nan", "inf" and "-inf" travel as words: JSON has no others
    others: dict[str, float | str | None] = {}
    milestone: int = 0  # 1, 2, ... when the trial waits for a verdict on this report; 0 when it does not


class Attr(Line, frozen=True, tag="attr"):
    key: str
    value: Any


SAVED = ("last.pt", "last.pickle")
"""What a trial's last saved state is called in its folder of checkpoints: as torch wrote it, or pickle."""


class Checkpoint(Line, frozen=True, tag="checkpoint"):
    step: int | None


class Note(Line, frozen=True, tag="note"):
    """Something the ledger should say. kind: of the event, as `told` for what the objective wishes to be known."""

    text: str
    kind: str = "warning"


class Parked(Line, frozen=True, tag="parked"):
    """The trial waits inside `report()` as it was asked to; it may be frozen now."""

    step: int | None


class End(Line, frozen=True, tag="end"):
    """The last line. `outcome`: complete, pruned or fail."""

    outcome: str
    value: float | str | None = None
    reason: str = ""
    cause: str | None = None  # a Cause, for fail
    detail: str = ""  # the user's traceback, shortened to their frames


AnyLine = Begin | Defined | Report | Attr | Checkpoint | Note | Parked | End

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyLine)


def pack_number(value: float) -> float | str:
    """JSON's way to carry a float that may not be finite."""
    if value - value == 0.0:
        return value
    return "nan" if value != value else ("inf" if value > 0 else "-inf")


def unpack_number(value: float | str | None) -> float | None:
    return None if value is None else float(value)


class SpoolWriter:
    """Appends lines. When the disk is full it waits and goes on where it was; `on_full` is told, and asked again.

    fd: an append-only file descriptor.
    """

    def __init__(self, path: Path, on_full: Callable[[bool], None] | None = None) -> None:
        self._path = path
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.on_full = on_full

    def drop_torn_line(self) -> None:
        """Cut off what an earlier process of this trial could not write to its end. No reader has taken it."""
        size = os.fstat(self.fd).st_size
        if not size:
            return
        with open(self._path, "rb") as file:
            whole, block = 0, 1 << 16
            for start in range((size - 1) // block * block, -1, -block):
                file.seek(start)
                if newline := file.read(min(block, size - start)).rfind(b"\n") + 1:
                    whole = start + newline
                    break
        if whole < size:
            os.ftruncate(self.fd, whole)

    def append(self, line: AnyLine) -> None:
        data = _encoder.encode(line) + b"\n"
        try:
            written = os.write(self.fd, data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            written = 0
        if written != len(data):
            self._wait_for_space(memoryview(data)[written:])

    def _wait_for_space(self, rest: memoryview) -> None:
        if self.on_full:
            self.on_full(True)
        while rest:
            time.sleep(0.5)
            try:
                rest = rest[os.write(self.fd, rest) :]
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
        if self.on_full:
            self.on_full(False)

    def close(self) -> None:
        os.close(self.fd)


def read_from(path: Path | str, offset: int, limit: int = 1 << 20) -> tuple[list[AnyLine], int]:
    """The whole lines after `offset` bytes (about `limit` bytes of them) and the offset after the last one.

    A file that is not there yet has no lines. A whole line that can't be read (not ours, or damaged) becomes a Note.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return [], offset
    try:
        data = os.pread(fd, limit, offset)
        end = data.rfind(b"\n") + 1
        while not end and len(data) == limit:
            limit *= 2
            data = os.pread(fd, limit, offset)
            end = data.rfind(b"\n") + 1
    finally:
        os.close(fd)
    return list(_decode(data[:end].splitlines())), offset + end


def _decode(lines: Iterable[bytes]) -> Iterable[AnyLine]:
    for line in lines:
        try:
            yield _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield Note(0.0, f"unreadable spool line ({error}): {line[:80]!r}")
