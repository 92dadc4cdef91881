"""Our pruners decide as Optuna's do, on the same curves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import optuna
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState
from search_strategies import curves

from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Curve, Kind, Stop
from hptui.core.search.pruners.percentile import mark_of
from hptui.core.study.study import Chosen, Direction

optuna.logging.set_verbosity(optuna.logging.ERROR)
many = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

STATES = {
    Kind.COMPLETE: TrialState.COMPLETE,
    Kind.PRUNED: TrialState.PRUNED,
    Kind.INFEASIBLE: TrialState.FAIL,
    Kind.FAILED: TrialState.FAIL,
    Kind.PENDING: TrialState.RUNNING,
}

# eighths: differences and halves of them are exact, so ties are ties whichever side they are counted from
eighths = st.integers(-40, 40).map(lambda i: i / 8)
losses = st.one_of(eighths, st.just(float("nan")))
directions = st.sampled_from(["minimize", "maximize"])


def frozen(curve: Curve, sign: float) -> optuna.trial.FrozenTrial:
    state = STATES[curve.kind]
    return optuna.trial.create_trial(
        state=state,
        value=0.0 if state == TrialState.COMPLETE else None,
        intermediate_values={int(s): float(sign * y) for s, y in zip(curve.steps, curve.losses, strict=True)},
    )


def optunas_verdict(pruner: Any, direction: str, curve: Curve, others: list[Curve]) -> bool:
    sign = 1.0 if direction == "minimize" else -1.0
    study = optuna.create_study(direction=direction)
    study.add_trials([frozen(other, sign) for other in others])
    with warnings.catch_warnings(action="ignore"):  # numpy's, of slices that are all NaN
        return bool(pruner.prune(study, frozen(curve, sign)))


def our_verdict(name: str, options: dict[str, Any], direction: Direction, curve: Curve, others: list[Curve]) -> bool:
    return isinstance(make_pruner(Chosen(name=name, options=options), direction).judge(curve, others), Stop)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Curve, list[Curve]]:
    kinds = st.sampled_from([Kind.COMPLETE] * 4 + list(Kind))
    others = [draw(curves(i + 1, losses, draw(kinds))) for i in range(draw(st.integers(0, 9)))]
    return draw(curves(0, losses, Kind.PENDING)), others


settings_of_peers = st.fixed_dictionaries(
    {
        "n_startup_trials": st.integers(0, 5),
        "n_warmup_steps": st.integers(0, 6),
        "interval_steps": st.integers(1, 4),
        "n_min_trials": st.integers(1, 4),
    }
)


@given(scene=scenes(), options=settings_of_peers, direction=directions)
@many
def test_median_decides_as_optunas_median_pruner(
    scene: tuple[Curve, list[Curve]], options: dict[str, Any], direction: Direction
) -> None:
    theirs = optuna.pruners.MedianPruner(**options)

    assert our_verdict("median", options, direction, *scene) == optunas_verdict(theirs, direction, *scene)


@given(
    scene=scenes(),
    options=settings_of_peers,
    percentile=st.sampled_from([0.0, 12.5, 25.0, 50.0, 75.0, 100.0]),
    direction=directions,
)
@many
def test_percentile_decides_as_optunas_percentile_pruner(
    scene: tuple[Curve, list[Curve]], options: dict[str, Any], percentile: float, direction: Direction
) -> None:
    theirs = optuna.pruners.PercentilePruner(percentile, **options)
    ours = {**options, "percentile": percentile}

    assert our_verdict("percentile", ours, direction, *scene) == optunas_verdict(theirs, direction, *scene)


@given(seed=st.integers(0, 2**32 - 1), percentile=st.floats(0, 100), direction=directions)
@many
def test_percentile_decides_as_optunas_on_noisy_learning_curves(
    seed: int, percentile: float, direction: Direction
) -> None:
    rng = np.random.default_rng(seed)
    steps = np.arange(rng.integers(1, 30))
    noisy = np.exp(-rng.random((40, 1)) * steps) + 0.1 * rng.normal(size=(40, len(steps)))
    crowd = [Curve(i, steps, losses, Kind.COMPLETE) for i, losses in enumerate(noisy)]
    theirs = optuna.pruners.PercentilePruner(percentile)

    ours = our_verdict("percentile", {"percentile": percentile}, direction, crowd[0], crowd[1:])

    assert ours == optunas_verdict(theirs, direction, crowd[0], crowd[1:])


@given(
    curve=curves(0, st.one_of(eighths, st.sampled_from([np.nan, np.inf, -np.inf])), Kind.PENDING),
    bounds=st.tuples(st.none() | eighths, st.none() | eighths).filter(lambda b: b != (None, None)),
    warmup=st.integers(0, 6),
    interval=st.integers(1, 4),
    direction=directions,
)
@many
def test_threshold_decides_as_optunas_threshold_pruner(
    curve: Curve, bounds: tuple[float | None, float | None], warmup: int, interval: int, direction: Direction
) -> None:
    lower, upper = bounds
    if lower is not None and upper is not None:
        lower, upper = min(lower, upper), max(lower, upper)
    steps = {"n_warmup_steps": warmup, "interval_steps": interval}
    theirs = optuna.pruners.ThresholdPruner(lower, upper, **steps)
    stated = {name: bound for name, bound in (("lower", lower), ("upper", upper)) if bound is not None}

    ours = our_verdict("threshold", {**stated, **steps}, direction, curve, [])

    assert ours == optunas_verdict(theirs, direction, curve, [])


@given(
    values=st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=1, max_size=20),
    percentile=st.floats(0, 100),
)
@many
def test_the_percentile_of_finite_losses_is_numpys(values: list[float], percentile: float) -> None:
    with warnings.catch_warnings(action="ignore"):
        expected = np.nanpercentile(values, percentile)

    ranked = sorted(value for value in values if not np.isnan(value))
    np.testing.assert_allclose(mark_of(ranked, percentile), expected, rtol=1e-12, atol=1e-9)


def test_a_median_between_a_number_and_infinity_stops_nobody_but_a_median_next_to_infinity_counts() -> None:
    """numpy has NaN for both."""
    assert mark_of([1.0, np.inf], 50) == np.inf
    assert mark_of([0.0, 1.0, np.inf], 50) == 1.0
