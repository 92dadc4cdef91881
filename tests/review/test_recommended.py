"""Which trial to take when losses are noisy."""

from __future__ import annotations

import dataclasses

import numpy as np

from hptui.core.review.recommended import Recommended, recommended
from hptui.core.store.rows import TrialRow
from hptui.tui.commands.best import luck_told

SPACE = {f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(2)}
NOISE = 0.05
LUCKY = 7


def truth(x: np.ndarray) -> float:
    return float(((x - 0.4) ** 2).sum())


def rows(noise: float, trials: int = 40) -> list[TrialRow]:
    """Noisy trials of a bowl, and one far from its bottom that was luckier than all others."""
    rng = np.random.default_rng(3)
    points = rng.random((trials, 2))
    points[LUCKY] = (0.8, 0.7)
    losses = np.array([truth(x) for x in points]) + noise * rng.standard_normal(trials)
    if noise:
        losses[LUCKY] = losses.min() - 0.02
    return [
        TrialRow(i, "COMPLETE", params={}, x=tuple(x.tolist()), value=float(y))
        for i, (x, y) in enumerate(zip(points, losses, strict=True))
    ]


def test_a_lucky_trial_is_told_from_a_good_one_with_the_numbers() -> None:
    found = recommended(rows(NOISE), SPACE, "auto", 1.0)

    assert found is not None and found.best == LUCKY
    assert truth(np.array(rows(NOISE)[found.number].x)) < 0.02 < truth(np.array([0.8, 0.7]))
    assert found.expected < found.best_expected and found.value > found.best_value
    assert NOISE / 2 < found.noise < 2 * NOISE
    assert luck_told(dataclasses.replace(found, noise=0.05), "digits").endswith(
        "one trial is off by ± 0.05. To tell luck from merit: hptui replicate digits"
    )


def test_a_metric_to_maximise_is_told_in_its_own_sign() -> None:
    turned = [dataclasses.replace(row, value=-(row.value or 0.0)) for row in rows(NOISE)]

    plain, found = recommended(rows(NOISE), SPACE, "gp", 1.0), recommended(turned, SPACE, "gp", -1.0)

    assert plain is not None
    assert found == Recommended(
        plain.number, -plain.value, -plain.expected, LUCKY, -plain.best_value, -plain.best_expected, plain.noise
    )


def test_nothing_is_said_without_noise_of_few_trials_and_by_samplers_that_know_none() -> None:
    assert recommended(rows(0.0), SPACE, "auto", 1.0) is None
    assert recommended(rows(NOISE, 19), SPACE, "auto", 1.0) is None
    assert recommended(rows(NOISE), SPACE, "tpe", 1.0) is None
    assert recommended(rows(NOISE), SPACE, "of another distribution", 1.0) is None
