"""Ten thousand trials, a screen on which nothing happens, and what is imported before it is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from demo_session import write_session
from driving import Screen, drive

from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.tui import feed
from hptui.tui.panes import trials as pane
from hptui.tui.panes.best import BestPane
from hptui.tui.panes.brackets import BracketsPane
from hptui.tui.panes.rows import Rows
from hptui.tui.snapshot import Delta, Facts, Snapshot, merge
from hptui.tui.views.trials import trial_line


def test_ten_thousand_trials_are_read_line_by_line_as_they_are_seen(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SessionFolder(own_home / "sessions" / "many")
    write_session(folder, 8, finished=True)
    writer = Writer(folder)
    with writer.transaction():
        for number in range(8, 10_000):
            params = {"lr": 1e-3, "batch_size": 16}
            writer.save_trial(TrialRow(number, "COMPLETE", params, value=number / 1e4, started_at=1.0, ended_at=2.0))
    writer.close()
    asked: set[int] = set()

    def watched(snapshot: object, number: int, *rest: object) -> object:
        asked.add(number)
        return trial_line(snapshot, number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pane, "trial_line", watched)

    async def journey(screen: Screen) -> None:
        await screen.until(" 9999 ✓ done")
        await screen.until(lambda: len(screen.app.screen.snapshot.trials) == 10_000)  # type: ignore[attr-defined]
        await screen.press("j", "j")
        await screen.pilot.pause()
        assert asked <= set(range(9970, 10_000))
        await screen.press("G")
        await screen.until("    0 ")
        await screen.press("slash")
        await screen.type("loss<.1")
        await screen.press("enter")
        await screen.until("match loss<.1")
        assert len(asked) < 200

    drive(folder, journey, read_only=True)


def test_a_screen_on_which_nothing_happens_paints_nothing(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.until("val_loss over steps")
        for _ in range(10):
            await screen.pilot.pause(0.05)
        assert await screen.paints(1.5) == []

    drive(past, journey, size=(160, 45), read_only=True)


def test_a_live_session_that_is_paused_paints_nothing_and_shows_no_clock(
    live: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "TICK_S", 0.2)  # a running trial would be painted that often
    with Reader(live) as reader:
        running = [row for row in reader.trials() if row.state == "RUNNING"]
    writer = Writer(live)
    with writer.transaction():
        writer.set_fact("held", True)
        for row in running:
            writer.save_trial(replace(row, state="PAUSED", why="user"))
    writer.close()

    async def journey(screen: Screen) -> None:
        await screen.until("session paused")
        await screen.pilot.pause(0.8)
        assert await screen.paints(1.0) == []
        assert not re.search(r"\d\d:\d\d:\d\d", screen.lines[0])

    drive(live, journey, size=(160, 45))


def test_a_pane_whose_title_stays_the_same_is_not_painted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [TrialRow(0, "COMPLETE", {"lr": 1.0}, value=0.5), TrialRow(1, "RUNNING", {"lr": 1.0}, value=0.4, best=0.4)]
    snapshot = merge(Snapshot(), Delta(Facts(), tuple(rows)), at=1.0, alive=True)

    for one in (BestPane(), BracketsPane()):
        refreshed: list[int] = []
        monkeypatch.setattr(one, "refresh", lambda *_, seen=refreshed, **__: seen.append(1))
        one.take(snapshot)
        before = len(refreshed)
        one.take(replace(snapshot, at=2.0))
        assert len(refreshed) == before


def test_a_key_repaints_two_lines_of_the_table(past: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("j")
        for _ in range(10):
            await screen.pilot.pause(0.05)
        lines: list[int] = []
        original = Rows.refresh

        def counted(rows: Rows, *regions: object, **more: object) -> object:
            lines.append(len(regions) or -1)
            return original(rows, *regions, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(Rows, "refresh", counted)
        await screen.press("j")
        await screen.pilot.pause(0.02)
        assert lines == [2]

    drive(past, journey, read_only=True)


def test_the_app_loads_without_numpy_scipy_and_torch() -> None:
    heavy = ("numpy", "scipy", "torch", "optuna", "sqlite_utils")
    code = f"import sys, hptui.tui.app, hptui.tui.screens.live; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
