"""What a scheduler of a thousand workers has besides its decisions, one by one: `python -m bench.cluster_parts`.

CPU milliseconds of one pass over the spools of so many trials, none of which has said anything new; of one verdict on
a trial at a rung, beside so many others that have ended (3 reports each, every tenth 27); of one ask of a sampler that
knows so many trials, of six parameters, one of them new. The first has all to sort and to learn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip

from hptui.core.scheduler.book import Book
from hptui.core.scheduler.child import Child
from hptui.core.search.catalog import make_pruner, make_sampler
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Kind
from hptui.core.space.space import Space
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Chosen
from hptui.core.wire.spool import Begin, SpoolWriter

STEPS, DIM, TIMES = 27, 6, 5


def spools(count: int) -> float:
    with tempfile.TemporaryDirectory() as temporary:
        folder, children = SessionFolder(Path(temporary)), []
        for number in range(count):
            folder.trial(number).path.mkdir(parents=True)
            writer = SpoolWriter(folder.trial(number).spool)
            writer.append(Begin(0.0, 1, 1))
            writer.close()
            children.append(Child(number, folder))
            children[-1].read()
        began = time.process_time()
        for _ in range(TIMES):
            for child in children:
                child.read()
        return 1e3 * (time.process_time() - began) / TIMES


def verdicts(name: str, ended: int) -> list[float]:
    """The first, and those after it, each with one more trial ended since."""
    book, chance = Book(), np.random.default_rng(0)
    rule = make_pruner(Chosen(name=name), "minimize", STEPS + 1, None, 0)

    def trial(number: int, length: int) -> None:
        steps = range(1, length + 1)
        book.write(number, [(step, float(chance.random() + 1 / step)) for step in steps])
        book.place(number, (0.5,) * DIM)

    for number in range(ended):
        length = STEPS if number % 10 == 0 else 3
        trial(number, length)
        book.close(number, Kind.COMPLETE if length == STEPS else Kind.PRUNED)
    costs = []
    for number in range(ended, ended + TIMES):
        trial(number, 3)
        began = time.process_time()
        rule.judge(book.curve(number), book.others(number))
        costs.append(1e3 * (time.process_time() - began))
        book.close(number, Kind.PRUNED)
    return costs


def asks(name: str, known: int) -> list[float]:
    space = Space.parse({f"p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(DIM)})
    sampler, seen, chance = make_sampler(Chosen(name=name), space, 0), Observations(DIM), np.random.default_rng(0)

    def trial(number: int) -> None:
        x = chance.random(DIM)
        seen.add(Observation(number, tuple(x.tolist()), float(((x - 0.4) ** 2).sum()), Kind.COMPLETE, 9))

    for number in range(known):
        trial(number)
    costs = []
    for number in range(known, known + TIMES):
        began = time.process_time()
        sampler.ask(seen.history(), number)
        costs.append(1e3 * (time.process_time() - began))
        trial(number)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", default="1000,10000,100000")
    parser.add_argument("--pruners", default="median,asha,hyperband")
    parser.add_argument("--samplers", default="random,quasi_random,tpe,auto")
    asked = parser.parse_args()
    print("| what | with | CPU ms, median | first |\n|---|---|---|---|")
    for count in (250, 1000, 4000):
        print(f"| a pass over quiet spools | {count:,} | {spools(count):.1f} | |", flush=True)
    for what, names, measure in (("verdict", asked.pruners, verdicts), ("ask", asked.samplers, asks)):
        for name in filter(None, names.split(",")):
            for count in map(int, asked.trials.split(",")):
                first, *costs = measure(name, count)
                print(f"| {what} of {name} | {count:,} | {np.median(costs):.2f} | {first:.0f} |", flush=True)


if __name__ == "__main__":
    main()
