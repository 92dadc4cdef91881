"""A new session on disk: all of it or nothing."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.store.codec import text, to_json
from hptui.core.store.faults import DiskFull, explain
from hptui.core.store.migrations import migrate
from hptui.core.store.place import check_place
from hptui.core.store.schema import best_view
from hptui.core.study.session import SessionFolder


def create_session(folder: SessionFolder, study_text: str, facts: dict[str, Any]) -> None:
    """Make the folder (mode 0700) with study.toml, exactly `study_text`, and a database that holds `facts`.

    facts: JSON values by name; `direction` decides what the view `best` puts first. It is built beside its
    place and moved there at once, so a crash never leaves half a session.
    Raises SessionError when the place won't do or the folder is taken, DiskFull when there is no space.
    """
    check_place(folder.path)
    if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        raise _taken(folder)
    folder.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = SessionFolder(folder.path.parent / f".{folder.name}.new-{secrets.token_hex(4)}")
    try:
        draft.path.mkdir(mode=0o700)
        draft.trials.mkdir(mode=0o700)
        draft.study.write_bytes(study_text.encode())
        _create_database(draft.database, facts)
        for path in (draft.study, draft.database, draft.path):
            _sync(path)
        os.rename(draft.path, folder.path)
        _sync(folder.path.parent)
    except sqlite3.Error as error:
        told = explain(error, draft)
        raise type(told)(str(folder.path), told.problem, told.hint) from error
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):  # someone was faster
            raise _taken(folder) from None
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(str(folder.path), "no space left for a new session", "free some space") from error
        problem = f"can't be made: {error.strerror}"
        raise SessionError(str(folder.path), problem, "choose another place with HPTUI_HOME") from error
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)


def _create_database(path: Path, facts: dict[str, Any]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        os.chmod(path, 0o600)
        connection.execute("pragma journal_mode = wal")
        migrate(connection)
        connection.execute("begin")
        connection.execute(f"create view best as {best_view(facts.get('direction', 'minimize'))}")
        rows = [(text(key), to_json(value)) for key, value in facts.items()]
        connection.executemany("insert into session (key, value) values (?, ?)", rows)
        connection.execute("commit")
    finally:
        connection.close()  # the last connection: the whole log goes into the database


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _taken(folder: SessionFolder) -> SessionError:
    return SessionError(
        str(folder.path), "there is a session of this name already",
        f"`hptui run --name` takes another name; `hptui resume {folder.name}` goes on with this one",
    )  # fmt: skip
