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


def main() -> None:
    for name in SAMPLERS:
        for label, definitions in (("6 floats", FLOATS), ("10,000 points", FINITE)):
            for n in (0, 5000):
                began = time.perf_counter()
                sampler, seen = (
                    make_sampler(Chosen(name=name), Space.parse(definitions), 0),
                    history(len(definitions), n),
                )
                sampler.ask(seen, n)
                first = (time.perf_counter() - began) * 1e6
                cost = median_us(lambda i, s=sampler, h=seen, n=n: s.ask(h, n + i))  # type: ignore[misc]
                print(f"ask {name:13} {label:14} after {n:4} trials: {cost:8.0f}  (the first one {first:8.0f})")
    for name in PRUNERS:
        pruner = make_pruner(Chosen(name=name, options={"upper": 2.0} if name == "threshold" else {}), "minimize")
        for steps in (100, 5000):
            others = curves(300, steps)
            mine = [Curve(999, np.arange(k), np.random.default_rng(k).random(k)) for k in range(steps - 50, steps)]
            print(
                f"judge {name:11} 300 curves of {steps:4} steps:   {median_us(lambda i: pruner.judge(mine[i % 50], others)):8.0f}"
            )
    for name in SAMPLERS:
        began = time.perf_counter()
        thinker = Thinker.start(
            FLOATS if name != "grid" else {k: FLOATS[k] for k in list(FLOATS)[:5]}, Chosen(name=name), 0
        )
        round_trip(thinker, 0)
        first = time.perf_counter() - began
        print(
            f"thinker {name:13} round trip: {median_us(lambda i: round_trip(thinker, i)):8.0f}  (start to first answer {first * 1e3:.0f} ms)"
        )
        thinker.close()


if __name__ == "__main__":
    main()
