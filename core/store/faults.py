"""What SQLite's errors mean for a session, in words. Writer, mailbox and reader all speak through here."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from pathlib import Path

from hptui.core.errors import SessionError
from hptui.core.study.session import SessionFolder


class DiskFull(SessionError):
    """No space is left to record anything. Nothing of the transaction was written; it may be tried again."""


class Locked(SessionError):
    """Another program has begun to write and does not end. Nothing was written; it may be tried again."""


def explain(error: sqlite3.Error | OverflowError, folder: SessionFolder) -> SessionError:
    """The same trouble as a `SessionError` (or `DiskFull`), with what to do about it."""
    if isinstance(error, OverflowError):
        return SessionError(folder.name, "there is no such number in a session: it has more than 18 digits")
    where, code = str(folder.database), getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and disk_is_full(folder.path)):
        return DiskFull(where, "no space left to record what happens", "free some space on this disk")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(folder, str(error))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        if not folder.database.exists():
            return missing(folder)
        hint = "check who owns the folder, and its permissions"
        return SessionError(where, f"can't be opened as needed ({error})", hint)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        hint = "close whatever else has this database open for writing"
        return Locked(where, "another program keeps it locked", hint)
    return SessionError(where, f"SQLite says: {error}", "`dmesg | tail` names a failing disk")


def damaged(folder: SessionFolder, problem: str) -> SessionError:
    """The database can't be trusted any more. The hint names the backup when there is one."""
    backup = backup_of(folder)
    if backup.exists():
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(backup.stat().st_mtime))
        hint = f"there is a backup of {made}: with no scheduler running, `cp {backup} {folder.database}`"
        hint += f" (keep a copy first, and remove {folder.database.name}-wal and -shm)"
    else:
        hint = "there is no backup; study.toml and the trials' own files are still in the folder"
    return SessionError(str(folder.database), f"the database is damaged ({problem})", hint)


def missing(folder: SessionFolder) -> SessionError:
    if folder.path.is_dir():
        problem = "there is no session.db in this folder"
    else:
        problem = "there is no such folder"
    return SessionError(str(folder.path), problem, "`hptui ls` lists sessions")


def backup_of(folder: SessionFolder) -> Path:
    return folder.path / "session.db.bak"


def disk_is_full(folder: Path) -> bool:
    """Whether 64 KiB can't be written here any more. Tried out: statvfs knows no quota."""
    probe = folder / f".space-{os.getpid()}"
    try:
        fd = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, 1 << 16)
        finally:
            os.close(fd)
            os.unlink(probe)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return False
