"""A session with two objectives: both in the table, the filter and the sort, and the front as a chart."""

from __future__ import annotations

from pathlib import Path

import pytest
from demo_session import START
from driving import Screen, drive

from hptui.core.review.front import corners
from hptui.core.store.create import create_session
from hptui.core.store.rows import TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import OBJECTIVES, Goal
from hptui.tui.arrangement import Arrangement
from hptui.tui.bulk import Bulk
from hptui.tui.filter import parse
from hptui.tui.snapshot import Facts, Parameter, Trials
from hptui.tui.views.trials import titles

VALUES = [(0.30, 1.0), (0.20, 2.0), (0.10, 5.0), (0.25, 3.0), (0.40, 4.0)]
FACTS = Facts(metric="val_loss", also=(Goal("latency"),), space=(Parameter("width"),))


def rows() -> list[TrialRow]:
    return [
        TrialRow(number, "COMPLETE", {"width": 8 * number}, value=loss, best=loss, step=1, created_at=START,
                 started_at=START, ended_at=START + number, attrs={OBJECTIVES: {"latency": latency}})
        for number, (loss, latency) in enumerate(VALUES)
    ]  # fmt: skip


@pytest.fixture
def two(own_home: Path) -> SessionFolder:
    folder = SessionFolder(own_home / "sessions" / "two")
    facts = {
        "name": "two", "direction": "minimize", "metric": "val_loss", "n_trials": 5, "created_at": START,
        "also": [{"metric": "latency", "direction": "minimize"}],
    }  # fmt: skip
    create_session(folder, 'name = "two"\nmetric = ["val_loss", "latency"]\n', facts)
    writer = Writer(folder)
    with writer.transaction():
        writer.save_parameters({"width": {"type": "int", "low": 0, "high": 64}})
        for row in rows():
            writer.save_trial(row)
        writer.set_fact("finished", {"at": START + 9, "reason": "all 5 trials have ended", "ok": True})
    writer.close()
    return folder


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_further_objective_filters_and_sorts_by_its_name(one_by_one: bool) -> None:
    found = parse("latency<3.5 val_loss<.28", FACTS)
    if one_by_one:
        shown = Arrangement.one_by_one(Trials.of(rows()), FACTS, found, "latency", reverse=True).order
    else:
        bulk = Bulk(rows(), FACTS)
        shown = bulk.order(bulk.matching(found), "latency", reverse=True) or ()

    assert (found.problems, list(shown)) == ((), [3, 1])


def test_every_objective_is_a_column_of_the_table() -> None:
    assert [title.title for title in titles(FACTS)][3:5] == ["val_loss", "latency"]


def test_a_parameter_of_an_objectives_name_stays_a_parameter() -> None:
    facts = Facts(metric="val_loss", also=(Goal("width"),), space=(Parameter("width"),))
    row = TrialRow(0, "COMPLETE", {"width": 8}, value=1.0, attrs={OBJECTIVES: {"width": 100.0}})

    assert [parse(text).matches(row, facts) for text in ("width<9", "o.width>9", "p.width<9")] == [True, True, True]


@pytest.mark.parametrize(
    ("signs", "line"),
    [
        ((1.0, 1.0), [(1.0, 3.0), (2.0, 3.0), (2.0, 1.0)]),  # both low: the edge runs above and right of the points
        ((-1.0, -1.0), [(1.0, 3.0), (1.0, 1.0), (2.0, 1.0)]),  # both high: below and left
    ],
)
def test_the_edge_of_a_front_is_where_both_are_worse(
    signs: tuple[float, float], line: list[tuple[float, float]]
) -> None:
    assert corners([(2.0, 1.0), (1.0, 3.0)], signs) == line


def test_the_front_is_a_chart_whose_trials_open(two: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("front of 3")
        assert "latency" in screen.line_with("prog")
        await screen.press("V", "0")
        await screen.until("latency over val_loss ─ 3 of 5 complete trials on the front")
        await screen.until("#2  val_loss 0.1000  latency 5.000")
        await screen.press("l")
        await screen.until("#1  val_loss 0.2000  latency 2.000")
        await screen.press("enter")
        await screen.until("on the front")
        assert "val_loss 0.2000  latency 2.000" in screen.lines[0]

    drive(two, journey, size=(100, 30), read_only=True)
