"""What the advice tab says, and the study it writes."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driving import Screen, drive
from test_review_screen import digit, reviewed

from hptui.core.advice.finding import Edit, Finding
from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.review.diagnosis import advice, diagnose, standing
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal
from hptui.tui.acting import Act, act_on
from hptui.tui.glyphs import glyphs_for
from hptui.tui.views.advice import draw, heading

EDGE = Finding(
    "best-at-edge", "warning", "space.lr", "the best trial (7) has lr = 0.1, at the upper end (0.1), and so have 5 of 5",  # noqa: E501
    "extend lr to 1", "the best value may lie beyond the end", (Edit(("space", "lr", "high"), 1.0),),
)  # fmt: skip
GOOD = Finding("converged", "good", "", "trial 7 has been the best for 40 of 80 trials", "stop here", "it is enough")


def test_each_finding_says_what_to_do_and_why() -> None:
    lines = ["".join(p.text for p in line).rstrip() for line in draw([EDGE, GOOD], 0, 60, 20, glyphs_for({}))]

    assert lines == [
        "> ! the best trial (7) has lr = 0.1, at the upper end (0.1),",
        "    and so have 5 of 5",
        "    do   extend lr to 1",
        "    why  the best value may lie beyond the end",
        "    key  enter writes the next study · d dismisses it",
        "",
        "  ✓ trial 7 has been the best for 40 of 80 trials",
        "    do   stop here",
        "    why  it is enough",
        "",
    ]
    assert heading([EDGE, EDGE, GOOD]) == "advice ─ 2 warnings, 1 good sign"


def test_the_chosen_one_is_seen_however_low_the_pane() -> None:
    lines = draw([EDGE] * 8, 7, 60, 6, glyphs_for({}))

    assert len(lines) == 6 and lines[0][0].text.startswith("> !")


def test_every_finding_has_a_key_or_says_that_it_has_none() -> None:
    acts = {
        "write": EDGE, "repeat": GOOD, "slice": Finding("duplicates", "hint", "space", "again", "stop"),
        "trial": Finding("overfitting", "warning", "", "worse", "regularise", trials=(7, 3)),
        "nothing": Finding("x", "hint", "", "is so", ""),
    }  # fmt: skip

    assert {name: act_on(finding).does for name, finding in acts.items()} == {name: name for name in acts}
    assert act_on(acts["trial"]) == Act("trial", "opens trial 7", trial=7)
    assert act_on(replace(EDGE, edits=())) == Act("slice", "shows the slice of lr", "lr")


def test_the_tab_says_when_no_red_flag_is_up(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("advice"))
        await screen.until("no red flag is up")

    reviewed(past, journey)


def test_keys_write_the_next_round_show_what_it_is_about_and_dismiss_for_good(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    trials = [
        FoundTrial(k, "COMPLETE", {"x": float(2 * u)}, (float((u - 1.2) ** 2),), ended_at=k + 1.0)
        for k, u in enumerate(rng.random(40))
    ]
    folder = SessionFolder(own_home / "sessions" / "edge")
    space = {"x": {"type": "float", "low": 0.0, "high": 2.0}}
    make_session(Found("edge", "x", "test", (Goal("loss"),), space, tuple(trials)), folder)
    monkeypatch.chdir(tmp_path)

    async def journey(screen: Screen) -> None:
        await screen.until("done")
        await screen.press("V")
        await screen.until("1 history")
        await screen.press(digit("advice"))
        await screen.until("extend x to 4")
        await screen.press("n")
        await screen.until("edge-r2.toml")
        await screen.press("d")
        await screen.until("1 dismissed")

    drive(folder, journey)
    made = tomllib.loads((tmp_path / "edge-r2.toml").read_text())
    assert (made["space"]["x"]["high"], made["name"]) == (4.0, "edge-r2")
    assert made["round"] == {"goal": "takes the advice: best-at-edge space.x", "parent": "edge"}

    async def again(screen: Screen) -> None:
        await screen.press(digit("advice"))
        await screen.until("1 dismissed")
        await screen.press("u")
        await screen.until("extend x to 4")
        await screen.press("enter")
        await screen.until("edge-r3.toml")

    reviewed(folder, again)
    with Reader(folder) as reader:
        assert reader.fact("remarks") == {"dismissed": ["best-at-edge space.x"]}
        assert standing(reader, advice(reader)) == [] and diagnose(reader) != []
