"""An ensemble of the best models of a search, on the handwritten digits that come with scikit-learn.

    python examples/ensemble.py          searches, then averages what the best ten predict

A search throws away all models but one. The best few are nearly as good and err elsewhere: their mean prediction is
usually better than the best of them. Which models go in is decided on the validation pictures, greedily and with
repetition (Caruana et al. 2004, "Ensemble selection from libraries of models"); the test pictures are looked at once.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import hptui

TOP, ROUNDS = 10, 20
SPACE = {
    "width": hptui.Int(low=4, high=64, log=True, default=16),
    "alpha": hptui.Float(low=1e-6, high=1.0, log=True, default=1e-4),
    "lr": hptui.Float(low=1e-4, high=1e-1, log=True, default=1e-3),
    "activation": ["relu", "tanh", "logistic"],
}


def digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """600 pictures to learn from: few enough for models to differ."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    parts = {"train": order[:600], "validation": order[600:1200], "test": order[1200:]}
    return {name: (x[rows] / 16, y[rows]) for name, rows in parts.items()}


def fitted(params: dict, seed: int) -> MLPClassifier:
    model = MLPClassifier(
        (params["width"],), activation=params["activation"], alpha=params["alpha"], learning_rate_init=params["lr"],
        max_iter=60, random_state=seed, n_iter_no_change=60,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs are what every model gets
        return model.fit(*digits()["train"])


def objective(trial: hptui.Trial) -> float:
    return fitted(trial.params, trial.seed).score(*digits()["validation"])


def chosen(predictions: np.ndarray, y: np.ndarray) -> list[int]:
    """Which models, with repetition: in each round the one that lowers the log loss of the mean most.

    predictions: (models, pictures, classes) probabilities.
    """
    picked: list[int] = []
    total = np.zeros(predictions.shape[1:])
    for _ in range(ROUNDS):
        means = (total + predictions) / (len(picked) + 1)
        losses = -np.log(means[:, np.arange(len(y)), y] + 1e-12).mean(axis=1)
        picked.append(int(losses.argmin()))
        total += predictions[picked[-1]]
    return picked


if __name__ == "__main__":
    session = hptui.run(
        objective, SPACE, n_trials=40, name="ensemble", direction="maximize", metric="accuracy", slots=2
    )
    best = sorted((t for t in session.trials if t.state == "COMPLETE"), key=lambda t: -(t.value or 0.0))[:TOP]
    models = [fitted(dict(trial.params), trial.number) for trial in best]
    sets = digits()
    told = {name: np.stack([model.predict_proba(sets[name][0]) for model in models]) for name in ("validation", "test")}
    members = chosen(told["validation"], sets["validation"][1])
    for name, mean in (
        ("the best model alone", told["test"][0]),
        (f"the mean of the best {TOP}", told["test"].mean(axis=0)),
        (f"{len(set(members))} of them, chosen on validation", told["test"][members].mean(axis=0)),
    ):
        y = sets["test"][1]
        loss = -np.log(mean[np.arange(len(y)), y] + 1e-12).mean()
        print(f"{name:36}  test accuracy {(mean.argmax(axis=1) == y).mean():.4f}  log loss {loss:.4f}")
