"""Optuna's pruners behind our protocol decide as they do in a study of Optuna."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hptui.core.search.catalog import check, make_pruner
from hptui.core.search.protocol import Curve, Kind, Pruner
from hptui.core.search.verdicts import Stop
from hptui.core.study.study import Chosen

optuna = pytest.importorskip("optuna", reason="pip install 'hptui[optuna]'")

STEPS, TRIALS = 12, 14
RULES: list[tuple[str, dict[str, Any]]] = [
    ("MedianPruner", {"n_startup_trials": 2}),
    ("PercentilePruner", {"percentile": 30.0, "n_startup_trials": 2}),
    ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 2}),
    ("HyperbandPruner", {"max_resource": STEPS, "reduction_factor": 3}),
    ("ThresholdPruner", {"upper": 1.2, "n_warmup_steps": 1}),
    ("PatientPruner", {"wrapped_pruner": "MedianPruner", "patience": 1}),
    ("WilcoxonPruner", {"p_threshold": 0.3}),
]


def values(direction: str) -> np.ndarray[Any, Any]:
    """(trials, steps), the user's sign."""
    rng = np.random.default_rng(1)
    losses = rng.random((TRIALS, 1)) + rng.random((TRIALS, STEPS)) * 0.5
    return losses if direction == "minimize" else 2.0 - losses


def by_optuna(name: str, options: dict[str, Any], direction: str) -> list[int]:
    """The step at which each trial is pruned, one trial after the other; STEPS for one that ends."""
    given = dict(options)
    if "wrapped_pruner" in given:
        given["wrapped_pruner"] = getattr(optuna.pruners, given["wrapped_pruner"])()
    pruner = getattr(optuna.pruners, name)(**given)
    study = optuna.create_study(direction=direction, pruner=pruner, study_name="hptui")
    ended = []
    for course in values(direction):
        trial = study.ask()
        for step, value in enumerate(course):
            trial.report(float(value), step)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                ended.append(step)
                break
        else:
            study.tell(trial, float(course[-1]))
            ended.append(STEPS)
    return ended


def by_guest(pruner: Pruner, direction: str, again: Pruner | None = None) -> list[int]:
    """again: another one, asked about the same curves; both must say the same."""
    sign, curves, ended = (1.0 if direction == "minimize" else -1.0), list[Curve](), []
    for number, course in enumerate(values(direction)):
        for step in range(STEPS):
            curve = Curve(number, np.arange(step + 1), sign * course[: step + 1])
            verdict = pruner.judge(curve, curves)
            if again is not None:
                assert again.judge(curve, curves) == verdict
            if isinstance(verdict, Stop):
                curves.append(Curve(number, curve.steps, curve.losses, Kind.PRUNED))
                ended.append(step)
                break
        else:
            curves.append(Curve(number, curve.steps, curve.losses, Kind.COMPLETE))
            ended.append(STEPS)
    return ended


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "options"), RULES, ids=[name for name, _ in RULES])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_it_prunes_where_optuna_prunes(name: str, options: dict[str, Any], direction: Any) -> None:
    guest = make_pruner(Chosen(name=f"optuna:{name}", options=options), direction, STEPS)

    assert by_guest(guest, direction) == by_optuna(name, options, direction)


class Forgetting:
    """Made anew for every question, as after a crash."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen

    def milestones(self) -> None:
        return None

    def judge(self, curve: Curve, others: Any) -> Any:
        return make_pruner(self._chosen, "minimize", STEPS).judge(curve, others)


@pytest.mark.parametrize("name", ["MedianPruner", "SuccessiveHalvingPruner"])
def test_a_new_one_says_the_same_of_the_same_curves(name: str) -> None:
    chosen = Chosen(name=f"optuna:{name}", options=dict(RULES)[name])

    by_guest(make_pruner(chosen, "minimize", STEPS), "minimize", again=Forgetting(chosen))


def test_its_reason_has_the_numbers_in_the_users_sign() -> None:
    guest = make_pruner(Chosen(name="optuna:ThresholdPruner", options={"lower": 0.5}), "maximize")
    beside = [Curve(0, np.arange(2), np.array([-0.7, -0.9]))]

    assert guest.judge(Curve(1, np.arange(2), np.array([-0.7, -0.25])), beside) == Stop(
        "optuna:ThresholdPruner prunes it: 0.25 at step 1, the best of 1 others there is 0.9"
    )


def test_a_trial_that_was_asked_about_as_it_ended_counts_as_ended() -> None:
    guest = make_pruner(Chosen(name="optuna:MedianPruner", options={"n_startup_trials": 1}), "minimize")
    good = Curve(0, np.arange(2), np.full(2, 0.1), Kind.COMPLETE)

    assert guest.judge(good, []) is None
    assert isinstance(guest.judge(Curve(1, np.arange(2), np.full(2, 1.0)), [good]), Stop)


def test_a_curve_that_is_another_one_now_is_told_anew() -> None:
    guest = make_pruner(Chosen(name="optuna:MedianPruner", options={"n_startup_trials": 1}), "minimize")
    bad, good = (Curve(0, np.arange(2), np.full(2, loss), Kind.COMPLETE) for loss in (9.0, 0.1))
    mine = Curve(1, np.arange(2), np.full(2, 1.0))

    assert [guest.judge(mine, [other]) is None for other in (bad, good, bad)] == [True, False, True]


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("optuna:MedianPrunr", {}, 'did you mean "MedianPruner"?'),
        ("optuna:PercentilePruner", {}, "needs percentile"),
        ("optuna:ThresholdPruner", {}, "refuses its options"),
        ("optuna:PatientPruner", {"wrapped_pruner": "Median", "patience": 1}, "has no pruner Median"),
    ],
)
def test_what_is_wrong_with_a_guest_is_said_by_check(name: str, options: dict[str, Any], says: str) -> None:
    (problem,) = check("pruner", Chosen(name=name, options=options))

    assert says in str(problem)
