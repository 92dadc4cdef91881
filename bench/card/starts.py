"""From a slot that comes free to the first CUDA kernel of the next trial; a cold process and Ray beside it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from itertools import pairwise
from statistics import median

from bench.card.card import ROOT, Card
from bench.speed.running import attrs
from bench.speed.table import Result, spread

AIM_MS = 500.0


def starts(card: Card) -> list[Result]:
    trials = attrs(card.run(card.begin("starts", "first_kernel", 6 if card.rehearsal else 30, "gpus = 1")))
    trials.sort(key=lambda trial: trial["started_at"])
    waits = spread([(after["kernel"] - before["ended_at"]) * 1e3 for before, after in pairwise(trials)])
    own = median((trial["kernel"] - trial["first_line"]) * 1e3 for trial in trials)
    ray, why = _by_ray(card)
    return [
        Result("slot free -> first CUDA kernel", "ms", waits.median, AIM_MS, peer="Ray task", peer_value=ray,
               note=f"{waits}; {why}"),
        Result("of it, CUDA's own start", "ms", own, note="the context, and the kernel; no peer can save it"),
        Result("the same in a cold Python", "ms", _cold(card), note="from the start of the process; imports torch"),
    ]  # fmt: skip


def _environ(card: Card) -> dict[str, str]:
    return {**os.environ, "CUDA_VISIBLE_DEVICES": card.device.id, "PYTHONPATH": _path()}


def _path() -> str:
    return os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)


def _cold(card: Card) -> float:
    took = []
    for _ in range(2 if card.rehearsal else 6):
        began = time.time()
        command = [sys.executable, "-m", "bench.card.cold"]
        done = subprocess.run(command, env=_environ(card), check=True, capture_output=True, text=True, timeout=120)
        took.append((float(done.stdout.split()[0]) - began) * 1e3)
    return median(took[1:])  # the first one fills the disk's cache


def _by_ray(card: Card) -> tuple[float | None, str]:
    if importlib.util.find_spec("ray") is None:
        return None, "Ray is not installed"
    command = [sys.executable, "-m", "bench.card.by_ray"]
    done = subprocess.run(command, env=_environ(card), capture_output=True, text=True, timeout=300)
    took = [float(word) * 1e3 for word in done.stdout.split()]
    if done.returncode or len(took) < 2:
        return None, f"Ray failed: {(done.stderr.strip().splitlines() or ['no word'])[-1][:120]}"
    return median(took[1:]), f"Ray's, of {len(took) - 1} tasks, each a process of its own, after a first one"
