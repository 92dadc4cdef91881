"""What the trials on the card do. CARD_DEVICE=cpu is the rehearsal, in which a GPU's memory is a ledger."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

import torch
from torch import nn

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS, which reads it at its first use, is exact only so

DEVICE = os.environ.get("CARD_DEVICE", "cuda")
REHEARSAL = DEVICE == "cpu"
STEPS = 40 if REHEARSAL else 2000
EVERY = 5 if REHEARSAL else 50


def network(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2 * width * 64, 10),
    )  # fmt: skip


def small_cnn(trial: Any) -> float:
    """A training that leaves most of a GPU alone: 32x32 images, batches of 64, made on the GPU."""
    if REHEARSAL:
        import pretend_gpu

        pretend_gpu.allocate(700)
    model = network(4 if REHEARSAL else 32).to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=10 ** trial.params["x"] / 100, momentum=0.9)
    images = torch.randn(2048, 3, 32, 32, device=DEVICE)
    labels = torch.randint(10, (2048,), device=DEVICE)
    loss = torch.zeros(())
    for step in range(STEPS):
        at = torch.randint(2048, (8 if REHEARSAL else 64,), device=DEVICE)
        loss = nn.functional.cross_entropy(model(images[at]), labels[at])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % EVERY == EVERY - 1:
            trial.report(float(loss), step // EVERY)
            if REHEARSAL:
                pretend_gpu.compute(0.1)
    return float(loss)


def first_kernel(trial: Any) -> float:
    began = time.time()
    torch.zeros(1, device=DEVICE).add_(1).item()
    trial.set_user_attr("first_line", began)
    trial.set_user_attr("kernel", time.time())
    return 0.0


class Training:
    """Steps that are the same whenever they are made anew: what a freeze must not change.

    ballast_bytes: of numbers that are part of it, and of its fingerprint.
    """

    def __init__(self, ballast_bytes: int) -> None:
        torch.manual_seed(1)
        if not REHEARSAL:
            torch.use_deterministic_algorithms(True)
        self.model = network(8).to(DEVICE)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.generator = torch.Generator(device=DEVICE).manual_seed(2)
        self.ballast = torch.randint(255, (ballast_bytes,), dtype=torch.uint8, device=DEVICE, generator=self.generator)

    def steps(self, count: int) -> None:
        for _ in range(count):
            images = torch.randn(16, 3, 32, 32, device=DEVICE, generator=self.generator)
            loss = self.model(images).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def fingerprint(self) -> str:
        seen = hashlib.sha256()
        for tensor in self.model.state_dict().values():
            seen.update(tensor.cpu().numpy().tobytes())
        for part in self.ballast.split(1 << 28):
            seen.update(part.cpu().numpy().tobytes())
        return seen.hexdigest()


def long_training(trial: Any) -> float:
    """Reports as it goes; its fingerprint at the end is an attribute."""
    training = Training((1 << 20) if REHEARSAL else (4 << 30))
    if REHEARSAL:
        import pretend_gpu

        pretend_gpu.allocate(700)
    for step in range(60):
        training.steps(2)
        time.sleep(0.05)
        trial.report(float(step), step)
    trial.set_user_attr("fingerprint", training.fingerprint())
    return 0.0
