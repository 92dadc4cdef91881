"""What a screen could reach that sees each configuration for one epoch, and then is told which of them ends best.

    python -m bench.multifidelity_limit --bench DIR [--tables-dir DIR] [--tables digits,charlm] [--workers 4]

Configurations are drawn at random and trained for one epoch each, for as long as the clock leaves a full training
after it; then an oracle names the best one. With k workers a full training takes k of the F full trainings' worth of
clock, so (F - k) R configurations are seen by then. Random search as in `bench.multifidelity_score`; the ratio is a
geometric mean.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys

import numpy as np

from bench.multifidelity_score import FTE, regrets

DRAWS = 2000

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, metavar="DIR")
    parser.add_argument("--tables-dir")
    parser.add_argument("--tables", default="digits,charlm")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    sys.path.insert(0, asked.bench)
    sim = importlib.import_module("simulate")
    rng, logs = np.random.default_rng(0), []
    print("| table | regret x1000 @5 / 10 / 20 FTE | random's |\n|---|---|---|")
    for name in asked.tables.split(","):
        table = sim.Table(name, asked.tables_dir)
        random = [sim.simulate(table, sim.RandomMethod(), s, asked.workers, max(FTE) * table.R) for s in range(30)]
        base = np.mean([regrets(table, done["trace"]) for done in random], axis=0)[[fte * table.R - 1 for fte in FTE]]
        reached = []
        for fte in FTE:
            seen = min(max((fte - asked.workers) * table.R, 1), table.n)
            best = [table.best_i[rng.permutation(table.n)[:seen]].min() for _ in range(DRAWS)]
            reached.append(float(np.mean(table.nregret(np.array(best)))))
        logs.append(np.log(np.maximum(reached, 1e-4) / base))
        told, others = (" / ".join(f"{1000 * r:.0f}" for r in row) for row in (reached, base))
        print(f"| {name} | {told} | {others} |")
    print("\nratio to random " + " / ".join(f"{math.exp(v):.2f}" for v in np.mean(logs, axis=0)))
