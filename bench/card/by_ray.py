"""First CUDA kernels of Ray's tasks, a process each: prints seconds from the end of the one before, a line each."""

from __future__ import annotations

import os
import time

import ray

DEVICE = os.environ.get("CARD_DEVICE", "cuda")


@ray.remote(num_gpus=1, max_calls=1)
def first_kernel() -> float:
    import torch

    torch.zeros(1, device=DEVICE).add_(1).item()
    return time.time()


gpus = 1 if DEVICE == "cpu" else None  # None: as Ray finds them
ray.init("local", num_gpus=gpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
for _ in range(6):
    free = time.time()
    print(ray.get(first_kernel.remote()) - free, flush=True)
ray.shutdown()
