"""Databases this program did not just make: older, newer, damaged, not ours."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptui.core.errors import SessionError
from hptui.core.store import connect, migrations
from hptui.core.store import writer as writer_module
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, EventRow, ReportRow, TrialRow
from hptui.core.store.schema import VERSION_1
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

KEPT = sorted((Path(__file__).parent / "sessions").iterdir())


def read(folder: SessionFolder) -> Any:
    with Reader(folder) as reader:
        return reader.trials()


OPENERS: dict[str, Callable[[SessionFolder], Any]] = {
    "reader": read,
    "writer": lambda folder: Writer(folder).close(),
    "mailbox": lambda folder: post(folder, CommandRow("pause", 1)),
}
everybody = pytest.mark.parametrize("opener", OPENERS)


@pytest.fixture(params=[path.name for path in KEPT])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> SessionFolder:
    """A copy of a session that was made with an earlier schema version."""
    folder = SessionFolder(tmp_path / "old")
    shutil.copytree(Path(__file__).parent / "sessions" / request.param, folder.path)
    return folder


@pytest.mark.parametrize("migrated_first", [False, True])
def test_a_session_of_every_version_still_opens(kept: SessionFolder, migrated_first: bool) -> None:
    if migrated_first:
        Writer(kept).close()

    with Reader(kept) as reader:
        assert [(row.number, row.state, str(row.value)) for row in reader.trials()] == [
            (0, "COMPLETE", "0.8"), (1, "COMPLETE", "0.9"), (2, "PRUNED", "0.1"), (3, "FAIL", "nan"),
        ]  # fmt: skip
        assert reader.trial(0) == TrialRow(
            0, "COMPLETE", {"lr": 0.01}, (0.5,), 11, "baseline", "the study's own", value=0.8, best=0.9, step=2,
            device="cpu", slot=0, created_at=100.0, started_at=100.5, ended_at=103.0, busy_s=2.5, change=1,
        )  # fmt: skip
        assert [row.number for row in reader.best(5)] == [1, 0]
        assert reader.curve(1, "accuracy") == [(0, 0.7), (1, 0.8), (2, 0.9)]
        assert reader.events_of(2) == [EventRow(105.0, "pruned", 2, "pruned by hand", {"step": 1}, 3)]
        assert reader.commands() == [CommandRow("prune", 2, {}, "screen", 104.0, 1)]
        assert list(reader.parameters()) == ["lr"]
        finished = reader.finished()
        assert finished is not None and finished.reason == "all 4 trials have ended"
    db = sqlite3.connect(kept.database)
    assert [row[:2] for row in db.execute("select * from best")] == [(1, 0.9), (0, 0.8)]
    assert [row[6] for row in db.execute("select * from trials_wide")] == [0.01, 0.02, 0.1, 1e-4]
    db.close()


def test_a_kept_session_can_be_gone_on_with(kept: SessionFolder) -> None:
    writer = Writer(kept)
    assert writer.spool_offsets() == {0: 100, 1: 101, 2: 102, 3: 103}
    writer.save_trial(TrialRow(4, "WAITING", {}))
    writer.save_reports(4, [ReportRow(4, "loss", 0, 1.0)], 5)
    writer.close()

    with Reader(kept) as reader:
        assert [row.number for row in reader.trials(after_change=4)] == [4]
        assert reader.metric_names() == ["accuracy", "loss"]


def _next_version(db: Any) -> None:
    db["trials"].add_column("mood", str, not_null_default="calm")


@pytest.fixture
def future(monkeypatch: pytest.MonkeyPatch) -> None:
    """This program, as it may be one version later."""
    steps = (*migrations.MIGRATIONS, _next_version)
    for module in (connect, migrations, writer_module):
        monkeypatch.setattr(module, "LATEST", len(steps))
    monkeypatch.setattr(migrations.migrate, "__defaults__", (steps,))
    monkeypatch.setattr(migrations.check_version, "__defaults__", (len(steps),))


def mood(db: sqlite3.Connection) -> Any:
    return db.execute("select mood from trials where number = 0").fetchone()[0]


@pytest.mark.usefixtures("future")
def test_the_writer_backs_an_older_session_up_and_migrates_it(folder: SessionFolder) -> None:
    make_older(folder)

    Writer(folder).close()

    db = sqlite3.connect(folder.database)
    assert (migrations.version_of(db), mood(db)) == (len(migrations.MIGRATIONS) + 1, "calm")
    db.close()
    backup = sqlite3.connect(folder.path / "session.db.bak")
    assert migrations.version_of(backup) == 1
    backup.close()


@pytest.mark.usefixtures("future")
def test_a_reader_sees_an_older_session_as_if_migrated_and_leaves_it_alone(folder: SessionFolder) -> None:
    make_older(folder)

    with Reader(folder) as reader:
        assert [row.number for row in reader.trials()] == [0]
        assert mood(reader._db) == "calm"

    db = sqlite3.connect(folder.database)
    assert migrations.version_of(db) == 1
    db.close()


def test_a_migration_that_fails_changes_nothing(folder: SessionFolder) -> None:
    def broken(db: Any) -> None:
        db.execute("drop table trials")
        raise ZeroDivisionError

    db = sqlite3.connect(folder.database, isolation_level=None)

    with pytest.raises(ZeroDivisionError):
        migrations.migrate(db, (*migrations.MIGRATIONS, broken))

    assert migrations.version_of(db) == migrations.LATEST
    assert db.execute("select count(*) from trials").fetchone() == (0,)
    db.close()


def make_older(folder: SessionFolder) -> None:
    """The session `folder` again, at version 1 with one trial, whatever is the latest."""
    folder.database.unlink()
    db = sqlite3.connect(folder.database)
    db.executescript(VERSION_1)
    db.execute("insert into trials values (0,'WAITING',null,null,null,null,'{}','[]',0,'','',null,'',null,0,null,"
               "null,null,null,null,0,null,null,null,null,0,0,'{}',1)")  # fmt: skip
    db.execute("pragma user_version = 1")
    db.execute("pragma journal_mode = wal")
    db.commit()
    db.close()


@everybody
def test_a_session_from_a_newer_program_is_refused(folder: SessionFolder, opener: str) -> None:
    db = sqlite3.connect(folder.database)
    db.execute(f"pragma user_version = {migrations.LATEST + 1}")
    db.close()

    with pytest.raises(SessionError) as caught:
        OPENERS[opener](folder)

    assert "made by a newer hptui" in caught.value.problem and "upgrade" in caught.value.hint


@everybody
@pytest.mark.parametrize(
    ("name", "content"),
    [("text", b"just some text, long enough to be no header " * 9), ("zeros", bytes(9000)), ("empty", b"")],
)
def test_a_file_that_is_no_database_is_said_to_be_damaged(
    folder: SessionFolder, opener: str, name: str, content: bytes
) -> None:
    folder.database.write_bytes(content)

    with pytest.raises(SessionError) as caught:
        OPENERS[opener](folder)

    assert "the database is damaged" in caught.value.problem
    assert "no backup" in caught.value.hint


@everybody
def test_a_truncated_database_is_said_to_be_damaged_and_names_its_backup(folder: SessionFolder, opener: str) -> None:
    writer = Writer(folder)
    writer.save_reports(0, [ReportRow(0, "value", step, 0.5) for step in range(5000)], 1)
    writer.backup()
    writer.close()
    with open(folder.database, "r+b") as file:
        file.truncate(50_000)

    with pytest.raises(SessionError) as caught:
        OPENERS[opener](folder)

    assert "the database is damaged" in caught.value.problem
    assert "session.db.bak" in caught.value.hint


def test_pages_of_rubbish_are_said_to_be_damage(folder: SessionFolder) -> None:
    writer = Writer(folder)
    for number in range(300):
        writer.save_trial(TrialRow(number, "COMPLETE", {"lr": 0.1}, value=1.0))
    writer.close()
    data = bytearray(folder.database.read_bytes())
    start = data.index(b'"lr"') // 4096 * 4096
    data[start:] = b"\xa5" * (len(data) - start)
    folder.database.write_bytes(data)

    with pytest.raises(SessionError, match="damaged"):
        read(folder)


@everybody
def test_another_programs_database_is_no_session(folder: SessionFolder, opener: str) -> None:
    folder.database.unlink()
    db = sqlite3.connect(folder.database)
    db.execute("create table mine (a)")
    db.close()

    with pytest.raises(SessionError, match="is no session's database"):
        OPENERS[opener](folder)


@everybody
def test_a_folder_without_a_database_is_no_session(tmp_path: Path, opener: str) -> None:
    with pytest.raises(SessionError, match=r"there is no session\.db in this folder"):
        OPENERS[opener](SessionFolder(tmp_path))
