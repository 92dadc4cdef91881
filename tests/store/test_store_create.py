from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from hptui.core.errors import SessionError
from hptui.core.store import create
from hptui.core.store.create import create_session
from hptui.core.store.faults import DiskFull
from hptui.core.store.migrations import LATEST
from hptui.core.store.reader import Reader
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

FACTS = {"name": "digits", "direction": "minimize", "max_steps": None, "argv": ["hptui", "run"], "overrides": {"n": 5}}


def test_a_new_session_holds_the_exact_study_and_its_facts(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "home" / "digits")
    text = 'name = "dígits"\r\n\t# odd  spacing \n\n'

    create_session(folder, text, FACTS)

    assert folder.study.read_bytes() == text.encode()
    assert sorted(path.name for path in folder.path.iterdir()) == ["session.db", "study.toml", "trials"]
    with Reader(folder) as reader:
        assert reader.facts() == FACTS


def test_only_its_owner_may_look_into_a_session(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "digits")

    create_session(folder, "", FACTS)

    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.database.stat().st_mode) == 0o600


def test_the_database_is_in_wal_mode_and_says_its_version(folder: SessionFolder) -> None:
    db = sqlite3.connect(folder.database)

    assert db.execute("pragma journal_mode").fetchone() == ("wal",)
    assert db.execute("pragma user_version").fetchone() == (LATEST,)
    db.close()


def test_a_taken_name_is_refused_and_the_session_there_stays(folder: SessionFolder) -> None:
    before = folder.database.read_bytes()

    with pytest.raises(SessionError) as caught:
        create_session(folder, "other", FACTS)

    assert "already" in caught.value.problem and "--name" in caught.value.hint
    assert folder.database.read_bytes() == before


@pytest.mark.parametrize("at", ["_create_database", "_sync"])
def test_a_crash_on_the_way_leaves_nothing_behind(tmp_path: Path, monkeypatch, at: str) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(create, at, crash)

    with pytest.raises(KeyboardInterrupt):
        create_session(SessionFolder(tmp_path / "home" / "digits"), "", FACTS)

    assert list((tmp_path / "home").iterdir()) == []


def test_no_space_for_a_new_session_is_said_and_leaves_nothing(small_disk: Path) -> None:
    (small_disk / "filling").write_bytes(b"x" * (2 << 20))

    with pytest.raises(DiskFull) as caught:
        create_session(SessionFolder(small_disk / "digits"), "name = 'digits'\n" * 99, FACTS)

    assert caught.value.where == str(small_disk / "digits")
    assert [path.name for path in small_disk.iterdir()] == ["filling"]


def test_a_session_in_an_unwritable_home_is_refused(tmp_path: Path, read_only) -> None:
    home = tmp_path / "home"
    home.mkdir()

    with pytest.raises(SessionError, match="can't be written"):
        create_session(SessionFolder(read_only(home) / "digits"), "", FACTS)


def test_a_session_made_by_a_relative_path_opens(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = SessionFolder(Path("odd ?#% name"))

    create_session(folder, "", FACTS)
    Writer(folder).close()

    with Reader(folder) as reader:
        assert reader.fact("name") == "digits"
