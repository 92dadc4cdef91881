"""What the importances of the views cost and how near the truth they come, beside Optuna's on the same trials.

`python -m bench.importances`: an additive function with one interaction, whose shares of variance are known.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from hptui.core.review.columns import Dimension, Floats
from hptui.core.review.fanova import fanova
from hptui.core.review.forest import grow
from hptui.core.review.ped_anova import ped_anova

SIZES = (100, 400)
WEIGHTS = np.array([4.0, 2.0, 1.0, 0.0])
INTERACTION = 6.0


def problem(n: int, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """x, loss, and each parameter's true share of the variance (by itself)."""
    x = np.random.default_rng(seed).random((n, 4))
    loss = x @ WEIGHTS + INTERACTION * (x[:, 0] - 0.5) * (x[:, 1] - 0.5)
    parts = WEIGHTS**2 / 12
    return x, loss, parts / (parts.sum() + INTERACTION**2 / 144)


def main() -> None:
    print("| trials | evaluator | CPU s | largest error of a share | shares |\n|---|---|---|---|---|")
    for n in SIZES:
        x, loss, truth = problem(n)
        kinds = [Dimension(f"x{j}", x[:, j], 0.0, 1.0) for j in range(4)]
        rows = np.arange(n)
        say(n, "the truth", lambda t=truth: t, truth)
        say(n, "fANOVA, hptui (32 trees)", lambda: fanova(grow(kinds, rows, loss)).main.mean(axis=0), truth)  # noqa: B023
        say(n, "fANOVA, Optuna (64 trees)", lambda: theirs(x, loss, "FanovaImportanceEvaluator", seed=0), truth)  # noqa: B023
        say(n, "PED-ANOVA, hptui", lambda: ped_anova(kinds, rows, loss), None)  # noqa: B023
        say(n, "PED-ANOVA, Optuna", lambda: theirs(x, loss, "PedAnovaImportanceEvaluator"), None)  # noqa: B023


def say(n: int, name: str, ask: Callable[[], Floats], truth: Floats | None) -> None:
    begun = time.process_time()
    found = np.asarray(ask())
    took = time.process_time() - begun
    error = "–" if truth is None else f"{np.abs(found - truth).max():.3f}"
    print(f"| {n} | {name} | {took:.3f} | {error} | {' '.join(f'{share:.4f}' for share in found)} |")


def theirs(x: Floats, loss: Floats, evaluator: str, **options: Any) -> Floats:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    kinds = {f"x{j}": optuna.distributions.FloatDistribution(0, 1) for j in range(x.shape[1])}
    study = optuna.create_study()
    for row, value in zip(x, loss, strict=True):
        params = {f"x{j}": float(row[j]) for j in range(x.shape[1])}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=kinds, value=float(value)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = getattr(optuna.importance, evaluator)(**options)
        found = optuna.importance.get_param_importances(study, evaluator=made, normalize=False)
    return np.array([found[f"x{j}"] for j in range(x.shape[1])])


if __name__ == "__main__":
    main()
