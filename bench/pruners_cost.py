"""What a pruner's decision costs with 300 trials: `python -m bench.pruners_cost [NAME ...]`.

The trials have random learning curves; half of them run or are held, the others have ended. A decision is a verdict on
a trial that has just come to a rung, or the answer to which held trial goes on. Every trial has reported once more
between two decisions, as in a session: nothing is timed that an earlier decision has left behind.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip

from hptui.core.search.catalog import PRUNERS, make_pruner
from hptui.core.search.protocol import Curve, Kind, Promoter
from hptui.core.study.study import Chosen

TRIALS, STEPS, DECISIONS = 300, 81, 100
OPTIONS: dict[str, dict[str, Any]] = {"threshold": {"upper": 100.0}, "pbt": {"interval": 1}}


def crowd(seed: int) -> list[Curve]:
    """Trials that came to a rung of 1, 3, 9, 27, or to the end."""
    rng = np.random.default_rng(seed)
    level = rng.random(TRIALS)
    ends = rng.choice([1, 3, 9, 27, 81], TRIALS, p=[0.6, 0.22, 0.1, 0.05, 0.03])
    curves = []
    for number, end in enumerate(ends.tolist()):
        steps = np.arange(1, end + 1)
        losses = level[number] + 1 / steps + 0.05 * rng.normal(size=end)
        kind = Kind.COMPLETE if end == STEPS else Kind.PENDING if number % 2 else Kind.PRUNED
        curves.append(Curve(number, steps, losses, kind, held=kind == Kind.PENDING and number % 4 == 1))
    return curves


def measure(name: str) -> tuple[list[float], list[float]]:
    """Milliseconds of each verdict, and of each promotion."""
    pruner = make_pruner(Chosen(name=name, options=OPTIONS.get(name, {})), "minimize", STEPS)
    verdicts, promotions = [], []
    for seed in range(DECISIONS):
        curves = crowd(seed)
        wanted = 3 ** (seed % 4)
        running = [c for c in curves if c.kind == Kind.PENDING and not c.held]
        me = min(running, key=lambda c: (abs(c.last_step - wanted), c.number))  # at rung 1, 3, 9 or 27 by turns
        others = [c for c in curves if c is not me]
        began = time.perf_counter()
        pruner.judge(me, others)
        verdicts.append(1000 * (time.perf_counter() - began))
        if isinstance(pruner, Promoter):
            curves = [replace(c) for c in curves]
            began = time.perf_counter()
            pruner.promote(curves)
            promotions.append(1000 * (time.perf_counter() - began))
    return verdicts, promotions


def main(names: list[str]) -> None:
    print(f"{TRIALS} trials, {DECISIONS} decisions each; milliseconds, median / 99th percentile\n")
    print("| pruner | verdict | promotion |")
    print("|---|---:|---:|")
    for name in names or [name for name in PRUNERS if name not in ("none", "auto")]:
        verdicts, promotions = measure(name)
        said = [f"{np.median(ms):.2f} / {np.percentile(ms, 99):.2f}" if ms else "–" for ms in (verdicts, promotions)]
        print(f"| {name} | {said[0]} | {said[1]} |")


if __name__ == "__main__":
    main(sys.argv[1:])
