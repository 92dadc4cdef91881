"""How screens and the command line say what the user wishes: a row in `commands`, and a ring of the bell."""

from __future__ import annotations

import contextlib
import sqlite3

from hptui.core.errors import SessionError
from hptui.core.store.checkpoint import passing
from hptui.core.store.codec import command_values
from hptui.core.store.connect import connect
from hptui.core.store.faults import explain, missing
from hptui.core.store.migrations import check_version
from hptui.core.store.rows import CommandRow
from hptui.core.study.session import SessionFolder
from hptui.core.wire.wake import ring

_COMMAND = "insert into commands (at, kind, trial, args, by) values (?, ?, ?, ?, ?)"


def post(folder: SessionFolder, command: CommandRow) -> int:
    """Write the wish down and wake the scheduler, if there is one; returns the command's id.

    Raises SessionError when the session can't be written, DiskFull when there is no space.
    """
    if not folder.database.exists():
        raise missing(folder)
    try:
        with passing(folder.path) as may_commit:
            if not may_commit:
                problem = "the scheduler has been busy with this file for five seconds"
                raise SessionError(str(folder.database), problem, "try again; is the disk very slow?")
            id_ = _insert(folder, command)
    except (sqlite3.Error, OverflowError) as error:
        raise explain(error, folder) from error
    ring(folder.wake)
    return id_


def _insert(folder: SessionFolder, command: CommandRow) -> int:
    # never mode=rwc: a session removed this instant must not come back as an empty file
    with contextlib.closing(connect(folder, "mode=rw")) as db:
        check_version(db, str(folder.database))
        db.execute("pragma wal_autocheckpoint = 0")
        db.execute("pragma synchronous = normal")
        return int(db.execute(_COMMAND, command_values(command)).lastrowid or 0)
