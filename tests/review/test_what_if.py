"""Another pruner over stored curves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hptui.core.review.rerank import rerank
from hptui.core.review.what_if import what_if
from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Curve
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import Chosen


def row(number: int, state: str, value: float | None, begun: float) -> TrialRow:
    return TrialRow(number, state, {}, value=value, started_at=begun, ended_at=begun + 10)


def pruner(name: str, **options: float):  # type: ignore[no-untyped-def]
    return make_pruner(Chosen(name=name, options=options), "maximize", 10)


ROWS = [row(k, "COMPLETE", 0.5 + 0.1 * k, 10.0 * k) for k in range(4)] + [row(4, "PRUNED", 0.1, 40.0)]
CURVES = {k: [(s, (0.5 + 0.1 * k) * (s + 1) / 10) for s in range(10)] for k in range(4)} | {4: [(0, 0.0), (1, 0.1)]}


def test_no_pruner_cuts_nobody_and_says_whose_end_is_not_known() -> None:
    found = what_if(ROWS, CURVES, pruner("none"), -1.0)

    assert (found.cut, found.reports, found.known) == ([], 42, 42)
    assert (found.winner, found.kept, found.best, found.open_ended) == (3, True, -0.8, (4,))


def test_trials_are_judged_by_those_that_had_ended_then() -> None:
    """Each one is better than all before it, so the median never cuts; the other way round it cuts all others."""
    better = what_if(ROWS, CURVES, pruner("median", n_startup_trials=1, n_warmup_steps=2), -1.0)
    turned = [row(k, "COMPLETE", 0.5 + 0.1 * k, 10.0 * (3 - k)) for k in range(4)]
    worse = what_if(turned, {k: CURVES[k] for k in range(4)}, pruner("median", n_startup_trials=1), -1.0)

    assert [one.number for one in better.cut] == []
    assert [(one.number, one.cut) for one in worse.cut] == [(0, 0), (1, 0), (2, 0)]
    assert (worse.kept, worse.reports) == (True, 13)


def test_a_rule_that_cuts_the_best_is_caught() -> None:
    """A slow starter wins in the end."""
    slow = {3: [(s, 0.0 if s < 8 else 0.8) for s in range(10)]}

    found = what_if(ROWS[:4], {k: CURVES[k] for k in range(3)} | slow, pruner("median", n_startup_trials=1), -1.0)

    assert (found.winner, found.kept) == (3, False)
    assert math.isclose(found.best, -0.7)
    assert found.cut[-1].reason.startswith("best 0 at step 0 is below the median")


def test_a_rule_that_holds_is_judged_as_one_that_stops() -> None:
    turned = [row(k, "COMPLETE", 0.5 + 0.1 * k, 10.0 * (3 - k)) for k in range(4)]

    found = what_if(turned, {k: CURVES[k] for k in range(4)}, pruner("asha"), -1.0)

    assert [(one.number, one.cut) for one in found.cut] == [(0, 1), (1, 1), (2, 1)]
    assert (found.reports, found.known) == (16, 40)
    assert not any("GPU" in (one.reason or "") for one in found.cut)  # nothing runs: no trial is held, or keeps a GPU


def test_who_has_failed_or_was_cut_has_no_heirs() -> None:
    """Side by side; the best at step 5 fails there, and the worst, which comes to it last, gives way to the next."""
    rows = [row(k, "COMPLETE", 0.5, 0.0 + k) for k in range(4)] + [row(4, "FAIL", None, -5.0)]
    curves = {k: [(s, 0.9 - 0.1 * k) for s in range(10)] for k in range(4)} | {4: [(s, 1.0) for s in range(6)]}

    found = what_if(rows, curves, pruner("pbt"), -1.0)

    assert [(one.number, one.cut) for one in found.cut] == [(1, 5), (2, 5), (3, 5)]
    assert all("trial 0 has 0.9 there" in one.reason for one in found.cut)
    assert "rank 2 of 2" in found.cut[-1].reason


def test_trials_that_have_ended_are_ranked_once_and_not_for_every_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, at = [0], Curve.at

    def counted(curve: Curve, step: int) -> float:
        asked[0] += 1
        return at(curve, step)

    monkeypatch.setattr(Curve, "at", counted)
    counts = []
    for n in (30, 60):
        asked[0], rows = 0, [row(k, "COMPLETE", 0.5, 10.0 * k) for k in range(n)]
        what_if(rows, {k: [(s, 0.5) for s in range(10)] for k in range(n)}, pruner("pbt"), -1.0)
        counts.append(asked[0])

    assert counts[1] < 2.5 * counts[0]


def test_nothing_stored_is_nothing_cut() -> None:
    found = what_if([row(0, "FAIL", None, 0.0)], {}, pruner("median"), -1.0)

    assert (found.reports, found.known, found.winner, found.kept) == (0, 0, None, False)


def test_trials_are_ranked_anew_by_the_best_value_of_another_metric() -> None:
    rows = [row(k, "COMPLETE", value, k) for k, value in enumerate([0.1, 0.2, 0.3, 0.4])]
    curves = {0: [(0, 0.5), (1, math.nan)], 1: [(0, 0.9), (1, 0.6)], 2: [(0, 0.7), (1, 0.8)]}

    best, last = rerank(rows, curves, 1.0, -1.0, "best"), rerank(rows, curves, 1.0, -1.0, "last")

    assert [(one.number, one.before, one.now, one.step) for one in best.places] == [
        (1, 1, 0.9, 0), (2, 2, 0.8, 1), (0, 0, 0.5, 0),
    ]  # fmt: skip
    assert [one.number for one in last.places] == [2, 1, 0] and best.missing == (3,)
    assert best.agreement == pytest.approx(-1 / 3)  # one pair of three in the same order
    assert last.agreement == pytest.approx(-1.0)
    single = rerank(rows[:1], curves, 1.0, 1.0, "last")
    assert math.isnan(single.agreement) and rerank([], {}, 1.0, 1.0, "last").places == ()


def test_agreement_is_that_of_all_pairs_and_ties_are_none() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 5, 40), rng.integers(0, 5, 40)
    rows = [row(k, "COMPLETE", float(v), k) for k, v in enumerate(one)]

    found = rerank(rows, {k: [(0, float(v))] for k, v in enumerate(other)}, 1.0, 1.0, "last")

    x, y = np.sign(one[:, None] - one), np.sign(other[:, None] - other)
    assert found.agreement == pytest.approx((x * y).sum() / np.sqrt((x != 0).sum() * (y != 0).sum()))
