"""Shares of variance against closed forms, and both evaluators against Optuna's on the same trials."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from hptui.core.review.columns import Columns, Dimension, Floats, columns
from hptui.core.review.fanova import fanova, variances
from hptui.core.review.forest import Bins, Forest, Tree, grow, marginal_of_two, marginals
from hptui.core.review.importance import FEWEST, clip, importance, too_few
from hptui.core.review.ped_anova import ped_anova
from hptui.core.store.rows import TrialRow

N = 600


def uniform(n: int = N, d: int = 3, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((n, d))


def dimensions(x: Floats) -> list[Dimension]:
    return [Dimension(f"x{j}", x[:, j], 0.0, 1.0) for j in range(x.shape[1])]


def shares_of(x: Floats, loss: Floats) -> Floats:
    return fanova(grow(dimensions(x), np.arange(len(x)), loss)).main.mean(axis=0)


def test_a_sum_of_lines_gives_each_line_its_share_of_the_variance() -> None:
    # Var(a U) = a^2 / 12, so 9 : 4 : 1
    x = uniform()

    shares = shares_of(x, 3 * x[:, 0] + 2 * x[:, 1] + x[:, 2])

    np.testing.assert_allclose(shares, np.array([9, 4, 1]) / 14, atol=0.06)


def test_a_sine_and_a_parabola_have_their_closed_shares() -> None:
    x = uniform()
    loss = np.sin(2 * np.pi * x[:, 0]) + 2 * (x[:, 1] - 0.5) ** 2
    sine, parabola = 0.5, 4 * (1 / 80 - 1 / 144)

    shares = shares_of(x, loss)

    np.testing.assert_allclose(shares, np.array([sine, parabola, 0]) / (sine + parabola), atol=0.05)


def test_a_product_is_told_apart_from_a_sum() -> None:
    # f = (U - 1/2)(V - 1/2) has no main effects at all: everything is the interaction
    x = uniform(1500)
    loss = (x[:, 0] - 0.5) * (x[:, 1] - 0.5)

    found = fanova(grow(dimensions(x), np.arange(len(x)), loss))

    shares = dict(zip(found.of, found.pairs.mean(axis=0), strict=True))
    assert max(found.main.mean(axis=0)) < 0.15
    assert shares[0, 1] > 0.6 and shares[0, 1] > 5 * max(shares[0, 2], shares[1, 2])


def test_marginals_are_those_of_the_boxes_summed_by_hand() -> None:
    bins = (Bins("a", np.array([0.5, 0.25, 0.25]), False), Bins("b", np.array([0.2, 0.8]), True))
    tree = Tree(np.array([[0, 0], [1, 0], [1, 1]]), np.array([[1, 2], [3, 1], [3, 2]]), np.array([4.0, 2.0, -1.0]))
    forest = Forest(bins, (tree,))
    table = np.array([[4.0, 4.0], [2.0, -1.0], [2.0, -1.0]])  # the same, cell by cell
    weight = np.outer([0.5, 0.25, 0.25], [0.2, 0.8])
    mean = float((weight * table).sum())

    [along_a], [along_b], [both] = marginals(forest, 0), marginals(forest, 1), marginal_of_two(forest, 0, 1)
    means, found = variances(forest)

    np.testing.assert_allclose(along_a, table @ [0.2, 0.8])
    np.testing.assert_allclose(along_b, [0.5, 0.25, 0.25] @ table)
    np.testing.assert_allclose(both, table)
    np.testing.assert_allclose([means[0], found[0]], [mean, (weight * (table - mean) ** 2).sum()])


def test_a_tree_gives_each_of_its_points_the_mean_of_its_leaf_and_its_leaves_tile_the_space() -> None:
    x = uniform(200, 2)
    loss = np.where(x[:, 0] < 0.5, 0.0, 1.0) + np.where(x[:, 1] < 0.25, 0.0, 3.0)

    forest = grow(dimensions(x), np.arange(200), loss, trees=2)

    for tree in forest.trees:
        covered = np.zeros((48, 48), int)
        for low, high in zip(tree.low, tree.high, strict=True):
            covered[low[0] : high[0], low[1] : high[1]] += 1
        assert (covered == 1).all()
        assert set(np.round(tree.value, 9)) <= {0.0, 1.0, 3.0, 4.0}


# --- beside Optuna ------------------------------------------------------------------------------------------------


def asked_of_optuna(x: Floats, choice: Any, loss: Floats, evaluator: str, **options: Any) -> dict[str, float]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spread = {f"x{j}": optuna.distributions.FloatDistribution(0, 1) for j in range(x.shape[1])}
    kinds: dict[str, Any] = {**spread, "c": optuna.distributions.CategoricalDistribution(["a", "b", "c"])}
    study = optuna.create_study()
    for i in range(len(x)):
        params = {**{f"x{j}": float(x[i, j]) for j in range(x.shape[1])}, "c": "abc"[choice[i]]}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=kinds, value=float(loss[i])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = getattr(optuna.importance, evaluator)(**options)
        return dict(optuna.importance.get_param_importances(study, evaluator=made, normalize=False))


@pytest.fixture(scope="module")
def same() -> tuple[Floats, Any, Floats, list[Dimension]]:
    """Trials with two strong parameters, a weak one and a choice."""
    x = uniform(160, 3, seed=4)
    choice = np.random.default_rng(5).integers(0, 3, 160)
    loss = 4 * (x[:, 0] - 0.3) ** 2 + x[:, 1] + np.array([0.0, 0.2, 0.6])[choice]
    kinds = [*dimensions(x), Dimension("c", choice.astype(float), 0.0, 2.0, choices=("a", "b", "c"))]
    return x, choice, loss, kinds


def test_ped_anova_is_optunas_to_the_last_digit(same: tuple[Floats, Any, Floats, list[Dimension]]) -> None:
    x, choice, loss, kinds = same
    theirs = asked_of_optuna(x, choice, loss, "PedAnovaImportanceEvaluator")

    ours = ped_anova(kinds, np.arange(len(x)), loss)

    np.testing.assert_allclose(ours, [theirs[one.name] for one in kinds], rtol=1e-9)


def test_fanova_agrees_with_optunas_forest(same: tuple[Floats, Any, Floats, list[Dimension]]) -> None:
    x, choice, loss, kinds = same
    theirs = asked_of_optuna(x, choice, loss, "FanovaImportanceEvaluator", seed=0, n_trees=24)

    ours = fanova(grow(kinds, np.arange(len(x)), loss)).main.mean(axis=0)

    np.testing.assert_allclose(ours, [theirs[one.name] for one in kinds], atol=0.07)


# --- a session's trials -------------------------------------------------------------------------------------------

SPACE: dict[str, Any] = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "momentum": {"type": "float", "low": 0.0, "high": 1.0, "when": {"opt": ["sgd"]}},
    "opt": {"type": "categorical", "choices": ["adam", "sgd"]},
}


def session(n: int, sign: float = 1.0) -> Columns:
    rng = np.random.default_rng(3)
    rows = []
    for number in range(n):
        params: dict[str, Any] = {"lr": float(10 ** rng.uniform(-5, -1)), "opt": ["adam", "sgd"][rng.integers(2)]}
        if params["opt"] == "sgd":
            params["momentum"] = float(rng.random())
        value = sign * ((math.log10(params["lr"]) + 3) ** 2 + 0.01 * rng.random())
        rows.append(TrialRow(number, "COMPLETE", params, value=value, ended_at=float(number)))
    return columns(rows, SPACE, sign)


def test_the_parameter_that_matters_comes_first_with_an_interval_around_its_share() -> None:
    found = importance(session(120))

    first = found.main[0]
    assert first.names == ("lr",)
    assert first.share.low <= first.share.mean <= first.share.high <= 1.0 and first.share.mean > 0.8
    assert first.ped is not None and first.ped.low <= first.ped.mean <= first.ped.high
    assert (found.complete, found.drawn, found.is_thin) == (120, 120, False)


def test_the_direction_changes_nothing() -> None:
    down, up = importance(session(120)), importance(session(120, sign=-1.0))

    assert [(e.names, e.share) for e in down.main] == [(e.names, e.share) for e in up.main]


def test_the_same_trials_give_the_same_answer() -> None:
    assert importance(session(60)).main == importance(session(60)).main


def test_few_trials_are_said_to_be_few() -> None:
    assert too_few(session(1)).startswith("1 complete trial is too few: 16 at least")
    assert too_few(session(FEWEST - 1)) == "15 complete trials are too few: 16 at least, 30 to be sure"
    assert importance(session(FEWEST)).is_thin
    with pytest.raises(ValueError, match="too few"):
        importance(session(3))


def test_of_trials_at_one_point_no_parameter_explains_anything() -> None:
    rows = [TrialRow(n, "COMPLETE", {"lr": 1e-3, "opt": "adam"}, value=float(n % 7)) for n in range(30)]

    found = importance(columns(rows, SPACE))

    assert [effect.share.high for effect in found.main] == [0.0, 0.0, 0.0] and found.explained == (0.0, 0.0)


def test_a_diverged_trial_is_not_all_the_variance_there_is() -> None:
    losses = np.r_[np.linspace(1, 2, 50), 1e6]

    clipped, ceiling = clip(losses)

    assert clipped.max() == ceiling < 5
