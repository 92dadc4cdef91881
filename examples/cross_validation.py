"""Cross-validation, and nested cross-validation, on the handwritten digits that come with scikit-learn.

    hptui run examples/cross_validation.toml      five folds are five steps: poor points are given up after a few
    hptui trust cross_validation                  the best against the baseline fold by fold, and on held-out data

    python examples/cross_validation.py           nested: the whole search again in each of three outer folds

The best of many cross-validated scores is still the best of many, and too good. The held-out fold, which the search
never sees, says what to expect; nested cross-validation says it with every picture held out once.
"""

from __future__ import annotations

import os

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import hptui

INNER, OUTER, PICTURES = 5, 3, 900  # half of the pictures: quick enough to watch
SPACE = {
    "C": hptui.Float(low=1e-2, high=1e3, log=True, default=1.0),
    "gamma": hptui.Float(low=1e-5, high=1.0, log=True, default=0.1),
}


def outer_folds() -> list[tuple[np.ndarray, np.ndarray]]:
    """(to search on, held out), the same in every process."""
    return list(StratifiedKFold(OUTER, shuffle=True, random_state=0).split(*digits()))


def digits() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_digits(return_X_y=True)
    return x[:PICTURES], y[:PICTURES]


def objective(trial: hptui.Trial) -> float:
    x, y = digits()
    search, held_out = outer_folds()[int(os.environ.get("OUTER_FOLD", 0))]

    def fitted(rows: np.ndarray) -> SVC:
        return make_pipeline(StandardScaler(), SVC(**trial.params)).fit(x[rows], y[rows])

    def accuracy(fold: tuple[np.ndarray, np.ndarray]) -> float:
        train, validate = (search[part] for part in fold)
        return fitted(train).score(x[validate], y[validate])

    inner = StratifiedKFold(INNER, shuffle=True, random_state=1).split(search, y[search])
    mean = hptui.cross_validate(trial, inner, accuracy)
    trial.report_test(fitted(search).score(x[held_out], y[held_out]))  # kept from the search
    return mean


def nested(n_trials: int = 15) -> list[float]:
    """The accuracy on each outer fold, of the point that a search on all the others chose."""
    found = []
    for fold in range(OUTER):
        session = hptui.run(
            objective, SPACE, n_trials=n_trials, name=f"nested-{fold}", direction="maximize", metric="accuracy",
            pruner="wilcoxon", slots=2,
            more={"objective": {"env": {"OUTER_FOLD": str(fold)}}, "test": {"metric": "test_accuracy"}},
        )  # fmt: skip
        kept = session.held_out
        assert session.best is not None and kept is not None
        print(f"outer fold {fold}: {session.best.value:.4f} by validation, {kept.test:.4f} held out")
        found.append(kept.test)
    return found


if __name__ == "__main__":
    scores = nested()
    print(f"to be expected of the whole procedure: {np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f} between folds")
