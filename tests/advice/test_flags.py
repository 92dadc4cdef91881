"""Each red flag on a session that has it and on healthy ones, over made-up sessions with a known truth."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hptui.core.advice.flags import red_flags
from hptui.core.advice.regions import _overlap, tail
from hptui.core.advice.seen import Seen
from hptui.core.space.space import Space

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.advice import HEALTHY, PLANTED, raised, session

LEAST = {"best-at-edge": 0.4, "converged": 0.3}  # of sessions; the others are seen in at least 7 of 10


@pytest.mark.parametrize("rule", PLANTED)
def test_what_is_planted_is_seen(rule: str) -> None:
    assert raised(PLANTED[rule], 10, 7)[rule] >= 10 * LEAST.get(rule, 0.7)


def test_healthy_sessions_are_left_alone() -> None:
    assert sum(raised(HEALTHY, 25, 0).values()) <= 1


def test_nothing_is_said_of_a_session_that_has_hardly_begun() -> None:
    whole = session(HEALTHY, np.random.default_rng(0))

    for n in range(10):
        assert red_flags(replace(whole, trials=whole.trials[:n])) == []
    assert red_flags(Seen(Space.parse({}), ())) == []


def test_an_edge_is_extended_the_way_the_best_lie() -> None:
    worlds = (session(PLANTED["best-at-edge"], np.random.default_rng([1, k])) for k in range(20))
    found = [f for seen in worlds for f in red_flags(seen) if f.rule == "best-at-edge"]

    assert found
    assert {(edit.path, edit.value) for f in found for edit in f.edits} == {("space.lr.high", 1.0)}


def test_chances_match_scipy() -> None:
    from scipy.stats import binom, hypergeom

    assert tail(3, 10, 0.15) == pytest.approx(binom.sf(2, 10, 0.15))
    assert tail(900, 5000, 0.15) == pytest.approx(binom.sf(899, 5000, 0.15))  # of a session of 33,000 trials
    assert _overlap(4, 6, 9, 40) == pytest.approx(hypergeom.sf(3, 40, 6, 9))


def test_losses_that_are_no_numbers_raise_no_error() -> None:
    seen = session(PLANTED["noisy-curves"], np.random.default_rng(3))
    holes = np.arange(30) % 3 == 0
    broken = tuple(
        replace(t, losses=np.where(holes[: len(t.losses)], np.nan, t.losses)) if len(t.losses) else t
        for t in seen.trials
    )

    red_flags(replace(seen, trials=broken))


def test_a_rule_with_rungs_may_cut_nearly_all() -> None:
    seen = session(PLANTED["nearly-all-pruned"], np.random.default_rng(1))

    def rules(pruner: str) -> set[str]:
        return {finding.rule for finding in red_flags(replace(seen, pruner=pruner))}

    assert "nearly-all-pruned" in rules("median")
    assert "nearly-all-pruned" not in rules("asha")
