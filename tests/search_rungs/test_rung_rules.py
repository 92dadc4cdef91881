"""Successive halving, ASHA, Hyperband, PASHA and patience: what the papers' tables say, and how verdicts read."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from rung_simulation import Simulated

from hptui.core.errors import StudyError
from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Curve, Go, Hold, Kind, Promoter, Pruner, Resume, Stop
from hptui.core.search.pruners.asha import Asha
from hptui.core.search.pruners.hyperband import Hyperband, Ladder
from hptui.core.search.pruners.median import Median
from hptui.core.search.pruners.pasha import Pasha, agree, noise
from hptui.core.search.pruners.patient import Patient
from hptui.core.search.pruners.rungs import geometric
from hptui.core.study.study import Chosen


def curve(number: int, losses: Sequence[float], steps: Sequence[int] | None = None, **more: Any) -> Curve:
    at = np.arange(1, len(losses) + 1) if steps is None else np.array(steps, np.int64)
    return Curve(number, at, np.array(losses, float), **more)


def held(number: int, loss: float, step: int = 1) -> Curve:
    return curve(number, [loss], [step], held=True)


def test_rungs_are_powers_and_none_is_a_last_step() -> None:
    assert geometric(1, 3, 30) == (1, 3, 9, 27)
    assert geometric(1, 3, 28) == geometric(1, 3, 27) == (1, 3, 9)  # counted from 0, step 27 of 28 is the last
    assert geometric(2, 4, 100) == (2, 8, 32)
    assert len(geometric(1, 3, None)) == 19


def test_asha_promotes_as_the_papers_figure() -> None:
    """Nine trials at one worker: 9 at rung 1, 3 at rung 3, 1 at the end, and each goes up as soon as it may."""
    run = Simulated(Asha(1, 3, 9), workers=1).run(lambda number, step: float(number), trials=9, steps=9)

    assert run.steps == {0: 9, 1: 3, 2: 3, **dict.fromkeys(range(3, 9), 1)}
    assert run.order == [
        (0, 1), (1, 1), (2, 1), (0, 3), (3, 1), (4, 1), (5, 1), (1, 3), (6, 1), (7, 1), (8, 1), (2, 3), (0, 9),
    ]  # fmt: skip


def test_a_bracket_is_never_counted_out_however_many_trials_it_has() -> None:
    pruner = Hyperband(1, 3, 10**15)  # its first bracket: over 10 ** 14 trials
    lowest = pruner.ladder.steps[0]

    answer = pruner.judge(curve(0, [0.5], [lowest]), [])

    of = 3 ** (len(pruner.ladder.steps) - 1)
    assert isinstance(answer, Hold) and f"rung {lowest}: 1 of {of} trials of its bracket" in answer.reason
    assert pruner.promote([held(0, 0.5, lowest)]) is None


@pytest.mark.parametrize(("workers", "n"), list(itertools.product([1, 4, 25], [27, 81])))
def test_asha_leaves_exactly_one_in_eta_at_each_rung(workers: int, n: int) -> None:
    """Whatever the workers: when the better ones come first, nobody is promoted in vain."""
    run = Simulated(Asha(1, 3, 27), workers).run(lambda number, step: float(number), trials=n, steps=27)

    reached = {rung: sum(step >= rung for step in run.steps.values()) for rung in (1, 3, 9, 27)}
    assert reached == {1: n, 3: n // 3, 9: n // 9, 27: n // 27}


def test_hyperbands_brackets_are_those_of_the_papers_table() -> None:
    """Table 1 for R = 81, eta = 3, with n = ceil((s_max + 1) / (s + 1) * eta^s) as algorithm 1 says."""
    ladder = Ladder(81, 1, 3)

    assert ladder.steps == (1, 3, 9, 27, 81)
    assert [bracket.counts for bracket in ladder.round] == [
        (81, 27, 9, 3, 1), (34, 11, 3, 1), (15, 5, 1), (8, 2), (5,),
    ]  # fmt: skip
    assert [bracket.rungs for bracket in ladder.round] == [(1, 3, 9, 27), (3, 9, 27), (9, 27), (27,), ()]
    assert [bracket.first for bracket in ladder.round] == [0, 81, 115, 130, 138]
    assert ladder.bracket(143).first == 143 and ladder.bracket(143).counts == (81, 27, 9, 3, 1)


@pytest.mark.parametrize("workers", [1, 3, 200])
def test_hyperband_fills_its_brackets_and_counts_are_the_tables(workers: int) -> None:
    ladder = Ladder(27, 1, 3)
    size = ladder.round[-1].numbers.stop
    rng = np.random.default_rng(4)
    losses = rng.permutation(size).astype(float)

    run = Simulated(Hyperband(1, 3, 27), workers).run(lambda number, step: losses[number], trials=size, steps=27)

    for bracket in ladder.round:
        reached = [sum(run.steps[n] >= rung for n in bracket.numbers) for rung in (*bracket.rungs, 27)]
        assert tuple(reached) == bracket.counts
        best = min(bracket.numbers, key=lambda n: losses[n])
        assert run.steps[best] == 27


def test_hyperband_never_leaves_a_slot_idle_while_new_trials_may_come() -> None:
    run = Simulated(Hyperband(1, 3, 27), 4).run(lambda number, step: float(number), trials=60, steps=27)

    assert run.idle_before_the_last_start == 0


def test_a_bracket_that_lost_trials_is_decided_without_them() -> None:
    pruner = Hyperband(1, 3, 9)  # its first bracket: 9, 3, 1
    gone = [curve(n, [], kind=Kind.FAILED) for n in (0, 1)]
    waiting = [held(n, float(n)) for n in range(2, 9)]

    assert pruner.promote([*gone, *waiting]) == Resume(2, "rung 1: rank 1 of 7 with 2, kept are 3 (the last with 4)")
    assert pruner.promote([curve(0, []), *gone[1:], *waiting]) is None  # trial 0 is on its way


def test_reasons_tell_rank_value_threshold_and_cohort() -> None:
    asha = Asha(1, 3, 30)
    others = [held(n, 0.1 * n) for n in range(1, 6)]

    assert asha.judge(curve(9, [0.45]), others) == Hold("rung 1: rank 5 of 6 with 0.45, kept are 2 (the last with 0.2)")
    assert asha.judge(curve(9, [0.05]), others) == Go("rung 1: rank 1 of 6 with 0.05, kept are 2 (the last with 0.1)")
    assert asha.promote([*others, held(9, 0.45)]) == Resume(
        1, "rung 1: rank 1 of 6 with 0.1, kept are 2 (the last with 0.2)"
    )
    assert asha.judge(curve(9, [0.45]), []) == Hold("rung 1: rank 1 of 1 with 0.45, kept are 0")
    assert asha.judge(curve(9, [np.nan]), others) == Stop("rung 1: the value is not a number")
    assert asha.judge(curve(9, [np.inf]), others) == Stop("rung 1: the value is inf")


def test_a_metric_to_maximise_is_told_in_the_users_sign() -> None:
    asha = make_pruner(Chosen(name="asha"), "maximize", 30)

    assert asha.judge(curve(1, [-0.7]), [held(0, -0.9)]) == Hold("rung 1: rank 2 of 2 with 0.7, kept are 0")


def test_a_trial_that_steps_over_a_rung_is_judged_at_the_highest_one() -> None:
    verdict = Asha(1, 3, 30).judge(curve(0, [0.5, 0.4], [0, 5]), [])

    assert verdict == Hold("rung 3: rank 1 of 1 with 0.4, kept are 0")


def test_who_was_promoted_is_not_promoted_again() -> None:
    asha = Asha(1, 3, 30)
    running = curve(1, [0.1], [1])

    assert asha.promote([running, held(2, 0.2), held(3, 0.3)]) is None
    assert asha.promote([running, *(held(n, n / 10) for n in range(2, 7))]) == Resume(
        2, "rung 1: rank 2 of 6 with 0.2, kept are 2 (the last with 0.2)"
    )


def test_the_end_is_reached_by_the_best_held_when_nobody_is_complete() -> None:
    asha = Asha(1, 3, 30)
    two = [held(1, 0.4), held(2, 0.3)]

    assert asha.promote(two) is None
    assert asha.promote(two, closing=True) == Resume(
        2, "rung 1: no trial is complete, and its 0.3 is the best of those held"
    )
    assert asha.promote([two[0], curve(0, [1.0], kind=Kind.COMPLETE)], closing=True) is None


def test_pashas_ladder_grows_only_while_the_top_rungs_disagree() -> None:
    pasha = Pasha(1, 3, 81)
    agreeing = [curve(n, [n, n, n], held=True) for n in range(6)]
    crossed = [curve(n, [n, n, -n], held=True) for n in range(6)]

    assert pasha.top([]) == pasha.top(agreeing) == 1
    assert pasha.top(crossed) == 2
    assert pasha.promote(agreeing) is None
    assert pasha.promote(crossed) == Resume(5, "rung 3: rank 1 of 6 with -5, kept are 2 (the last with -4)")


def test_curves_that_cross_and_cross_back_say_what_counts_as_equal() -> None:
    one, other, far = curve(0, [1.0, 2.0, 1.0]), curve(1, [1.5, 1.0, 1.25]), curve(2, [9.0, 9.0, 9.0])

    assert noise([one, other, far], 3) == 0.25
    assert noise([one, far], 3) == noise([one], 3) == 0.0
    assert agree([1.0, 1.2, 1.1], 0.1 + 1e-9) and not agree([1.0, 1.2, 1.1], 0.05) and agree([], 0.0)


def test_without_holding_a_rule_stops_whom_it_would_hold_and_says_why() -> None:
    others = [curve(n, [n / 10]) for n in range(1, 6)]
    for name in ("asha", "hyperband", "pasha"):
        pruner = make_pruner(Chosen(name=name), "minimize", 27)
        assert isinstance(pruner, Promoter)
        stopping = pruner.without_holding("; stopped, not held")

        assert stopping.judge(curve(0, [0.05]), others) == Go(
            "rung 1: rank 1 of 6 with 0.05, kept are 2 (the last with 0.1)"
        )
        assert stopping.judge(curve(0, [0.6]), others) == Stop(
            "rung 1: rank 6 of 6 with 0.6, kept are 2 (the last with 0.2)"
            "; stopped, not held"
        )
        assert isinstance(stopping.judge(curve(0, [0.6]), []), Go)


def test_a_patient_pruner_asks_the_one_it_wraps_only_then() -> None:
    never: Pruner = Median(n_startup_trials=99)

    assert Patient(2).judge(curve(0, [0.3, 0.5, 0.6, 0.4]), []) == Stop(
        "no better than 0.3 for 3 reports: the best of them is 0.4"
    )
    assert Patient(2).judge(curve(0, [0.3, 0.5, 0.6, 0.2]), []) is None
    assert Patient(2, wrapped=never).judge(curve(0, [0.3, 0.5, 0.6, 0.4]), []) is None
    assert Patient(2).judge(curve(0, [0.3, np.nan, np.nan, np.nan]), []) == Stop("the last 3 reports are not numbers")


@pytest.mark.parametrize("name", ["hyperband", "pasha"])
def test_a_rule_that_needs_max_steps_says_what_to_add(name: str) -> None:
    with pytest.raises(StudyError, match=f"{name} needs to know how far a trial can go") as caught:
        make_pruner(Chosen(name=name), "minimize")

    assert caught.value.hint == "add max_steps = ..., the number of steps of a full training, to [budget]"


def test_a_lowest_rung_beyond_the_end_is_refused() -> None:
    with pytest.raises(StudyError, match=r"pruner\.min_resource: min_resource \(9\) leaves no rung below"):
        make_pruner(Chosen(name="asha", options={"min_resource": 9}), "minimize", 10)


def test_asha_without_max_steps_has_rungs_all_the_way() -> None:
    pruner = make_pruner(Chosen(name="asha"), "minimize")
    crowd = [curve(n, [n / 10], [3**12], held=True) for n in range(3)]

    answer = pruner.promote(crowd) if isinstance(pruner, Promoter) else None

    assert answer == Resume(0, "rung 531441: rank 1 of 3 with 0, kept is 1 (the last with 0)")
    assert Counter(type(one) for one in crowd) == {Curve: 3}


def test_crossing_curves_are_found_as_by_looking_at_every_two() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        steps = [np.flatnonzero(rng.random(9) < 0.9) + 1 for _ in range(8)]
        crowd = [curve(n, rng.normal(size=len(at)).round(1).tolist(), at.tolist()) for n, at in enumerate(steps)]
        shared = sorted(set.intersection(*(set(at[at <= 7].tolist()) for at in steps)))
        rows = [[one.at(step) for step in shared] for one in crowd]
        apart = []
        for a, b in itertools.combinations(rows, 2):
            ahead = [x < y for x, y in zip(a, b, strict=True)]
            if sum(x != y for x, y in itertools.pairwise(ahead)) >= 2:
                apart.append(abs(a[-1] - b[-1]))
        expected = np.percentile(apart, 90) if apart and len(shared) >= 3 else 0.0

        assert noise(crowd, 7) == pytest.approx(expected)


def test_a_number_is_not_told_in_full_where_there_is_nothing_to_tell_it_from() -> None:
    assert Asha(1, 3, 30).judge(curve(0, [0.123456789]), []) == Hold("rung 1: rank 1 of 1 with 0.1235, kept are 0")


@pytest.mark.parametrize("factor", [2, 3, 4, 5])
def test_hyperbands_brackets_are_those_of_algorithm_1_for_every_length(factor: int) -> None:
    """Counted in whole numbers: s_max is the largest s with eta^s <= R, no logarithm that rounds."""
    for full in range(factor, 300):
        s_max = max(s for s in range(12) if factor**s <= full)
        expected = []
        for s in range(s_max, -1, -1):
            n = math.ceil(Fraction(s_max + 1, s + 1) * factor**s)
            expected.append(tuple(n // factor**i for i in range(s + 1)))

        ladder = Ladder(full, 1, factor)

        assert [bracket.counts for bracket in ladder.round] == expected
        assert ladder.steps == tuple(round(full / factor**i) for i in range(s_max, -1, -1))


@pytest.mark.parametrize(("workers", "factor"), list(itertools.product([1, 5, 64], [2, 3, 4])))
def test_asha_keeps_the_best_one_in_eta_of_those_at_a_rung_in_any_order(workers: int, factor: int) -> None:
    """Algorithm 2: a trial goes up only while it is among the best floor(n / eta) of the n at its rung."""
    rng = np.random.default_rng(workers * factor)
    table = rng.random((64, 65))
    run = Simulated(Asha(1, factor, 64), workers).run(lambda n, step: float(table[n, step]), trials=64, steps=64)

    reached = [sum(step >= rung for step in run.steps.values()) for rung in Asha(1, factor, 64).rungs]
    for lower, upper in itertools.pairwise(reached):
        assert lower // factor <= upper  # whoever is among the best at the end has gone on
    said = [re.match(r"rung (\d+): rank (\d+) of (\d+) with \S+, kept (?:is|are) (\d+)", text) for text in run.reasons]
    numbers = [tuple(map(int, found.groups())) for found in said if found]
    assert all(kept == n // factor for _, _, n, kept in numbers)
    gone_up = sum(rank <= kept for _, rank, _, kept in numbers)
    assert gone_up >= sum(reached[1:]) and len(numbers) >= len(run.reasons) - 1  # but for the one of last resort
    assert run.steps[min(range(64), key=lambda n: table[n, 1])] > 1
