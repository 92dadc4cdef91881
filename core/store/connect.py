"""Connections to `session.db`: to write it, or to read it wherever it lies and whatever version it has.

Nothing of ours may open that file in another way: closing any descriptor of it drops the locks that every connection
of the process holds on it (https://sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

from hptui.core.store.faults import damaged
from hptui.core.store.migrations import LATEST, check_version, migrate
from hptui.core.study.session import SessionFolder


def connect(folder: SessionFolder, options: str) -> sqlite3.Connection:
    """A connection that begins no transaction by itself and waits five seconds for a lock.

    options: as in a file: URI, "mode=rw".
    """
    if folder.database.stat().st_size == 0:  # to SQLite that is a new database
        raise damaged(folder, "the file is empty")
    uri = f"{folder.database.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False)


def connect_to_read(folder: SessionFolder) -> sqlite3.Connection:
    """A read-only connection at the latest schema version.

    In a folder that can't be written, the log's shared memory can't be made: then the file is read as one
    that nobody changes, and a log left over from a crash through a copy. An older version is migrated in
    memory. Raises sqlite3.Error, and SessionError for a newer version or a damaged file.
    """
    db = connect(folder, "mode=ro")
    try:
        _touch(db)
    except sqlite3.OperationalError as error:
        db.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        db = _copy_in_memory(folder) if _log_is_left(folder) else connect(folder, "mode=ro&immutable=1")
        _touch(db)
    except sqlite3.Error:
        db.close()
        raise
    try:
        if check_version(db, str(folder.database)) < LATEST:
            db = _migrated(db)
    except BaseException:
        db.close()
        raise
    return db


def _touch(db: sqlite3.Connection) -> None:
    """SQLite opens a file when it is first asked something."""
    db.execute("select count(*) from sqlite_master").fetchone()


def _log_is_left(folder: SessionFolder) -> bool:
    try:
        return Path(f"{folder.database}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _copy_in_memory(folder: SessionFolder) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="hptui-") as place:
        copy = SessionFolder(Path(place))
        shutil.copyfile(folder.database, copy.database)
        shutil.copyfile(f"{folder.database}-wal", f"{copy.database}-wal")
        return _in_memory(connect(copy, "mode=rw"))


def _in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        db.backup(memory)
    finally:
        db.close()
    return memory


def _migrated(db: sqlite3.Connection) -> sqlite3.Connection:
    memory = _in_memory(db)
    migrate(memory)
    return memory
