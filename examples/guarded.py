"""A training that watches itself: a controller sets its learning rate, guards end it, its best step counts.

    hptui check examples/guarded.toml --run     reports? repeatable? can it learn one batch by heart?
    hptui run examples/guarded.toml

The ledger (`hptui export guarded --what events`) tells each change of the learning rate with its reason, and each
trial that overfits; `lr`, `lr_changes` and `gap` are curves beside the loss. A trial that diverges fails as `nan`.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import hptui
from hptui.core.training import (
    BestCheckpoint,
    DivergenceGuard,
    GapMonitor,
    RateController,
    build_layers,
    build_optimizer,
    can_overfit,
    clip_gradients,
)

EPOCHS = 20
BATCH = 64


def load_data() -> dict:
    """300 pictures to train on, so few that a large network overfits; and 600 to validate."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16.0).astype("float32")
    return {"x": x[:300], "y": y[:300], "x_val": x[300:900], "y_val": y[300:900]}


def tensors(trial: hptui.Trial) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array).to(trial.device) for name, array in trial.shared.items()}


def objective(trial: hptui.Trial) -> float:
    data = tensors(trial)
    model = build_layers(trial.params, 64, 10).to(trial.device)
    optimizer = build_optimizer(model, trial.params)

    controller = RateController(optimizer, patience=4, tell=trial.tell)  # instead of a schedule
    monitor = GapMonitor(patience=5, tell=trial.tell)
    guard = DivergenceGuard(factor=20, patience=3)
    best = BestCheckpoint("minimize")

    for epoch in range(trial.max_steps or EPOCHS):
        model.train()
        total = 0.0
        for i in torch.randperm(len(data["y"])).split(BATCH):
            loss = cross_entropy(model(data["x"][i]), data["y"][i])
            optimizer.zero_grad()
            loss.backward()
            clip_gradients(model.parameters(), trial.params)
            optimizer.step()
            total += loss.item() * len(i)
        train_loss = total / len(data["y"])

        guard.check(train_loss, epoch)  # raises Diverged: the trial fails as nan, and the sampler learns where
        model.eval()
        with torch.no_grad():
            val_loss = cross_entropy(model(data["x_val"]), data["y_val"]).item()
        best.offer(val_loss, epoch, model.state_dict())
        gap = monitor.offer(train_loss, val_loss)
        controller.step(train_loss)

        trial.report(val_loss, epoch, train_loss=train_loss, gap=gap, **controller.metrics)
        if trial.should_prune():
            raise hptui.TrialPruned

    model.load_state_dict(best.state)  # the step that was best, wherever in the run it was
    trial.set_user_attr("best_epoch", best.step)
    return best.value


def one_batch(trial: hptui.Trial):
    """`hptui check --run` asks this: a model that can't learn one batch by heart is not worth a search."""
    data = tensors(trial)
    model = build_layers(trial.params, 64, 10).to(trial.device)
    return can_overfit(model, lambda m, b: cross_entropy(m(b[0]), b[1]), (data["x"][:BATCH], data["y"][:BATCH]))
