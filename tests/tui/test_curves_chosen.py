"""Which curves are drawn, and on which axis."""

from __future__ import annotations

import pytest
from driving import Screen, drive

from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.session import SessionFolder
from hptui.tui.crowd import Crowd
from hptui.tui.panes.curves import MOST, Choice, axis_end, chosen, marks
from hptui.tui.panes.plot import Series
from hptui.tui.snapshot import Delta, Facts, Snapshot, merge

RUNS = [TrialRow(n, "RUNNING", {}) for n in range(100, 130)]
DONE = [TrialRow(n, "COMPLETE", {}, value=float(n), ended_at=1.0) for n in range(40)]
NONE: frozenset[int] = frozenset()


def snapshot(*rows: TrialRow) -> Snapshot:
    return merge(Snapshot(), Delta(Facts(), rows), at=2.0, alive=True)


def test_the_cursors_curve_lies_on_top_and_pinned_ones_are_always_there() -> None:
    drawn = chosen(snapshot(*RUNS, *DONE), Choice.BOTH, frozenset({33}), NONE, cursor=125)

    assert drawn[-2:] == (33, 125)
    assert len(drawn) == len(set(drawn)) == MOST


@pytest.mark.parametrize(
    ("choice", "trials"),
    [
        (Choice.RUNNING, {100, 101, 2, 5}),
        (Choice.TOP, {0, 1, 2, 5}),
        (Choice.PINNED, {2, 5}),
        (Choice.BOTH, {100, 101, 0, 1, 2, 5}),
    ],
)
def test_the_choice_goes_round(choice: Choice, trials: set[int]) -> None:
    known = snapshot(*RUNS[:2], *DONE[:3], TrialRow(5, "PRUNED", {}, ended_at=1.0))

    assert set(chosen(known, choice, NONE, frozenset({2}), cursor=5)) == trials


def test_those_that_run_come_first_and_then_the_most_promising_of_those_held() -> None:
    held = [TrialRow(n, "PAUSED", {}, best=float(n)) for n in range(40)]

    assert chosen(snapshot(*held, *RUNS[:2]), Choice.BOTH, NONE, NONE, cursor=None)[::-1] == (100, 101, *range(8))


def test_a_rule_that_judges_everywhere_has_no_lines() -> None:
    assert (marks(Facts(rungs=(1, 3, 9))), marks(Facts(rungs=tuple(range(40))))) == ((1, 3, 9), ())


def test_a_trial_that_is_not_there_is_not_drawn() -> None:
    assert chosen(snapshot(), Choice.BOTH, frozenset({7}), NONE, cursor=9) == ()


@pytest.mark.parametrize(
    ("max_steps", "last", "end"),
    [(40, 3, 40.0), (40, 41, 50.0), (None, 130, 200.0), (None, 1000, 1000.0), (None, 0, None)],
)
def test_the_step_axis_ends_at_the_budget_or_at_a_round_number(
    max_steps: int | None, last: int, end: float | None
) -> None:
    assert axis_end(max_steps, [Series(1, [0, last], [1.0, 0.5])]) == end


# --- the shade behind them


def test_the_shade_is_a_sample_of_ended_trials_read_anew_when_a_fifth_more_have_ended(past: SessionFolder) -> None:
    with Reader(past) as reader:
        rows = [row for row in reader.trials() if row.ended_at is not None]
        crowd = Crowd()

        first = crowd.look(reader, Snapshot(), rows[:20], "val_loss")
        assert first is not None and len(first) == 20
        assert crowd.look(reader, Snapshot(), rows[20:22], "val_loss") is None
        more = crowd.look(reader, Snapshot(), rows[22:30], "val_loss")
        assert more is not None and more[:20] == first


def test_a_finished_session_shows_the_shade_and_no_stale_load(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("shade: 10 to 90 % of all")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until("shade: 10-90 %")
        await screen.pilot.resize_terminal(160, 45)
        await screen.until("shade: 10 to 90 % of all")
        assert "cpu" in screen.line_with("0/2")
        assert "83%" not in screen.text and "–" in screen.line_with("0/2")

    drive(past, journey, size=(160, 45), read_only=True)


def test_both_axes_turn_logarithmic_from_the_table_and_from_the_chart(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("val_loss over steps ─")
        await screen.press("x")
        await screen.until("val_loss over steps · log ─")
        await screen.press("2", "L")
        await screen.until("val_loss · log over steps · log ─")
        await screen.press("x")
        await screen.until("val_loss · log over steps ─")

    drive(past, journey, size=(160, 45), read_only=True)
