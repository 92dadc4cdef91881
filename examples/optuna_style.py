"""An Optuna objective, unchanged: the space is written where it is used, and conditions are Python's own `if`.

  hptui run examples/optuna_style.py:objective -n 60 --direction maximize
  python examples/optuna_style.py                    the same function under Optuna

Without Optuna installed, import `TrialPruned` from hptui instead: it is the only line that changes.
"""

import optuna
from sklearn.datasets import load_wine
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

EPOCHS = 30


def objective(trial):
    x, x_val, y, y_val = train_test_split(*load_wine(return_X_y=True), test_size=0.4, random_state=0)
    scaler = StandardScaler().fit(x)
    x, x_val = scaler.transform(x), scaler.transform(x_val)

    penalty = trial.suggest_categorical("penalty", ["l2", "l1", "elasticnet"])
    model = SGDClassifier(
        loss="log_loss",
        penalty=penalty,
        alpha=trial.suggest_float("alpha", 1e-6, 1.0, log=True),
        l1_ratio=trial.suggest_float("l1_ratio", 0.0, 1.0) if penalty == "elasticnet" else 0.15,
        learning_rate="constant",
        eta0=trial.suggest_float("eta0", 1e-4, 1.0, log=True),
        random_state=0,
    )

    accuracy = 0.0
    for epoch in range(EPOCHS):
        model.partial_fit(x, y, classes=[0, 1, 2])
        accuracy = model.score(x_val, y_val)
        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return accuracy


if __name__ == "__main__":
    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.MedianPruner())
    study.optimize(objective, n_trials=60)
    print(study.best_trial.value, study.best_trial.params)
