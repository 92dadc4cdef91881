"""What an ask costs as trials grow in number: `python -m bench.search_growth --ours auto,gp,tpe`.

CPU time of one thread per ask, over so many asks in a row from n trials on (the first one, which loads and learns
everything anew as after a crash, by itself), and the process's largest memory so far. The losses are a bowl with a
little noise in six dimensions, the points random.
"""

from __future__ import annotations

import argparse
import resource
import time

from bench.search_compare import seeds  # noqa: F401  # before numpy: one thread

import numpy as np  # isort: skip

from hptui.core.search.catalog import make_sampler
from hptui.core.search.protocol import History
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

DIM = 6


_X = np.random.default_rng(0).random((2000, DIM))
_Y = ((_X - 0.4) ** 2).sum(axis=1) + 0.01 * np.random.default_rng(1).standard_normal(len(_X))


def history(n: int) -> History:
    return History(_X[:n], _Y[:n], np.zeros(n, np.int64), np.arange(n), np.full(n, 9))


def main() -> None:
    parser = argparse.ArgumentParser(description="What an ask costs as trials grow in number.")
    parser.add_argument("--ours", default="auto,gp,tpe", help="samplers of the catalog, comma separated")
    parser.add_argument("--trials", default="25,100,300,1000", help="where to begin")
    parser.add_argument("--asks", type=int, default=40)
    asked = parser.parse_args()
    space = Space.parse({f"p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(DIM)})
    print("| sampler | trials | first ask, ms | mean of the next | worst | memory, MiB |")
    print("|---|---|---|---|---|---|")
    for name in asked.ours.split(","):
        for n in map(int, asked.trials.split(",")):
            sampler, costs = make_sampler(Chosen(name=name), space, 0), []
            for number in range(n, n + asked.asks + 1):
                seen = history(number)
                began = time.process_time()
                sampler.ask(seen, number)
                costs.append(1e3 * (time.process_time() - began))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            mean, worst = np.mean(costs[1:]), max(costs[1:])
            print(f"| {name} | {n:,} | {costs[0]:.0f} | {mean:.1f} | {worst:.0f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
