"""From any schema version to the latest, each step in its own transaction. Only the writer changes files."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hptui.core.errors import SessionError
from hptui.core.store.schema import VERSION_1, VERSION_2, trials_wide_view

if TYPE_CHECKING:
    from sqlite_utils import Database

Migration = Callable[[Any], None]
"""Takes a `sqlite_utils.Database` inside an open transaction."""


def _version_1(db: Any) -> None:
    for statement in statements(VERSION_1):
        db.execute(statement)
    db.create_view("trials_wide", trials_wide_view(()))


def _version_2(db: Any) -> None:
    for statement in statements(VERSION_2):
        db.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_version_1, _version_2)
"""Entry k turns version k into k + 1. A released one never changes: old sessions went through it."""

LATEST = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """0 for an empty database, or one that is not ours."""
    return int(connection.execute("pragma user_version").fetchone()[0])


def check_version(connection: sqlite3.Connection, where: str, latest: int = LATEST) -> int:
    """The version, or SessionError when this program can't know what it means."""
    version = version_of(connection)
    if version == 0:
        raise SessionError(where, "is no session's database", "`hptui ls` lists sessions")
    if version > latest:
        problem = f"was made by a newer hptui (schema version {version}; this one knows {latest})"
        raise SessionError(where, problem, "upgrade: `pip install -U hptui`")
    return version


def migrate(connection: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring the database to the latest version. Stops between two versions at worst, never inside one.

    connection: isolation_level None.
    """
    missing = range(version_of(connection), len(migrations))
    if not missing:
        return
    db = _database()(connection, recursive_triggers=False, execute_plugins=False)
    for version in missing:
        connection.execute("begin immediate")
        try:
            migrations[version](db)
            connection.execute(f"pragma user_version = {version + 1}")
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise


def _database() -> type[Database]:
    """Slow to import, and only needed by who makes a database or migrates one.

    It imports pandas where there is one, for tables that we don't have: that took longer than all else it imports.
    """
    modules: dict[str, Any] = sys.modules
    hidden = "pandas" not in modules
    if hidden:
        modules["pandas"] = None
    try:
        from sqlite_utils import Database
    finally:
        if hidden:
            del modules["pandas"]
    made: type[Database] = Database
    return made


def statements(script: str) -> Iterator[str]:
    """The single statements of an SQL script; `executescript` would commit the transaction they belong to."""
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
