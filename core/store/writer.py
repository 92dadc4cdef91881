"""The scheduler's pen: one connection writes every table but `commands`, and it alone checkpoints."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from hptui.core.store import codec
from hptui.core.store.checkpoint import Gate
from hptui.core.store.connect import connect
from hptui.core.store.faults import DiskFull, backup_of, explain, missing
from hptui.core.store.migrations import LATEST, check_version, migrate
from hptui.core.store.place import check_place
from hptui.core.store.rows import CommandRow, DeviceRow, EventRow, ReadingRow, ReportRow, TrialRow
from hptui.core.store.schema import trials_wide_view
from hptui.core.study.session import SessionFolder

T = TypeVar("T")

_EVENT = "insert into events (at, kind, trial, reason, data) values (?, ?, ?, ?, ?)"
_TRIAL = f"insert or replace into trials ({codec.TRIAL}) values ({codec.holes(codec.TRIAL)})"
_REPORT = "insert or replace into metrics (trial, metric, step, value, word) values (?, ?, ?, ?, ?)"
_OFFSET = "insert or replace into spools (trial, offset) values (?, ?)"
_DEVICE = f"insert or replace into devices ({codec.DEVICE}) values ({codec.holes(codec.DEVICE)})"
_READING = f"insert or replace into device_readings ({codec.READING}) values ({codec.holes(codec.READING)})"
_PARAMETER = "insert into parameters (name, position, definition) values (?, ?, ?)"
_FACT = "insert or replace into session (key, value) values (?, ?)"

# A checkpoint costs two fsyncs, a long log slows every reader: these keep it near 4 MB.
_COMMITS_PER_CHECKPOINT = 200
_ROWS_PER_CHECKPOINT = 20_000
_PATIENCE_MS = 60_000  # for a wisher that was stopped while it wrote: waiting is better than giving up
_LOG_LIMIT = 8 << 20  # what a log that a slow reader let grow is cut back to, bytes


class Writer:
    """Open it while holding the session's lock. Older sessions are backed up and migrated here.

    Every method is a transaction, or part of the one that `transaction()` opened. All raise `DiskFull` when
    there is no space: then nothing of the transaction is written, and the same transaction may be tried
    again.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self._depth = 0
        self._failed: DiskFull | None = None
        self._closed = False
        check_place(folder.path)
        if not folder.database.exists():
            raise missing(folder)
        self._gate = Gate(folder.path)
        self._db = connect(folder, "mode=rw")
        try:
            self._open()
        except sqlite3.Error as error:
            self._abandon()
            raise explain(error, folder) from error
        except BaseException:
            self._abandon()
            raise

    def _open(self) -> None:
        older = check_version(self._db, str(self.folder.database)) < LATEST
        self._db.execute("pragma wal_autocheckpoint = 0")
        self._db.execute("pragma journal_mode = wal")  # a restored backup is not in this mode
        self._db.execute("pragma synchronous = normal")
        self._db.execute(f"pragma journal_size_limit = {_LOG_LIMIT}")
        self._db.execute(f"pragma busy_timeout = {_PATIENCE_MS}")
        if older:
            self.backup()
            migrate(self._db)
        self._recall()
        self._commits, self._rows = 0, self._db.total_changes

    def _recall(self) -> None:
        """What is kept in memory of the database, from the database."""
        self._change = int(self._db.execute("select coalesce(max(change), 0) from trials").fetchone()[0])
        row = self._db.execute("select value from session where key = 'metric_names'").fetchone()
        self._metrics: list[str] = codec.from_json(row[0]) if row else []

    def _abandon(self) -> None:
        self._db.close()
        self._gate.close()

    # transactions

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written at once or not at all. A transaction inside another is part of it."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._failed = None
        self._do(self._db.execute, "begin immediate")
        self._depth = 1
        try:
            yield
            if self._failed:  # swallowed inside: the rest must not be written without what failed
                raise self._failed
            self._do(self._db.execute, "commit")
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._depth = 0
            self._failed = None
        self._commits += 1
        rows = self._db.total_changes - self._rows
        if self._commits >= _COMMITS_PER_CHECKPOINT or rows >= _ROWS_PER_CHECKPOINT:
            self._checkpoint()

    def _do(self, call: Callable[..., T], *arguments: Any) -> T:
        """One call of the connection, its errors in our words."""
        if self._failed:
            raise self._failed
        try:
            return call(*arguments)
        except sqlite3.Error as error:
            told = explain(error, self.folder)
            if isinstance(told, DiskFull):
                self._failed = told if self._depth else None
            raise told from error

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:  # SQLite may have rolled back by itself
                self._db.execute("rollback")
            self._recall()

    def _checkpoint(self) -> None:
        """Move what no reader needs from the log into the database. A full disk is no error here."""
        with self._gate.closed() as alone, contextlib.suppress(sqlite3.Error):
            if alone:
                self._db.execute("pragma wal_checkpoint(passive)").fetchone()
                self._commits, self._rows = 0, self._db.total_changes

    # what the scheduler writes

    def append(self, event: EventRow) -> int:
        """One line of the ledger; returns its id."""
        with self.transaction():
            return int(self._do(self._db.execute, _EVENT, codec.event_values(event)).lastrowid or 0)

    def save_trial(self, trial: TrialRow) -> None:
        """Insert or overwrite; `trial.change` is not looked at, the next number is set here."""
        with self.transaction():
            self._change += 1
            self._do(self._db.execute, _TRIAL, codec.trial_values(trial, self._change))

    def save_reports(self, trial: int, rows: Iterable[ReportRow], offset: int) -> None:
        """Rows of a trial's spool, and how many bytes of it are read now. A repeated step is overwritten."""
        rows = list(rows)
        with self.transaction():
            try:
                self._do(self._db.executemany, _REPORT, codec.report_values(trial, rows))
            except (UnicodeEncodeError, OverflowError):
                self._do(self._db.executemany, _REPORT, codec.careful_report_values(trial, rows))
            names = dict.fromkeys(row.metric for row in rows)
            if new := [name for name in map(codec.text, names) if name not in self._metrics]:
                self._metrics = [*self._metrics, *new]
                self.set_fact("metric_names", self._metrics)
            self._do(self._db.execute, _OFFSET, (trial, offset))

    def save_device(self, device: DeviceRow) -> None:
        with self.transaction():
            self._do(self._db.execute, _DEVICE, codec.device_values(device))

    def save_readings(self, readings: Iterable[ReadingRow]) -> None:
        """What devices were like lately."""
        with self.transaction():
            self._do(self._db.executemany, _READING, [codec.reading_values(reading) for reading in readings])

    def remove_device(self, device: str) -> None:
        with self.transaction():
            self._do(self._db.execute, "delete from devices where id = ?", (device,))

    def set_fact(self, key: str, value: Any) -> None:
        """A fact about the session, any JSON value; None removes it."""
        with self.transaction():
            if value is None:
                self._do(self._db.execute, "delete from session where key = ?", (key,))
            else:
                self._do(self._db.execute, _FACT, (codec.text(key), codec.to_json(value)))

    def save_parameters(self, definitions: dict[str, Any]) -> None:
        """All parameters known by now, in the order to show them; `trials_wide` gets a column for each."""
        rows = [
            (codec.text(name), position, codec.to_json(definition))
            for position, (name, definition) in enumerate(definitions.items())
        ]
        view = trials_wide_view(codec.text(name) for name in definitions)
        with self.transaction():
            self._do(self._db.execute, "delete from parameters")
            self._do(self._db.executemany, _PARAMETER, rows)
            self._do(self._db.execute, "drop view if exists trials_wide")
            self._do(self._db.execute, f"create view trials_wide as {view}")

    # what the scheduler reads back

    def spool_offsets(self) -> dict[int, int]:
        """Trial -> bytes of its spool that are in the tables."""
        return dict(self._do(self._db.execute, "select trial, offset from spools").fetchall())

    def commands_after(self, id: int) -> list[CommandRow]:
        sql = f"select {codec.COMMAND} from commands where id > ? order by id"
        return [codec.command_row(row) for row in self._do(self._db.execute, sql, (id,)).fetchall()]

    def data_version(self) -> int:
        """Another number whenever someone else has written: only then is it worth asking for commands."""
        return int(self._do(self._db.execute, "pragma data_version").fetchone()[0])

    # now and then

    def backup(self) -> None:
        """A whole, compact copy as session.db.bak; the last one is replaced when the new one is complete."""
        target = backup_of(self.folder)
        draft = target.with_suffix(".new")
        draft.unlink(missing_ok=True)
        try:
            self._do(self._db.execute, "vacuum into ?", (str(draft),))
            fd = os.open(draft, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave one tidy file behind, as far as readers let us. Closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        with self._gate.closed(wait_s=2.0) as alone:
            with contextlib.suppress(sqlite3.Error):
                if alone:
                    self._db.execute("pragma busy_timeout = 200")
                    self._db.execute("pragma wal_checkpoint(truncate)").fetchone()
            self._db.close()
        self._gate.close()
