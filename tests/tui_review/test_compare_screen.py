"""Sessions beside each other: the screen and the verb."""

from __future__ import annotations

import asyncio
import json

import pytest
from driving import Screen

from hptui.core.errors import HptuiError
from hptui.core.study.session import SessionFolder
from hptui.tui.app import HptuiApp
from hptui.tui.cli import hptui


def compared(folders: list[SessionFolder], journey: object, size: tuple[int, int] = (100, 30)) -> None:
    async def run() -> None:
        app = HptuiApp(beside=folders)
        async with app.run_test(size=size) as pilot:
            await journey(Screen(app, pilot))  # type: ignore[operator]

    asyncio.run(run())


def test_lines_spaces_and_configurations_of_two_sessions(past: SessionFolder, other: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("shade: where past would be in 9 of 10 other orders of its own trials")
        assert "60" in screen.line_with("━━ past") and "20" in screen.line_with("━━ other")
        await screen.press("j")
        await screen.until("shade: where other would be")
        await screen.press("2")
        await screen.until("1e-5 … 0.1 log")
        await screen.press("3")
        await screen.until("≠ lr")
        await screen.press("1", "x")
        await screen.until("over wall clock")

    compared([past, other], journey)


def test_a_session_that_is_gone_is_named(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("there is no such folder")

    compared([past, SessionFolder(past.path.parent / "nowhere")], journey)


def test_the_verb_prints_one_document(
    past: SessionFolder, other: SessionFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    hptui.main(["compare", "past", "other", "--json"], standalone_mode=False)

    said = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["trials"]) for one in said["sessions"]] == [("past", 60), ("other", 20)]
    assert said["problem"] == "" and said["parameters"][0]["name"] == "lr"
    assert len(said["parameters"][0]["best"]) == 2


def test_the_verb_prints_tables_where_there_is_no_terminal(
    past: SessionFolder, other: SessionFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    hptui.main(["compare", "past", "other"], standalone_mode=False)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["session", "best", "trial"]
    assert any(line.startswith("≠  lr") for line in lines)


def test_one_session_alone_is_no_comparison(past: SessionFolder) -> None:
    with pytest.raises(HptuiError, match="1 session named"):
        hptui.main(["compare", "past"], standalone_mode=False)
