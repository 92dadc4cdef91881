"""What an ask of a guest from Optuna costs: `nice -n 19 python -m bench.guests`. CPU time of one process."""

from __future__ import annotations

import time
import warnings

import numpy as np

from hptui.core.search.assemble import assemble
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Kind
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

SPACE = Space.parse({f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(6)})
RUNNING = 4  # the last trials of the history


def history(n: int) -> Observations:
    rng, seen = np.random.default_rng(0), Observations(SPACE.dim)
    for number in range(n):
        x = rng.random(SPACE.dim)
        kind = Kind.COMPLETE if number < n - RUNNING else Kind.PENDING
        loss = float(np.sum((x - 0.3) ** 2)) if kind == Kind.COMPLETE else None
        seen.add(Observation(number, tuple(map(float, x)), loss, kind, 0))
    return seen


def main() -> None:
    warnings.simplefilter("ignore")
    print("| sampler | trials | first ask, s | next ask, s |\n|---|---|---|---|")
    for name in ("TPESampler", "CmaEsSampler", "NSGAIISampler"):
        for n in (100, 1000):
            sampler, seen = assemble(Chosen(name=f"optuna:{name}"), SPACE, 0, [Goal("value")]), history(n)
            took = []
            for _ in range(2):
                began = time.process_time()
                sampler.ask(seen.history(), n)
                took.append(time.process_time() - began)
            print(f"| optuna:{name} | {n} | {took[0]:.2f} | {took[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
