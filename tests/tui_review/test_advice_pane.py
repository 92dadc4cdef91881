"""What the advice tab says, and the study it writes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from driving import Screen
from test_review_screen import digit, reviewed

from hptui.core.advice.finding import Edit, Finding
from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal
from hptui.tui.glyphs import glyphs_for
from hptui.tui.panes.advice import next_study
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
        "    do   extend lr to 1 (n writes it)",
        "    why  the best value may lie beyond the end",
        "",
        "  ✓ trial 7 has been the best for 40 of 80 trials",
        "    do   stop here",
        "    why  it is enough",
        "",
    ]
    assert heading([EDGE, EDGE, GOOD]) == "advice ─ 2 warnings, 1 good sign"


def test_the_chosen_one_is_seen_however_low_the_pane() -> None:
    lines = draw([EDGE] * 8, 7, 60, 6, glyphs_for({}))

    assert len(lines) == 6 and lines[1][0].text.startswith("> !")


def test_the_next_study_has_the_advice_and_a_name_of_its_own(tmp_path: Path) -> None:
    text = 'name = "a"\n[objective]\ncommand = "x"\n[space]\nlr = {type = "float", low = 0.01, high = 0.1}  # mine\n'

    paths = [next_study(tmp_path, text, "a", [EDGE, GOOD]) for _ in range(2)]

    assert [path.name for path in paths] == ["a-next.toml", "a-next-2.toml"]
    made = tomllib.loads(paths[1].read_text())
    assert (made["name"], made["space"]["lr"]["high"]) == ("a-next-2", 1.0)
    assert "# mine" in paths[1].read_text()


def test_the_tab_says_when_no_red_flag_is_up(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("advice"))
        await screen.until("no red flag is up")

    reviewed(past, journey)


def test_n_writes_the_next_round(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    trials = [
        FoundTrial(k, "COMPLETE", {"lr": float(u)}, (float((u - 1.2) ** 2),), ended_at=k + 1.0)
        for k, u in enumerate(rng.random(40))
    ]
    folder = SessionFolder(own_home / "sessions" / "edge")
    space = {"lr": {"type": "float", "low": 0.0, "high": 1.0}}
    make_session(Found("edge", "x", "test", (Goal("loss"),), space, tuple(trials)), folder)
    monkeypatch.chdir(tmp_path)

    async def journey(screen: Screen) -> None:
        await screen.press(digit("advice"))
        await screen.until("extend lr to 2 (n writes it)")
        await screen.press("n")
        await screen.until("edge-next.toml")

    reviewed(folder, journey)
    assert tomllib.loads((tmp_path / "edge-next.toml").read_text())["space"]["lr"]["high"] == 2.0
