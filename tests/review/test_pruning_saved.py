"""What giving up early saved and cut, told from trial rows, and how the screen and the command line say it."""

from __future__ import annotations

import math
from typing import Any

from hptui.core.review.pruning import Ahead, Cut, Saved, pruning
from hptui.core.store.rows import TrialRow
from hptui.tui.snapshot import Delta, Facts, Snapshot, merge
from hptui.tui.views.cells import text_of
from hptui.tui.views.rungs import (
    ahead_line,
    held_line,
    nothing_held,
    predicted,
    rung_line,
    rungs,
    saved_line,
    saved_so_far,
)


def complete(number: int, value: float, step: int = 9, seconds: float = 20.0) -> TrialRow:
    return TrialRow(number, "COMPLETE", {}, value=value, best=value, step=step, busy_s=seconds, attrs=stood(3, 1, 2))


def pruned(number: int, value: float, step: int, rung: int | None = None) -> TrialRow:
    attrs = {} if rung is None else stood(rung, 2, 2)
    return TrialRow(number, "PRUNED", {}, value=value, best=value, step=step, busy_s=2.0 * (step + 1), attrs=attrs)


def held(number: int, value: float, rung: int, **more: Any) -> TrialRow:
    return TrialRow(number, "PAUSED", {}, why="rung", value=value, step=rung, attrs=stood(rung, 3, 3, value), **more)


def stood(rung: int, rank: int, cohort: int, value: float = 0.0, bracket: int | None = None) -> dict[str, Any]:
    numbers = {"rung": rung, "rank": rank, "cohort": cohort, "kept": 1, "threshold": 0.25, "value": value}
    return {"rung": numbers | ({} if bracket is None else {"bracket": bracket})}


WINNER = [(0, 0.9), (1, 0.5), (3, 0.4), (9, 0.1)]


def test_steps_that_were_not_run_are_counted_and_seconds_at_each_trials_own_pace() -> None:
    found = pruning([complete(0, 0.1), pruned(1, 0.7, 1), pruned(2, 0.8, 3)], "minimize", 10, WINNER)

    # steps are counted from 0: 10, 2 and 4 of 10 each; 20 s, 4 s (2 s a step) and 8 s
    assert found.saved == Saved(steps=16, full_steps=30, seconds=32.0, full_seconds=60.0)
    assert saved_line(found) == ("pruning saved 47% of the training: 16 of 30 steps were run, 28s of 1m00s saved")


def test_steps_counted_from_one_are_taken_as_they_are() -> None:
    winner = [(1, 0.5), (10, 0.1)]

    found = pruning([complete(0, 0.1, step=10), pruned(1, 0.7, 5)], "minimize", 10, winner)

    assert found.saved is not None and (found.saved.steps, found.saved.full_steps) == (15, 20)


def test_a_pruned_trial_that_led_the_winner_is_told_with_both_values() -> None:
    trials = [complete(0, 0.1), pruned(1, 0.45, 1), pruned(2, 0.39, 3), pruned(3, 0.6, 3), pruned(4, math.nan, 3)]

    found = pruning(trials, "minimize", 10, WINNER)

    assert (found.winner, found.compared) == (0, 4)
    assert found.ahead == (Ahead(1, 1, 0.45, 0.5), Ahead(2, 3, 0.39, 0.4))
    assert ahead_line(found) == (
        "2 of the 4 pruned trials were ahead of the best, trial 0, when cut: trial 1 (0.4500 at step 1, the best had "
        "0.5000), trial 2 (0.3900 at step 3, the best had 0.4000)"
    )


def test_a_metric_to_maximise_is_compared_the_other_way() -> None:
    winner = [(0, 0.1), (1, 0.5), (9, 0.9)]

    found = pruning([complete(0, 0.9), pruned(1, 0.6, 1), pruned(2, 0.4, 1)], "maximize", 10, winner)

    assert found.ahead == (Ahead(1, 1, 0.6, 0.5),)


def test_each_rung_says_who_came_was_cut_is_held_and_went_on() -> None:
    trials = [complete(0, 0.1), pruned(1, 0.5, 1, rung=1), held(2, 0.3, 1), pruned(3, 0.4, 3, rung=3)]

    found = pruning(trials, "minimize", 10, WINNER)

    assert found.cuts == (Cut(1, True, 4, 1, 1, 0.25), Cut(3, True, 2, 1, 0, 0.25))
    assert [cut.went_on for cut in found.cuts] == [2, 1]


def test_a_rule_without_rungs_is_told_by_the_steps_it_cut_at() -> None:
    found = pruning([complete(0, 0.1), pruned(1, 0.5, 4), pruned(2, 0.6, 4)], "minimize", 10, WINNER)

    assert found.cuts[-1] == Cut(4, False, 3, 2, 0, None)


def test_nothing_pruned_and_nothing_complete_say_nothing() -> None:
    nobody = pruning([], "minimize", None)
    unfinished = pruning([pruned(0, 0.5, 3)], "minimize", None)

    assert (nobody.saved, nobody.winner, nobody.ahead, nobody.cuts) == (None, None, (), ())
    assert unfinished.saved is None and unfinished.pruned == 1
    assert saved_line(nobody) == ahead_line(nobody) == saved_line(unfinished) == ahead_line(unfinished) == ""


def snapshot(*rows: TrialRow, **facts: Any) -> Snapshot:
    return merge(Snapshot(), Delta(Facts(**facts), rows), at=0.0, alive=True)


def test_the_rungs_view_tells_who_waits_where_and_for_what() -> None:
    rows = [complete(0, 0.1), held(5, 0.4, 1), held(2, 0.3, 1), held(6, 0.2, 3), held(7, 0.5, 1, resume_wanted=True)]

    first, second = rungs(snapshot(*rows))

    assert text_of(rung_line(first)) == "rung 1     5 came   2 on   3 held   0 cut  the best one goes on, up to 0.2500"
    assert text_of(rung_line(second)) == "rung 3     2 came   1 on   1 held   0 cut  the best one goes on, up to 0.2500"
    assert [one.number for one in first.held] == [2, 5, 7]  # the best first
    assert [text_of(held_line(one, place)) for place, one in enumerate(first.held, 1)] == [
        "      2    0.3000  next in line; rank 3 of 3 when it came",
        "      5    0.4000  2. in line; rank 3 of 3 when it came",
        "      7    0.5000  goes on as soon as a slot is free",
    ]


def test_brackets_are_told_apart() -> None:
    rows = [
        TrialRow(number, "PAUSED", {}, why="rung", value=0.5, step=3, attrs=stood(3, 1, 1, 0.5, bracket))
        for number, bracket in enumerate([2, 1, 2])
    ]

    assert [(rung.bracket, rung.came) for rung in rungs(snapshot(*rows))] == [(1, 1), (2, 2)]


def test_an_empty_view_says_why() -> None:
    assert nothing_held(snapshot(pruner="median")) == "the pruner median has no rungs: it holds nobody"
    assert nothing_held(snapshot(pruner="asha", rungs=(1, 3, 9))) == "no trial has come to a rung yet (steps 1, 3, 9)"


def test_where_heirs_go_on_from_others_nothing_is_called_saved() -> None:
    heir = TrialRow(2, "COMPLETE", {}, value=0.05, best=0.05, step=9, busy_s=3.0, origin="heir", retry_of=1)

    assert pruning([complete(0, 0.1), pruned(1, 0.7, 1), heir], "minimize", 10, WINNER).saved is None


def test_the_pane_says_what_was_saved_so_far() -> None:
    assert saved_so_far(snapshot(complete(0, 0.1, step=10), pruned(1, 0.7, 5), max_steps=10)) == "saved 25% of 44s"
    assert saved_so_far(snapshot(complete(0, 0.1))) == ""


def test_trials_held_by_prediction_stand_by_what_they_are_predicted_to_end_with() -> None:
    def stand(value: float, rank: int, chance: float) -> dict[str, Any]:
        numbers = {"value": value, "threshold": 0.25, "cohort": 9, "rank": rank, "chance": chance}
        return {"rung": {**numbers, "verdict": "hold"}}

    def waiting(number: int, attrs: dict[str, Any], **more: Any) -> TrialRow:
        return TrialRow(number, "PAUSED", {}, why="rung", value=0.5, step=4, attrs=attrs, **more)

    rows = [
        waiting(1, stand(0.45, 5, 0.004)), waiting(2, stand(0.3, 2, 0.12)), waiting(3, {}),
        waiting(4, stand(0.4, 4, 0.03), resume_wanted=True), TrialRow(5, "COMPLETE", {}, value=0.25, step=9),
    ]  # fmt: skip

    lines = predicted(snapshot(*rows))

    assert [(key, text_of(line)) for key, line in lines.items()] == [
        (-1, "by predicted end  4 held, 1 complete  %: chance of beating the best so far"),
        (4, "      4  step 4      0.5000  goes on as soon as a slot is free"),
        (2, "      2  step 4      0.5000  ends near 0.3000, rank 2 of 9, 12 %"),
        (1, "      1  step 4      0.5000  ends near 0.4500, rank 5 of 9, below 1 %"),
        (3, "      3  step 4      0.5000  held before anything could be predicted"),
    ]
    assert predicted(snapshot(held(2, 0.3, 1))) == {}
