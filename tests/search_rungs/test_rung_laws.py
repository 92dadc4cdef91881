"""What every rule of the catalog keeps to when it runs a whole study, and where successive halving is Optuna's."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rung_simulation import Simulated

from hptui.core.search.catalog import PRUNERS, make_pruner
from hptui.core.search.protocol import Curve, Kind, Promoter, Pruner, Stop
from hptui.core.study.study import Chosen

optuna.logging.set_verbosity(optuna.logging.ERROR)
calm = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STEPS = 12


def make(name: str) -> Pruner:
    options: dict[str, Any] = {"upper": 2.0} if name == "threshold" else {}
    return make_pruner(Chosen(name=name, options=options), "minimize", STEPS)


QUICK = [name for name in PRUNERS if name != "auto"]  # it learns a model: tests/search_thaw tries the same laws on it
HOLDING = [name for name in QUICK if isinstance(make(name), Promoter)]
# the others stop a trial for what it is, whatever the others are
COMPARING = [name for name in QUICK if name not in ("threshold", "patient")]

any_loss = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf]))
eighths = st.one_of(st.integers(-40, 40).map(lambda i: i / 8), st.just(float("nan")))


@st.composite
def tables(draw: st.DrawFn, losses: st.SearchStrategy[float] = any_loss, max_trials: int = 20) -> np.ndarray:
    """(trials, STEPS) of losses, ties and all."""
    n = draw(st.integers(1, max_trials))
    pool = draw(st.lists(losses, min_size=1, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.array(pool)[rng.integers(0, len(pool), (n, STEPS))]


def run(name: str, table: np.ndarray, workers: int) -> Simulated:
    return Simulated(make(name), workers).run(lambda n, step: float(table[n, step - 1]), len(table), STEPS)


@pytest.mark.parametrize("name", QUICK)
@given(table=tables(), workers=st.integers(1, 30))
@calm
def test_a_study_ends_and_runs_again_in_the_same_way(name: str, table: np.ndarray, workers: int) -> None:
    first, again = run(name, table, workers), run(name, table, workers)

    assert set(first.steps) == set(range(len(table)))
    assert (first.order, first.reasons) == (again.order, again.reasons)
    assert all(first.reasons)


@pytest.mark.parametrize("name", COMPARING)
@given(table=tables(st.floats(-1e6, 1e6)), workers=st.integers(1, 30))
@calm
def test_a_study_of_numbers_ends_with_a_complete_trial(name: str, table: np.ndarray, workers: int) -> None:
    """The only trial, among others, is never stopped."""
    assert Kind.COMPLETE in run(name, table, workers).kinds.values()


@pytest.mark.parametrize("name", HOLDING)
@given(table=tables(), seed=st.integers(0, 2**32 - 1), n=st.integers(1, STEPS))
@calm
def test_whom_to_promote_does_not_depend_on_the_order_of_the_trials(
    name: str, table: np.ndarray, seed: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.integers(1, n + 1, len(table))
    curves = [Curve(i, np.arange(1, k + 1), table[i, :k], held=bool(rng.random() < 0.7)) for i, k in enumerate(ends)]
    pruner = make(name)
    assert isinstance(pruner, Promoter)
    shuffled = [curves[i] for i in rng.permutation(len(curves))]

    for closing in (False, True):
        answer = pruner.promote(curves, closing)
        assert answer == pruner.promote(shuffled, closing)
        assert answer is None or curves[answer.number].held
    everybody = [c for c in curves if c.held]
    assert pruner.promote(everybody, closing=True) is not None or not everybody or not reached_a_rung(pruner, everybody)


def reached_a_rung(pruner: Pruner, curves: list[Curve]) -> bool:
    milestones = pruner.milestones()
    return milestones is not None and any(milestones.reached(curve.last_step) for curve in curves)


@pytest.mark.parametrize("name", HOLDING)
@given(table=tables(), missing=st.sets(st.integers(1, STEPS - 1), max_size=8))
@calm
def test_missing_steps_leave_nobody_waiting_unjudged(name: str, table: np.ndarray, missing: set[int]) -> None:
    """Reports that skip a rung are judged at their first step past it."""
    pruner = make(name)
    steps = np.array([step for step in range(1, STEPS + 1) if step not in missing], np.int64)
    milestones = pruner.milestones()
    assert milestones is not None
    for k in range(1, len(steps)):
        curve = Curve(0, steps[:k], table[0, steps[:k] - 1])
        previous = int(steps[k - 2]) if k > 1 else -1
        if not milestones.reached(int(steps[k - 1]), previous):
            assert pruner.judge(curve, []) is None


@given(
    table=tables(eighths),
    factor=st.integers(2, 4),
    first=st.integers(1, 3),
    stride=st.integers(1, 2),
    data=st.data(),
)
@calm
def test_successive_halving_decides_as_optunas_pruner(
    table: np.ndarray, factor: int, first: int, stride: int, data: st.DataObject
) -> None:
    """On trials that report by turns, in any order."""
    stride = stride if factor > 2 else 1  # a report that steps over two rungs is judged once by ours
    chosen = Chosen(name="successive_halving", options={"min_resource": first, "reduction_factor": factor})
    ours = make_pruner(chosen, "minimize")
    theirs = optuna.pruners.SuccessiveHalvingPruner(min_resource=first, reduction_factor=factor)
    study = optuna.create_study(pruner=theirs)
    running = {n: study.ask() for n in range(len(table))}
    points: dict[int, list[tuple[int, float]]] = {n: [] for n in running}
    kinds: dict[int, Kind] = {}

    def curve(n: int) -> Curve:
        steps, losses = zip(*points[n], strict=True) if points[n] else ((), ())
        return Curve(n, np.array(steps, np.int64), np.array(losses, float), kinds.get(n, Kind.PENDING))

    while running:
        n = data.draw(st.sampled_from(sorted(running)))
        step = (len(points[n]) + 1) * stride
        if step > STEPS:
            study.tell(running.pop(n), 0.0)
            kinds[n] = Kind.COMPLETE
            continue
        points[n].append((step, float(table[n, step - 1])))
        running[n].report(float(table[n, step - 1]), step)
        stop = isinstance(ours.judge(curve(n), [curve(other) for other in points if other != n]), Stop)
        assert stop == running[n].should_prune(), f"trial {n} at step {step}"
        if stop:
            study.tell(running.pop(n), state=optuna.trial.TrialState.PRUNED)
            kinds[n] = Kind.PRUNED


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@given(
    losses=st.lists(eighths, max_size=12),
    patience=st.integers(0, 5),
    min_delta=st.sampled_from([0.0, 0.125, 1.0]),
)
@calm
def test_patience_decides_as_optunas_pruner(losses: list[float], patience: int, min_delta: float) -> None:
    ours = make_pruner(Chosen(name="patient", options={"patience": patience, "min_delta": min_delta}), "minimize")
    theirs = optuna.pruners.PatientPruner(None, patience=patience, min_delta=min_delta)
    state = optuna.trial.TrialState.RUNNING
    trial = optuna.trial.create_trial(state=state, intermediate_values=dict(enumerate(losses)))
    if np.isnan(losses[-patience - 1 :]).all():
        return  # ours stops a trial of nothing but NaN

    verdict = ours.judge(Curve(0, np.arange(len(losses)), np.array(losses, float)), [])

    assert isinstance(verdict, Stop) == bool(theirs.prune(optuna.create_study(), trial))
