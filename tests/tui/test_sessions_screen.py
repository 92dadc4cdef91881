"""The list of sessions."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from demo_session import write_session
from driving import Screen, drive

from hptui.core.study.session import SessionFolder
from hptui.tui.screens import sessions as module


def test_without_a_session_it_says_how_to_start_one() -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("no session yet. From a shell:")
        assert "hptui run study.toml" in screen.text

    drive(None, journey)


def test_enter_opens_a_session_and_esc_comes_back(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ finished")
        assert "60/240" in screen.line_with("past")
        await screen.press("enter")
        await screen.until("1 trials")
        await screen.press("escape")
        await screen.until("1 session")

    drive(None, journey)


def test_a_broken_session_is_listed_with_its_problem_and_not_opened(own_home: Path) -> None:
    write_session(SessionFolder(own_home / "sessions" / "good"), 5, finished=True)
    broken = own_home / "sessions" / "bad"
    broken.mkdir()
    (broken / "session.db").write_bytes(b"no database at all" * 100)

    async def journey(screen: Screen) -> None:
        await screen.until("! broken")
        await screen.press("j" if screen.lines[2].find("good") >= 0 or "good" in screen.lines[3] else "k")
        await screen.until(lambda: "bad" in screen.line_with("> "))
        await screen.press("enter")
        await screen.until("the database is damaged")
        assert "2 sessions" in screen.lines[0]

    drive(None, journey, size=(160, 45))


def test_q_leaves(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ finished")
        await screen.press("q")
        await screen.until(lambda: not screen.app.is_running)
        assert screen.app.return_value == 0

    drive(None, journey)


def test_a_look_that_takes_longer_than_the_time_between_looks_comes_to_its_end(
    past: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, go_on, look = [], threading.Event(), module.sessions

    def slow(home: Path) -> list[module.SessionSummary]:
        looks.append(home)
        go_on.wait(20)
        return look(home)

    async def journey(screen: Screen) -> None:
        await screen.until("looking for sessions")
        assert isinstance(screen.app.screen, module.SessionsScreen)
        for _ in range(3):  # as the clock does
            screen.app.screen._look()
            await screen.pilot.pause()
        go_on.set()
        await screen.until("✓ finished")
        assert len(looks) == 1

    monkeypatch.setattr(module, "sessions", slow)
    drive(None, journey)


def test_the_list_is_written_to_a_file(past: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ finished")
        await screen.press("w", "t")
        await screen.until(lambda: any(tmp_path.glob("hptui-*.txt")))

    monkeypatch.chdir(tmp_path)
    drive(None, journey)

    (written,) = tmp_path.glob("hptui-*.txt")
    assert "✓ finished" in written.read_text() and "write to a file" not in written.read_text()


def test_names_that_begin_alike_are_told_apart(own_home: Path) -> None:
    for end in ("one", "two"):
        write_session(SessionFolder(own_home / "sessions" / f"resnet50-on-cifar10-wide-sweep-{end}"), 1, finished=True)

    async def journey(screen: Screen) -> None:
        await screen.until("2 sessions")
        await screen.until("resnet50-on-c…de-sweep-two")
        assert "resnet50-on-c…de-sweep-one" in screen.text
        await screen.pilot.resize_terminal(160, 45)
        await screen.until("resnet50-on-cifar10-wide-sweep-one")

    drive(None, journey)
