"""The pane of rungs: a line for each rung, and one for each trial held there."""

from __future__ import annotations

from typing import Any

from panes_alone import Alone, alone

from hptui.core.store.rows import TrialRow
from hptui.tui.panes.brackets import BracketsPane
from hptui.tui.snapshot import Delta, Facts, Snapshot, merge


def held(number: int, value: float) -> TrialRow:
    stand = {"rung": 1, "rank": 1, "cohort": 2, "kept": 0, "threshold": None, "value": value}
    return TrialRow(number, "PAUSED", {}, why="rung", value=value, step=1, attrs={"rung": stand})


def snapshot(*rows: TrialRow) -> Snapshot:
    return merge(Snapshot(), Delta(Facts(pruner="asha", rungs=(1, 3)), rows), at=0.0, alive=True)


def test_enter_on_a_held_trial_chooses_it() -> None:
    pane = BracketsPane()

    async def steps(app: Alone, pilot: Any) -> None:
        pane.take(snapshot(held(2, 0.3), held(5, 0.4)))
        await pilot.press("j", "enter")
        assert [line[:22] for line in app.lines()[:3]] == [
            "rung 1     2 came   0 ",
            "      2    0.3000  nex",
            "      5    0.4000  2. ",
        ]
        assert [one.key for one in app.posted if isinstance(one, BracketsPane.Chosen)] == [2]

    alone(pane, steps)


def test_while_nobody_was_judged_it_says_where_the_rungs_are() -> None:
    pane = BracketsPane()

    async def steps(app: Alone, pilot: Any) -> None:
        pane.take(snapshot())
        assert app.lines()[0].strip() == "no trial has come to a rung yet (steps 1, 3)"

    alone(pane, steps, (60, 8))
