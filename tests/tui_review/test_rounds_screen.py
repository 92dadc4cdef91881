"""The screen of rounds, from the list of sessions; adopting a trial by its key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from driving import Screen, drive

from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal


def test_a_trial_is_adopted_and_the_family_is_shown(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = [FoundTrial(k, "COMPLETE", {"x": k / 10}, (1.0 - k / 10,), ended_at=k + 1.0) for k in range(8)]
    folder = SessionFolder(own_home / "sessions" / "first")
    space = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
    make_session(Found("first", "f", "test", (Goal("loss"),), space, tuple(trials)), folder)
    monkeypatch.chdir(tmp_path)

    async def adopting(screen: Screen) -> None:
        await screen.until("done")
        await screen.press("s", "A")
        await screen.until("as the baseline of the next round")
        await screen.press(*"narrower", "tab", *"y")
        await screen.until("there is no parameter y")
        await screen.press("backspace", "x", "enter")
        await screen.until((tmp_path / "first-r2.toml").exists)
        await screen.until("#adopted")

    drive(folder, adopting)
    made = tomllib.loads((tmp_path / "first-r2.toml").read_text())
    assert (made["round"]["goal"], made["round"]["adopted"]) == ("narrower", 7)
    assert (made["round"]["scientific"], made["space"]["x"]["default"]) == (["x"], 0.7)

    async def rounds(screen: Screen) -> None:
        await screen.until("1 session")
        await screen.press("R")
        await screen.until("rounds of first")
        await screen.until("best loss 0.3 in one run")
        await screen.press("w")
        await screen.until((tmp_path / "first-rounds.md").exists)
        await screen.press("escape")
        await screen.until("1 session")

    drive(None, rounds)
    assert (tmp_path / "first-rounds.md").read_text().startswith("# Rounds of first")
