"""Reads a session and tells a logger what is new, each thing once: how far it came is kept in a file."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from hptui.core.errors import SessionError
from hptui.core.interop.loggers.logger import Facts, Logger
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.session import SessionFolder, home
from hptui.core.study.trial import State

KEEP_S = 1.0  # what was told in this time is told twice after a kill


def kept_at(logger: str, destination: str, folder: SessionFolder, session_id: str) -> Path:
    """Where a Follower keeps how far it came: in the folder that is logged to.

    For a tracking URI, with hptui's own state, so that it is the same file from wherever it is asked for.
    """
    if "://" not in destination:
        return Path(os.path.expanduser(destination)) / f".hptui-{logger}-{folder.name}.json"
    scheme, path = destination.split("://", 1)
    if scheme.startswith("sqlite") and not path.startswith("//"):  # a file, relative to where we are
        path = "/" + os.path.abspath(path.removeprefix("/"))
    meant = sha256(f"{session_id} {scheme}://{path}".encode()).hexdigest()[:16]
    return home() / "log-to" / f"{logger}-{folder.name}-{meant}.json"


class Known(msgspec.Struct):
    """Of a trial: its handle, the last step told of each metric, whether its end was told."""

    handle: str
    told: dict[str, int] = {}
    ended: bool = False


class Follower:
    """Tells a logger of one session.

    kept: the file in which it keeps how far it came, for one Follower at a time: a lock beside it keeps others out,
    who would tell everything again. A logger that raises is a SessionError, and what was told so far is kept.
    """

    def __init__(self, folder: SessionFolder, make: Callable[[Facts], Logger], kept: Path) -> None:
        self._folder, self._kept = folder, kept
        with Reader(folder) as reader:
            facts = reader.facts()
        study = folder.study.read_text(encoding="utf-8", errors="replace") if folder.study.exists() else ""
        self._facts = Facts(
            str(facts.get("id", folder.name)), folder.name, str(facts.get("metric", "value")),
            str(facts.get("direction", "minimize")), study,
        )  # fmt: skip
        self._lock = self._take()
        try:
            self._known = self._read()
            self._change, self._written = 0, time.monotonic()
            self._logger = self._ask(lambda: make(self._facts))
        except BaseException:
            os.close(self._lock)
            raise

    def look(self, reader: Reader) -> int:
        """Tell what is new since the last look; returns how many trials have ended and been told."""
        with reader.snapshot():
            rows = sorted(reader.trials(self._change, points=False), key=lambda row: row.number)
            metrics = reader.metric_names()
            news = [(row, {m: reader.curve(row.number, m, self._last(row, m)) for m in metrics}) for row in rows]
        try:
            for row, curves in news:
                self._ask(lambda row=row, curves=curves: self._tell(row, curves))  # type: ignore[misc]  # the defaults bind them now
                self._change = max(self._change, row.change)
                if time.monotonic() - self._written > KEEP_S:
                    self._write()
        finally:
            if news:
                self._write()
        return sum(known.ended for known in self._known.values())

    def close(self) -> None:
        try:
            self._ask(self._logger.close)
        finally:
            os.close(self._lock)

    def _last(self, row: TrialRow, metric: str) -> int:
        known = self._known.get(str(row.number))
        return -1 if known is None else known.told.get(metric, -1)

    def _tell(self, row: TrialRow, curves: dict[str, list[tuple[int, float]]]) -> None:
        known = self._known.get(str(row.number))
        if known is None:
            if not State(row.state).ended and (row.started_at is None or self._logger.at_end):
                return
            known = self._known[str(row.number)] = Known(self._logger.begin(row))
        if known.ended:
            return
        for metric, points in curves.items():
            if points:
                self._logger.points(known.handle, metric, points)
                known.told[metric] = points[-1][0]
        if State(row.state).ended:
            if row.value is not None and self._facts.metric not in known.told:  # it returned its value and no more
                self._logger.points(known.handle, self._facts.metric, [(0, row.value)])
            self._logger.end(known.handle, row)
            known.ended = True

    def _ask(self, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except SessionError:
            raise
        except Exception as error:  # whatever the logger's package raises
            problem = f"the logger failed: {type(error).__name__}: {error}"
            raise SessionError(
                self._folder.name, problem, "the session is not touched by it; ask again later"
            ) from error

    def _take(self) -> int:
        """The descriptor that holds the lock; the kernel lets go of it however this process ends."""
        beside = self._kept.with_name(f"{self._kept.name}.lock")
        try:
            beside.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            problem = "another `hptui log-to` writes this session there already"
            raise SessionError(str(beside.parent.absolute()), problem, "end it, or name another folder") from error
        except OSError as error:
            raise SessionError(str(beside.parent), f"can't be written: {error.strerror}", "name another") from error
        return lock

    def _read(self) -> dict[str, Known]:
        if not self._kept.is_file():
            return {}
        try:
            session, known = msgspec.json.decode(self._kept.read_bytes(), type=tuple[str, dict[str, Known]])
        except (OSError, msgspec.MsgspecError) as error:
            raise SessionError(str(self._kept), f"can't be read: {error}", "remove it to begin anew") from None
        if session != self._facts.id:
            raise SessionError(str(self._kept), "is of another session of this name", "log to another folder")
        return known

    def _write(self) -> None:
        # one that writes at the end has nothing of a trial until then: the next process tells it all of it again
        known = {number: one for number, one in self._known.items() if one.ended or not self._logger.at_end}
        draft = self._kept.with_name(f"{self._kept.name}.new")
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode((self._facts.id, known)))
            os.replace(draft, self._kept)
            self._written = time.monotonic()
        except OSError as error:
            raise SessionError(str(self._kept.parent), f"can't be written: {error.strerror}", "name another") from error
