"""A rule that is made anew before every decision, from curves read anew, decides as the one that was there before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rung_simulation import Simulated

from hptui.core.search.catalog import PRUNERS, make_pruner
from hptui.core.search.protocol import Curve, Go, Hold, Milestones, Promoter, Pruner, Resume, Stop
from hptui.core.study.study import Chosen

STEPS = 12
RULES = [name for name in PRUNERS if name != "auto"]  # a model of curves: its own tests
OPTIONS: dict[str, dict[str, Any]] = {"threshold": {"upper": 2.0}, "pbt": {"interval": 2}}
HOLDING = ["asha", "hyperband", "pasha", "synchronous_halving"]
calm = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def make(name: str) -> Pruner:
    return make_pruner(Chosen(name=name, options=OPTIONS.get(name, {})), "minimize", STEPS)


@dataclass(frozen=True)
class Restarted:
    """The rule of a scheduler that dies before every decision."""

    name: str

    def milestones(self) -> Milestones | None:
        return make(self.name).milestones()

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
        return make(self.name).judge(again(curve), [again(other) for other in reversed(others)])


class RestartedPromoter(Restarted):
    def promote(self, curves: Sequence[Curve], closing: bool = False) -> Resume | None:
        rule = make(self.name)
        assert isinstance(rule, Promoter)
        return rule.promote([again(curve) for curve in reversed(curves)], closing)

    def without_holding(self, because: str = "") -> Pruner:
        raise NotImplementedError


def again(curve: Curve) -> Curve:
    """As it is read from the database: nothing that an earlier decision computed is left."""
    return Curve(curve.number, curve.steps.copy(), curve.losses.copy(), curve.kind, curve.held)


@pytest.mark.parametrize("name", RULES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 20), workers=st.integers(1, 30))
@calm
def test_restarts_change_no_decision(name: str, seed: int, n: int, workers: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.choice([0.0, 0.25, 0.5, 1.0, 3.0, np.nan, np.inf], (n, STEPS), p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.05, 0.05])
    restarted = RestartedPromoter(name) if isinstance(make(name), Promoter) else Restarted(name)

    def loss(number: int, step: int) -> float:
        return float(table[number, step - 1])

    whole = Simulated(make(name), workers).run(loss, n, STEPS)
    broken = Simulated(restarted, workers).run(loss, n, STEPS)

    assert (whole.order, whole.reasons, whole.kinds) == (broken.order, broken.reasons, broken.kinds)


@pytest.mark.parametrize("name", ["hyperband", "synchronous_halving"])
@given(seed=st.integers(0, 2**32 - 1), workers=st.integers(1, 40))
@calm
def test_who_gets_how_far_does_not_depend_on_the_order_of_reports(name: str, seed: int, workers: int) -> None:
    """A rung of a bracket is decided when all of it are there: only their losses count."""
    losses = np.random.default_rng(seed).permutation(24).astype(float)

    def loss(number: int, step: int) -> float:
        return float(losses[number])

    assert (
        Simulated(make(name), workers).run(loss, 24, STEPS).steps == Simulated(make(name), 1).run(loss, 24, STEPS).steps
    )


@pytest.mark.parametrize("name", HOLDING)
def test_what_a_verdict_compared_is_what_its_reason_says(name: str) -> None:
    rng = np.random.default_rng(3)
    losses = rng.random(24)
    seen = []

    @dataclass(frozen=True)
    class Listening(RestartedPromoter):
        def judge(self, curve: Curve, others: Sequence[Curve]) -> Go | Hold | Stop | None:
            verdict = super().judge(curve, others)
            seen.append(verdict)
            return verdict

    Simulated(Listening(name), 3).run(lambda number, step: float(losses[number]), 24, STEPS)

    for verdict in seen:
        if verdict is None or " rank " not in verdict.reason:
            continue
        told = verdict.compared
        assert told is not None and told.kept is not None
        assert verdict.reason.startswith(f"rung {told.rung}: rank {told.rank} of {told.cohort} with {told.value:.4g}")
        assert (told.threshold is None) == (told.kept == 0)
        assert told.threshold is None or f"(the last with {told.threshold:.4g})" in verdict.reason
        assert isinstance(verdict, Hold) == ((told.rank or 0) > told.kept) or name == "pasha"
    assert seen
