"""The list of sessions: found, sorted, noted, renamed, deleted, compared, begun; sessions that came from elsewhere."""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from demo_session import write_session
from driving import Screen, drive

from hptui.core.errors import SessionError
from hptui.core.store.library import SessionSummary, rename, sessions
from hptui.core.store.packed import has_sessions, unpack
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.wire.lock import SessionLock
from hptui.tui.listed import Listed
from hptui.tui.views.cells import text_of
from hptui.tui.views.sessions import session_line

A = SessionSummary("aa", Path("aa"), "live", counts={"COMPLETE": 3}, best=0.5, updated_at=9.0, busy_s=60.0)
B = SessionSummary("bb", Path("bb"), "finished", "stopped by you", counts={"COMPLETE": 30}, best=0.2, updated_at=5.0,
                   busy_s=7200.0, gpu_s=7200.0, remarks={"tags": ["keep"], "note": "a first look"})  # fmt: skip
C = SessionSummary("cc", Path("cc"), "broken", "damaged")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["aa", "bb", "cc"]), ("state:live", ["aa"]), ("best<0.3", ["bb"]), ("trials>=3 !tag:keep", ["aa"]),
        ("first", ["bb"]), ("hours>1", ["bb"]), ("value<0.6 name:a", ["aa"]), ("zebra", []), ("state:br", ["cc"]),
    ],
)  # fmt: skip
def test_sessions_are_found_by_what_they_are(text: str, names: list[str]) -> None:
    assert [one.name for one in Listed().filtered(text).arranged([A, B, C])] == names


@pytest.mark.parametrize(
    ("changed", "state"),
    [({}, "✓ finished"), ({"counts": {"FAIL": 4}}, "✗ finished"), ({"ok": False}, "✗ finished")],
)
def test_a_finished_session_without_a_result_has_a_cross(changed: dict[str, Any], state: str) -> None:
    assert text_of(session_line(replace(B, **changed), 9.0)[1:2]) == state


def test_sessions_are_sorted_and_unknown_ones_come_last_either_way() -> None:
    by_best = Listed().by("best")

    assert [one.name for one in by_best.arranged([A, B, C])] == ["bb", "aa", "cc"]
    assert [one.name for one in by_best.by("best").arranged([A, B, C])] == ["aa", "bb", "cc"]
    assert [one.name for one in Listed().by("hours").arranged([A, B, C])] == ["bb", "aa", "cc"]


@pytest.fixture
def three(own_home: Path) -> Path:
    for at, name in enumerate(("one", "two", "three")):
        folder = SessionFolder(own_home / "sessions" / name)
        write_session(folder, 6 + at, finished=True)
        os.utime(folder.database, (1.7e9 + at, 1.7e9 + at))
    return own_home / "sessions"


def test_the_list_is_filtered_noted_renamed_and_what_is_deleted_says_its_size(three: Path) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("3 sessions")
        await screen.press("slash")
        await screen.type("two")
        await screen.press("enter")
        await screen.until("one", gone=True)
        await screen.press("t")
        await screen.until("tags and note of two")
        await screen.type("keep")
        await screen.press("enter")
        await screen.until("#keep")
        await screen.press("f2")
        await screen.until("another name for two")
        await screen.type("two-again")
        await screen.press("enter")
        await screen.until(lambda: (three / "two-again").exists())
        await screen.until(lambda: "two-again" in screen.line_with("> "))
        await screen.press("D")
        await screen.until("Delete 1 session?")
        assert "K" in screen.line_with("two-again:") or "M" in screen.line_with("two-again:")
        await screen.press("enter")  # the default is to leave it
        await screen.until("Delete 1 session?", gone=True)
        assert (three / "two-again").exists()
        await screen.press("D")
        await screen.until("Delete 1 session?")
        await screen.press("d")
        await screen.until(lambda: not (three / "two-again").exists())

    drive(None, journey, size=(160, 45))
    assert sorted(one.name for one in sessions(three)) == ["one", "three"]


def test_two_marked_sessions_are_compared_by_enter(three: Path) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("3 sessions")
        await screen.press("v", "v")
        await screen.until("2 marked")
        await screen.press("enter")
        await screen.until(lambda: type(screen.app.screen).__name__ == "CompareScreen")

    drive(None, journey, size=(160, 45))


def test_a_read_only_list_changes_nothing(three: Path) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("3 sessions")
        await screen.press("D", "t", "f2", "n")
        await screen.pilot.pause(0.1)
        assert type(screen.app.screen).__name__ == "SessionsScreen"

    drive(None, journey, read_only=True)


def test_a_live_session_is_not_renamed(three: Path) -> None:
    folder = SessionFolder(three / "one")
    lock = SessionLock.take(folder.lock)
    assert lock is not None

    with pytest.raises(SessionError, match="a scheduler runs it"):
        rename(folder, "other")
    lock.release()
    with pytest.raises(SessionError, match="something of this name"):
        rename(folder, "two")
    with pytest.raises(SessionError, match="can't be a session's name"):
        rename(folder, "../out")
    assert rename(folder, "other").database.exists()


# --- from elsewhere


def zipped(folder: Path, archive: Path, under: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, Path(under) / path.relative_to(folder))
    return archive


@pytest.mark.parametrize("under", ["", "copied", "home/ada/sessions/one"])
def test_a_zip_of_a_session_is_unpacked_and_opens(three: Path, tmp_path: Path, under: str) -> None:
    place = unpack(zipped(three / "one", tmp_path / "x.zip", under), tmp_path / "out")

    with Reader(SessionFolder(place)) as reader:
        assert len(reader.trials()) == 6


def test_a_zip_of_several_sessions_is_a_folder_of_them(three: Path, tmp_path: Path) -> None:
    place = unpack(zipped(three, tmp_path / "x.zip"), tmp_path / "out")

    assert has_sessions(place)
    assert {one.name for one in sessions(place)} == {"one", "two", "three"}


def test_a_hostile_zip_writes_nothing_outside_and_what_is_none_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as packed:
        packed.writestr("../../escaped", "x")
        link = zipfile.ZipInfo("session.db")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    (tmp_path / "none.zip").write_bytes(b"no zip")

    with pytest.raises(SessionError, match="there is no session in it"):
        unpack(tmp_path / "bad.zip", tmp_path / "in" / "out")
    with pytest.raises(SessionError, match="can't be unpacked"):
        unpack(tmp_path / "none.zip", tmp_path / "out")
    assert not (tmp_path / "escaped").exists() and not (tmp_path.parent / "escaped").exists()


# --- a new one

TRAIN = """
def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    trial.report(x, 0)
    return x
"""


def test_a_new_session_is_begun_from_a_script(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    monkeypatch.chdir(tmp_path)

    async def journey(screen: Screen) -> None:
        await screen.until("no session yet")
        await screen.press("n")
        await screen.until("the function objective(trial): 1 parameter to search (x)")
        await screen.press("enter")
        await screen.until("no problems; writes train.toml")
        await screen.press("down", "down", "down", "end", "backspace", "backspace", "backspace", "x")
        await screen.until("write 1e-5 .. 0.1 log, 8 .. 64 step 8, or adam | sgd")
        await screen.press("home", *["delete"] * 12)
        await screen.type("0.5 .. 2.5")
        await screen.until("no problems")
        await screen.press("enter")
        await screen.until("start it now")
        await screen.press("l")
        await screen.until((tmp_path / "train.toml").exists)

    drive(None, journey)
    assert 'x = { type = "float", low = 0.5, high = 2.5 }' in (tmp_path / "train.toml").read_text()
    shutil.rmtree(sessions_home(), ignore_errors=True)
