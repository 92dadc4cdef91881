"""A small convolutional network on the handwritten digits that come with scikit-learn (1797 pictures of 8 x 8).

Tuned by `hptui run examples/digits.toml`, or `make demo`. Nothing is downloaded and no GPU is needed.

The three things a script for hptui has:

  load_data()       runs once; every trial finds its result in `trial.shared`, without a copy
  objective(trial)  trains once with `trial.params` and returns the number to maximise
  trial.report()    once per epoch: the curve on the screen, and what the pruner judges by
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

import hptui

EPOCHS = 40  # unless the study says `max_steps`


def load_data() -> dict[str, np.ndarray]:
    """The pictures, split once and for all. Arrays only: a tensor operation here would start threads, and a process
    with threads can't be forked. Trials would then each load the data themselves, and the ledger would say so.
    """
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]  # (1797, 1, 8, 8), each pixel 0..1
    labels = digits.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    train, val = order[:1347], order[1347:]
    return {"x": images[train], "y": labels[train], "x_val": images[val], "y_val": labels[val]}


class Net(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(2 * width * 2 * 2, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (n, width, 4, 4)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (n, 2 width, 2, 2)
        return self.out(self.dropout(x.flatten(1)))


def make_optimizer(model: nn.Module, p: dict) -> torch.optim.Optimizer:
    if p["optimizer"] == "sgd":  # only then does the study ask for a momentum
        return torch.optim.SGD(model.parameters(), lr=p["lr"], momentum=p["momentum"], weight_decay=p["weight_decay"])
    return torch.optim.Adam(model.parameters(), lr=p["lr"], weight_decay=p["weight_decay"])


def make_schedule(name: str, optimizer: torch.optim.Optimizer, lr: float, steps: int):
    if name == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    if name == "onecycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps)
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=0)


def train(model: nn.Module, optimizer, schedule, data: dict[str, Tensor], batch: int) -> float:
    """One epoch. Returns the mean loss."""
    model.train()
    total = 0.0
    for i in torch.randperm(len(data["y"])).split(batch):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data["x"][i]), data["y"][i])
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item() * len(i)
    return total / len(data["y"])


@torch.no_grad()
def evaluate(model: nn.Module, data: dict[str, Tensor]) -> tuple[float, float]:
    """Accuracy and mean loss on the validation pictures."""
    model.eval()
    out = model(data["x_val"])
    return (out.argmax(1) == data["y_val"]).float().mean().item(), F.cross_entropy(out, data["y_val"]).item()


def objective(trial: hptui.Trial) -> float:
    # Everything random is seeded from the trial's own seed before this is called.
    p = trial.params
    data = {name: torch.from_numpy(array).to(trial.device) for name, array in trial.shared.items()}
    batch = p["batch_size"]
    epochs = trial.max_steps or EPOCHS

    model = Net(p["width"], p["dropout"]).to(trial.device)  # "cuda" is the GPU this trial was given: it sees no other
    optimizer = make_optimizer(model, p)
    schedule = make_schedule(p["schedule"], optimizer, p["lr"], epochs * -(-len(data["y"]) // batch))

    accuracy = 0.0
    for epoch in range(epochs):
        train_loss = train(model, optimizer, schedule, data, batch)
        accuracy, val_loss = evaluate(model, data)
        print(f"epoch {epoch:2d}  train loss {train_loss:.4f}  validation loss {val_loss:.4f}  accuracy {accuracy:.4f}")

        # The value is what is tuned; the other numbers are curves to look at.
        trial.report(accuracy, epoch, val_loss=val_loss, train_loss=train_loss)
        if trial.should_prune():
            raise hptui.TrialPruned

    return accuracy
