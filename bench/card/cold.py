"""A first CUDA kernel in a Python that was just started: prints when it was through, and what CUDA's start took."""

from __future__ import annotations

import os
import time

import torch

began = time.time()
torch.zeros(1, device=os.environ.get("CARD_DEVICE", "cuda")).add_(1).item()
print(time.time(), time.time() - began)
