"""Which curves are drawn, and on which axis."""

from __future__ import annotations

import pytest

from hptui.core.store.rows import TrialRow
from hptui.tui.panes.curves import MOST, Choice, axis_end, chosen
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
        (Choice.RUNNING, {100, 101, 5}),
        (Choice.TOP, {0, 1, 2, 5}),
        (Choice.PINNED, {2, 5}),
        (Choice.BOTH, {100, 101, 0, 1, 2, 5}),
    ],
)
def test_the_choice_goes_round(choice: Choice, trials: set[int]) -> None:
    known = snapshot(*RUNS[:2], *DONE[:3], TrialRow(5, "PRUNED", {}, ended_at=1.0))

    assert set(chosen(known, choice, NONE, frozenset({2}), cursor=5)) == trials


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
