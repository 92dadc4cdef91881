"""What a thought and a verdict cost: `python -m bench.search_cost`. Medians in microseconds."""

from __future__ import annotations

import select
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from hptui.core.scheduler.thinker import Thinker
from hptui.core.search.catalog import PRUNERS, SAMPLERS, make_pruner, make_sampler
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Curve, History, Kind
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

FLOATS = {f"p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(6)}
FINITE = {f"p{i}": {"type": "int", "low": 0, "high": 9} for i in range(4)}


def median_us(act: Callable[[int], Any], times: int = 200) -> float:
    act(0)
    took = []
    for i in range(times):
        began = time.perf_counter()
        act(i)
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6


def history(dim: int, n: int) -> History:
    rng = np.random.default_rng(0)
    return History(rng.random((n, dim)), rng.random(n), *(np.zeros(n, np.int64), np.arange(n), np.full(n, 9)))


def curves(n: int, steps: int) -> list[Curve]:
    rng = np.random.default_rng(0)
    return [Curve(i, np.arange(steps), rng.random(steps), Kind.COMPLETE) for i in range(n)]


def round_trip(thinker: Thinker, number: int) -> None:
    thinker.observe(Observation(number, (0.5,) * 6, 0.5, Kind.COMPLETE, 9))
    thinker.ask(number + 1)
    while not thinker.receive():
        select.select([thinker], [], [])


def asks(name: str, label: str, definitions: dict[str, Any], n: int) -> None:
    began = time.perf_counter()
    sampler = make_sampler(Chosen(name=name), Space.parse(definitions), 0)
    seen = history(len(definitions), n)
    sampler.ask(seen, n)
    first = (time.perf_counter() - began) * 1e6
    cost = median_us(lambda i: sampler.ask(seen, n + i))
    print(f"ask {name:13} {label:14} after {n:4} trials: {cost:8.0f}  (the first one {first:8.0f})")


def judges(name: str, steps: int) -> None:
    pruner = make_pruner(Chosen(name=name, options={"upper": 2.0} if name == "threshold" else {}), "minimize", 100)
    others = curves(300, steps)
    mine = [Curve(999, np.arange(k), np.random.default_rng(k).random(k)) for k in range(steps - 50, steps)]
    cost = median_us(lambda i: pruner.judge(mine[i % 50], others))
    print(f"judge {name:11} 300 curves of {steps:4} steps: {cost:8.0f}")


def thinks(name: str) -> None:
    began = time.perf_counter()
    space = dict(list(FLOATS.items())[:5]) if name == "grid" else FLOATS
    thinker = Thinker.start(space, Chosen(name=name), 0)
    round_trip(thinker, 0)
    first = (time.perf_counter() - began) * 1e3
    cost = median_us(lambda i: round_trip(thinker, i))
    print(f"thinker {name:13} round trip: {cost:8.0f}  (start to first answer {first:.0f} ms)")
    thinker.close()


def main() -> None:
    for name in SAMPLERS:
        for label, definitions in (("6 floats", FLOATS), ("10,000 points", FINITE)):
            for n in (0, 5000):
                asks(name, label, definitions, n)
    for name in PRUNERS:
        for steps in (100, 5000):
            judges(name, steps)
    for name in SAMPLERS:
        thinks(name)


if __name__ == "__main__":
    main()
