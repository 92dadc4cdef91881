"""One trial in several processes, each with a share of every batch: PyTorch's DistributedDataParallel.

    hptui run examples/distributed.toml

On a machine with GPUs give each trial two of them (`gpus = 2` in the study): there is a process on each. Here there
are two on the CPU. Pausing, pruning and stopping a trial reach all of its processes; the first one reports.
"""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import hptui
from hptui.core.training import Rank, build_layers, build_optimizer, distribute

EPOCHS = 10
PROCESSES = 2  # without GPUs


def load_data() -> dict:
    x, y = load_digits(return_X_y=True)
    x = (x / 16.0).astype("float32")
    return {"x": x[:1200], "y": y[:1200], "x_val": x[1200:], "y_val": y[1200:]}


def objective(trial: hptui.Trial) -> float:
    return distribute(trial, train, None if trial.device == "cuda" else PROCESSES)


def train(trial: Rank) -> float:
    """What each process does. `trial` has rank and processes beside all that a trial has."""
    data = {name: torch.from_numpy(array) for name, array in trial.shared.items()}
    model = DistributedDataParallel(build_layers(trial.params, 64, 10).to(trial.device))
    optimizer = build_optimizer(model, trial.params)
    examples = TensorDataset(data["x"], data["y"])
    share = DistributedSampler(examples, trial.processes, trial.rank, seed=trial.seed % 2**31)
    batches = DataLoader(examples, trial.params["batch_size"] // trial.processes, sampler=share)

    loss = float("nan")
    for epoch in range(trial.max_steps or EPOCHS):
        share.set_epoch(epoch)
        model.train()
        for x, y in batches:
            optimizer.zero_grad()
            cross_entropy(model(x.to(trial.device)), y.to(trial.device)).backward()  # averages over the processes
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = cross_entropy(model(data["x_val"].to(trial.device)), data["y_val"].to(trial.device)).item()
        trial.report(loss, epoch)  # of all processes the first one is heard
        if trial.should_prune():  # the same answer in all of them
            raise hptui.TrialPruned
    return loss
