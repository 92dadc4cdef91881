from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hptui.core.errors import SessionError
from hptui.core.store import library
from hptui.core.store.create import create_session
from hptui.core.store.rows import TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock, start_ticks


def make(home: Path, name: str) -> SessionFolder:
    folder = SessionFolder(home / name)
    create_session(
        folder, "", {"name": name, "direction": "maximize", "metric": "acc", "created_at": 5.0, "n_trials": 9}
    )
    return folder


def write(folder: SessionFolder, *rows: TrialRow, finished: object = None) -> None:
    writer = Writer(folder)
    for row in rows:
        writer.save_trial(row)
    writer.set_fact("finished", finished)
    writer.close()


def touch(folder: SessionFolder, at: float) -> None:
    os.utime(folder.database, (at, at))


def test_every_session_is_listed_with_its_state_the_latest_first(tmp_path: Path) -> None:
    live, done, stopped, killed = (make(tmp_path, name) for name in ("live", "done", "stopped", "killed"))
    rows = [TrialRow(0, "COMPLETE", {}, value=0.5), TrialRow(1, "COMPLETE", {}, value=0.75), TrialRow(2, "FAIL", {})]
    write(done, *rows, finished={"at": 8.0, "reason": "all 3 trials have ended", "ok": True})
    write(stopped, finished={"at": 8.0, "reason": "stopped by you", "ok": True, "final": False})
    for folder, at in ((live, 30.0), (done, 20.0), (stopped, 10.0), (killed, 5.0)):
        touch(folder, at)
    lock = SessionLock.take(live.lock)
    assert lock is not None

    found = library.sessions(tmp_path)

    lock.release()
    size = done.database.stat().st_size
    assert [(each.name, each.state, each.alive) for each in found] == [
        ("live", "live", True),
        ("done", "finished", False),
        ("stopped", "stopped", False),
        ("killed", "interrupted", False),
    ]
    assert found[0].pid == os.getpid()
    assert found[1] == library.SessionSummary(
        "done", done.path, "finished", "all 3 trials have ended", counts={"COMPLETE": 2, "FAIL": 1}, n_trials=9,
        best=0.75, best_trial=1, metric="acc", direction="maximize", created_at=5.0, updated_at=20.0,
        database_bytes=size,
    )  # fmt: skip


def test_a_broken_session_is_listed_with_its_problem_and_hides_no_other(tmp_path: Path) -> None:
    for name in ("fine", "garbage", "no-database", "newer"):
        make(tmp_path, name)
    (tmp_path / "garbage" / "session.db").write_bytes(b"not a database at all" * 99)
    (tmp_path / "no-database" / "session.db").unlink()
    data = bytearray((tmp_path / "newer" / "session.db").read_bytes())
    data[60:64] = (99).to_bytes(4, "big")  # user_version, in SQLite's header
    (tmp_path / "newer" / "session.db").write_bytes(data)

    found = {each.name: (each.state, each.reason) for each in library.sessions(tmp_path)}

    assert found["fine"] == ("interrupted", "")
    assert found["garbage"][0] == "broken" and "damaged" in found["garbage"][1]
    assert found["no-database"] == ("broken", "there is no session.db in this folder")
    assert found["newer"][0] == "broken" and "newer hptui" in found["newer"][1]


def test_what_is_no_session_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / ".digits.new-12345678").mkdir()
    (tmp_path / ".digits.new-12345678" / "study.toml").write_text("")

    assert library.sessions(tmp_path) == []
    assert library.sessions(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("digits", "digits"), ("digits-2", "digits-2"), ("cif", "cifar"), ("./cifar", "cifar"), ("{home}/cifar", "cifar")],
)
def test_a_name_its_unique_beginning_or_a_path_means_a_session(
    tmp_path: Path, monkeypatch, asked: str, meant: str
) -> None:
    for name in ("digits", "digits-2", "cifar"):
        make(tmp_path, name)
    monkeypatch.chdir(tmp_path)

    assert library.resolve(asked.format(home=tmp_path), tmp_path).path == tmp_path / meant


def test_a_folder_here_is_found_by_its_bare_name_when_no_session_is_called_so(tmp_path: Path, monkeypatch) -> None:
    make(tmp_path, "copied")
    monkeypatch.chdir(tmp_path)

    assert library.resolve("copied", tmp_path / "home").path == tmp_path / "copied"


@pytest.mark.parametrize(
    ("asked", "problem", "hint"),
    [
        ("digist", "there is no session of this name", "did you mean digits"),
        ("zzz", "there is no session of this name", "`hptui ls` lists sessions"),
        ("dig", "2 sessions begin so: digits, digits-2", "write more of the name"),
        ("", "there is no session of this name", "`hptui ls` lists sessions"),
        ("./gone", "there is no such folder", "`hptui ls` lists sessions"),
        ("..", "is no session's folder", "`hptui ls` lists sessions"),
    ],
)
def test_a_name_that_means_none_or_several_says_so(tmp_path: Path, monkeypatch, asked, problem, hint) -> None:
    home = tmp_path / "home"
    for name in ("digits", "digits-2"):
        make(home, name)
    monkeypatch.chdir(home)

    with pytest.raises(SessionError) as caught:
        library.resolve(asked, home)

    assert (caught.value.problem, caught.value.hint[: len(hint)]) == (problem, hint)


def test_a_new_name_takes_the_first_free_number(tmp_path: Path) -> None:
    assert library.new_name("digits", tmp_path) == "digits"
    make(tmp_path, "digits")
    make(tmp_path, "digits-3")
    assert library.new_name("digits", tmp_path) == "digits-2"


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("a/b c", "a-b-c"),
        ("../../etc", "etc"),
        ("", "study"),
        ("\x1b[31m", "31m"),
        ("größe", "größe"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_new_name_is_a_plain_folder_name(tmp_path: Path, base: str, name: str) -> None:
    assert library.new_name(base, tmp_path) == name


def test_a_removed_session_is_gone_with_all_its_files(tmp_path: Path) -> None:
    folder = make(tmp_path, "digits")
    (folder.trials / "0").mkdir()
    (folder.trials / "0" / "log").write_text("x")

    library.remove(folder)

    assert list(tmp_path.iterdir()) == []


def test_a_session_with_a_scheduler_is_not_removed(tmp_path: Path) -> None:
    folder = make(tmp_path, "digits")
    lock = SessionLock.take(folder.lock)
    assert lock is not None

    with pytest.raises(SessionError) as caught:
        library.remove(folder)

    lock.release()
    assert f"a scheduler runs it (pid {os.getpid()})" in caught.value.problem
    assert folder.database.exists()


def test_a_session_whose_trial_still_trains_is_not_removed(tmp_path: Path) -> None:
    folder = make(tmp_path, "digits")
    write(folder, TrialRow(7, "RUNNING", {}, pid=os.getpid(), start_ticks=start_ticks(os.getpid())))

    with pytest.raises(SessionError, match="trial 7"):
        library.remove(folder)

    write(folder, TrialRow(7, "RUNNING", {}, pid=os.getpid(), start_ticks=1))  # that pid was someone else
    library.remove(folder)
    assert not folder.path.exists()


def test_a_folder_that_is_no_session_is_not_removed(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no session's folder"):
        library.remove(SessionFolder(tmp_path))

    assert tmp_path.exists()


def test_a_broken_session_can_be_removed(tmp_path: Path) -> None:
    folder = make(tmp_path, "digits")
    folder.database.write_bytes(b"x" * 5000)

    library.remove(folder)

    assert not folder.path.exists()


def test_the_size_of_a_session_counts_every_file(tmp_path: Path) -> None:
    folder = make(tmp_path, "digits")
    before = library.size_bytes(folder)
    (folder.trials / "0").mkdir()
    (folder.trials / "0" / "log").write_bytes(os.urandom(100_000))
    os.sync()

    assert library.size_bytes(folder) - before >= 100_000
    shutil.rmtree(folder.path)
    assert library.size_bytes(folder) == 0
