"""Thresholds by step, synchronous halving, the signed-rank test, patience around another rule."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rung_simulation import Simulated
from scipy.stats import wilcoxon

from hptui.core.search.catalog import check, make_pruner
from hptui.core.search.protocol import Curve, Hold, Kind, Pruner, Rungs, Stop
from hptui.core.search.pruners.synchronous import Rounds, SynchronousHalving
from hptui.core.search.pruners.wilcoxon import p_worse
from hptui.core.study.file import load_study
from hptui.core.study.study import Chosen, Direction

optuna.logging.set_verbosity(optuna.logging.ERROR)
calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def curve(losses: list[float], steps: list[int] | None = None, number: int = 0, kind: Kind = Kind.PENDING) -> Curve:
    return Curve(number, np.array(steps or range(len(losses)), np.int64), np.array(losses, float), kind)


def make(name: str, direction: Direction = "minimize", max_steps: int | None = None, **options: Any) -> Pruner:
    return make_pruner(Chosen(name=name, options=options), direction, max_steps)


def said(pruner: Pruner, *curves: Curve) -> str | None:
    verdict = pruner.judge(curves[0], curves[1:])
    assert verdict is None or isinstance(verdict, Stop)
    return None if verdict is None else verdict.reason


# --- thresholds by step -----------------------------------------------------------------------------------------------

TABLE = {"5": 0.15, "10": 0.10, "30": 0.05}


def test_a_table_of_limits_stops_at_its_steps_and_nowhere_else() -> None:
    pruner = make("threshold", by_step=TABLE)

    assert pruner.milestones() == Rungs((5, 10, 30))
    assert said(pruner, curve([0.9], [4])) is None
    assert said(pruner, curve([0.9, 0.16], [4, 5])) == "0.16 at step 5 is above 0.15, the limit of step 5"
    assert said(pruner, curve([0.9, 0.15], [4, 5])) is None
    assert said(pruner, curve([0.15, 0.14], [5, 6])) is None
    assert said(pruner, curve([0.15, 0.14], [5, 12])) == "0.14 at step 12 is above 0.1, the limit of step 10"
    assert said(pruner, curve([0.04, 0.9], [30, 80])) is None
    assert said(pruner, curve([0.9, np.nan], [4, 5])) == "the value at step 5 is not a number"


def test_a_table_of_limits_of_a_metric_to_maximise_asks_for_at_least_that_much() -> None:
    pruner = make("threshold", "maximize", by_step={"5": 0.6})

    assert said(pruner, curve([-0.5], [5])) == "0.5 at step 5 is below 0.6, the limit of step 5"
    assert said(pruner, curve([-0.7], [5])) is None


def test_a_table_and_a_bound_are_both_kept_to() -> None:
    pruner = make("threshold", by_step={"5": 0.15}, upper=2.0, interval_steps=2)

    assert said(pruner, curve([3.0], [2])) == "3 at step 2 is above the upper limit 2"
    assert said(pruner, curve([0.1, 3.0], [2, 3])) is None
    assert said(pruner, curve([0.1, 0.3], [4, 5])) == "0.3 at step 5 is above 0.15, the limit of step 5"


@pytest.mark.parametrize("wrong", [{}, {"five": 1.0}, {"-1": 1.0}, {"5": "x"}, {"5": float("nan")}, 0.1, {"5": True}])
def test_a_table_that_is_none_is_told_with_an_example(wrong: Any) -> None:
    [problem] = check("pruner", Chosen(name="threshold", options={"by_step": wrong}))

    assert problem.where == "pruner.by_step"
    assert problem.problem.endswith("is not a table of numbers by step, such as {5 = 0.15, 10 = 0.1}")


def test_a_study_file_states_the_table_as_toml_has_it() -> None:
    text = """
        space = {x = [1, 2]}
        objective = {command = "true"}
        pruner = {name = "threshold", by_step = {5 = 0.15, 10 = 0.1}}
    """
    study = load_study(text, where="s.toml", folder=None, check_choice=check)

    assert make_pruner(study.pruner, "minimize").milestones() == Rungs((5, 10))


# --- synchronous halving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 4, 60])
def test_a_round_is_decided_at_a_rung_when_all_of_it_have_come(workers: int) -> None:
    """27, 9, 3, 1 of every round: its very best ones, whatever the order they come in."""
    losses = np.random.default_rng(1).permutation(54).astype(float)

    run = Simulated(SynchronousHalving(1, 3, 27), workers).run(lambda n, step: losses[n], trials=54, steps=27)

    for first in (0, 27):
        ranked = sorted(range(first, first + 27), key=lambda n: losses[n])
        assert [run.steps[n] for n in ranked] == [27, *[9] * 2, *[3] * 6, *[1] * 18]


def test_a_round_may_have_any_size() -> None:
    assert Rounds(27, 1, 3, 12).bracket(25).numbers == range(24, 36)
    assert Rounds(27, 1, 3, 12).round[0].counts == (12, 4, 1, 1)
    assert Rounds(27, 1, 3).round[0].counts == (27, 9, 3, 1)


def test_a_trial_waits_for_the_others_of_its_round() -> None:
    pruner = make("synchronous_halving", max_steps=9)

    verdict = pruner.judge(curve([0.1], [1], 3), [curve([0.2], [1], 2)])

    assert verdict == Hold("rung 1: 2 of 9 trials of its bracket are here, then the best 3 go on")


# --- the signed-rank test ---------------------------------------------------------------------------------------------

eighths = st.integers(-16, 16).map(lambda i: i / 8)


@given(differences=st.lists(eighths, min_size=1, max_size=9))
@calm
def test_p_is_the_share_of_all_signs_that_rank_as_high(differences: list[float]) -> None:
    """Against the enumeration of every choice of signs, ties and zeros included."""
    size = np.abs(differences)
    ranks = np.array([(size < s).sum() + ((size == s).sum() + 1) / 2 for s in size])
    weight = np.where(size == 0, 0.5, 1.0)  # a zero counts half, whatever its sign

    def statistic(signs: np.ndarray) -> float:
        return float((ranks * np.where(size == 0, weight, signs > 0)).sum())

    seen = statistic(np.sign(differences))
    every = [statistic(np.array(signs)) for signs in itertools.product([-1, 1], repeat=len(differences))]

    assert p_worse(np.array(differences)) == pytest.approx(np.mean([s >= seen - 1e-9 for s in every]))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 50), shift=st.floats(-1, 1))
@calm
def test_p_is_scipys_where_nothing_ties(seed: int, n: int, shift: float) -> None:
    differences = np.random.default_rng(seed).normal(size=n) + shift

    expected = wilcoxon(differences, alternative="greater", zero_method="zsplit", method="exact").pvalue

    assert p_worse(differences) == pytest.approx(expected)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(51, 200), ties=st.booleans())
@calm
def test_p_of_many_differences_is_scipys_approximation(seed: int, n: int, ties: bool) -> None:
    differences = np.random.default_rng(seed).normal(size=n) + 0.1
    differences = np.round(differences, 1) if ties else differences

    expected = wilcoxon(differences, alternative="greater", zero_method="zsplit", method="approx").pvalue

    assert p_worse(differences) == pytest.approx(expected, rel=0.02, abs=1e-6)


@pytest.mark.filterwarnings("ignore")
@given(
    seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), shift=st.floats(-1, 1), startup=st.integers(0, 4),
    direction=st.sampled_from(["minimize", "maximize"]), p=st.sampled_from([0.05, 0.1, 0.3]),
)  # fmt: skip
@calm
def test_the_test_decides_as_optunas_pruner(
    seed: int, n: int, shift: float, startup: int, direction: Direction, p: float
) -> None:
    rng, sign = np.random.default_rng(seed), 1.0 if direction == "minimize" else -1.0
    crowd = [rng.normal(size=12) + i / 4 for i in range(3)]
    mine = rng.normal(size=n) + shift
    study = optuna.create_study(direction=direction)
    for scores in crowd:
        values = dict(enumerate(float(sign * s) for s in scores))
        study.add_trial(
            optuna.trial.create_trial(value=float(np.mean(list(values.values()))), intermediate_values=values)
        )
    running = optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate((sign * mine).tolist()))
    )
    theirs = optuna.pruners.WilcoxonPruner(p_threshold=p, n_startup_steps=startup)
    ours = make("wilcoxon", direction, p_threshold=p, n_startup_steps=startup)
    others = [curve(scores.tolist(), number=i + 1, kind=Kind.COMPLETE) for i, scores in enumerate(crowd)]

    verdict = ours.judge(curve(mine.tolist()), others)

    with warnings.catch_warnings(action="ignore"):
        assert isinstance(verdict, Stop) == bool(theirs.prune(study, running))


def test_the_test_says_what_it_compared_and_spares_what_is_not_finite() -> None:
    best = curve([0.1, 0.2, 0.15, 0.12, 0.1], number=4, kind=Kind.COMPLETE)
    worse = [0.3, 0.45, 0.36, 0.5, 0.2]

    assert said(make("wilcoxon"), curve(worse), best) == (
        "5 scores against those of trial 4, the best: mean 0.362 is above 0.134, and p = 0.031 is below 0.1"
    )
    assert said(make("wilcoxon"), curve([*worse, np.nan]), best) is None
    assert said(make("wilcoxon"), curve(worse)) is None
    assert said(make("wilcoxon"), curve(worse[:1]), best) is None


# --- patience around another rule -------------------------------------------------------------------------------------


def test_patience_may_wrap_another_rule_with_options_of_its_own() -> None:
    options: dict[str, Any] = {"wraps": "median", "patience": 1, "n_startup_trials": 1}
    better = curve([0.1, 0.1, 0.1], number=1, kind=Kind.COMPLETE)
    patient = make("patient", **options)

    assert said(patient, curve([0.3, 0.4, 0.5]), better) == "best 0.3 at step 2 is above the median 0.1 of 1 trials"
    assert said(patient, curve([0.5, 0.4, 0.3]), better) is None  # it improves
    assert said(patient, curve([0.05, 0.4, 0.5]), better) is None  # the median has nothing against it


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"wraps": "asha"}, "pruner.wraps"),
        ({"wraps": "threshold"}, "pruner"),
        ({"n_startup_trials": 2}, "pruner.n_startup_trials"),
        ({"wraps": "median", "percentile": 5}, "pruner.percentile"),
        ({"wraps": "percentile", "percentile": 500}, "pruner.percentile"),
    ],
)
def test_what_cannot_be_wrapped_is_told_by_its_key_path(options: dict[str, Any], where: str) -> None:
    assert [problem.where for problem in check("pruner", Chosen(name="patient", options=options))] == [where]


@pytest.mark.filterwarnings("ignore")
@given(seed=st.integers(0, 2**32 - 1), patience=st.integers(0, 3), n=st.integers(1, 8))
@calm
def test_patience_around_the_median_decides_as_optunas(seed: int, patience: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    crowd = [rng.normal(size=8) for _ in range(6)]
    mine = rng.normal(size=n)
    study = optuna.create_study()
    for scores in crowd:
        study.add_trial(optuna.trial.create_trial(value=0.0, intermediate_values=dict(enumerate(scores.tolist()))))
    running = optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate(mine.tolist()))
    )
    theirs = optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(), patience=patience)
    others = [curve(scores.tolist(), number=i + 1, kind=Kind.COMPLETE) for i, scores in enumerate(crowd)]

    ours = make("patient", wraps="median", patience=patience).judge(curve(mine.tolist()), others)

    assert isinstance(ours, Stop) == bool(theirs.prune(study, running))
