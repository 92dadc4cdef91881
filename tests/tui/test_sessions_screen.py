"""The list of sessions."""

from __future__ import annotations

from pathlib import Path

from demo_session import write_session
from driving import Screen, drive

from hptui.core.study.session import SessionFolder


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
