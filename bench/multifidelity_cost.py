"""What a decision of the freeze-thaw rule costs with many trials: `python -m bench.multifidelity_cost [TRIALS ...]`.

Trials of 30 steps over eight parameters, two of three held after their first step, the others further. Then 200 times
the promoted trial (or a new one) reports a step more: a verdict, and a promotion. CPU time. The first answer, which a
new scheduler pays once, is told apart.
"""

from __future__ import annotations

import sys
import time

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip

from hptui.core.scheduler.book import Book
from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Kind
from hptui.core.search.pruners.thaw import Thaw
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

STEPS, DECISIONS, DIM = 30, 200, 8


def measure(trials: int) -> tuple[float, list[float], list[float]]:
    """Seconds of the first answer; milliseconds of each verdict, and of each promotion after it."""
    rng = np.random.default_rng(trials)
    space = Space.parse({f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(DIM)})
    pruner = make_pruner(Chosen(name="auto"), "minimize", STEPS, space, 0)
    assert isinstance(pruner, Thaw)
    book, went, points = Book(), dict[int, int](), dict[int, np.ndarray]()

    def report(number: int) -> None:
        step = went[number] = went.get(number, 0) + 1
        x = points.setdefault(number, rng.random(DIM))
        book.write(number, [(step, float((x[:3] ** 2).sum() + 2.0 / step + 0.02 * rng.standard_normal()))])
        book.place(number, tuple(x.tolist()))
        if step == STEPS:
            book.close(number, Kind.COMPLETE)

    for number in range(trials):
        report(number)
        for _ in range(int(rng.integers(1, 8)) if number % 3 == 0 else 0):
            report(number)
    first, verdicts, promotions = 0.0, [], []
    for i in range(DECISIONS + 1):
        book.set_held(frozenset(n for n, step in went.items() if step < STEPS))
        began = time.process_time()
        answer = pruner.promote(book.curves())
        promotions.append(time.process_time() - began)
        number = len(went) if answer is None else answer.number
        report(number)
        book.set_held(frozenset(n for n, step in went.items() if step < STEPS and n != number))
        if i == 0:
            first = promotions.pop()
        began = time.process_time()
        pruner.judge(book.curve(number), book.others(number))
        verdicts.append(time.process_time() - began)
    return first, [1000 * s for s in verdicts], [1000 * s for s in promotions]


if __name__ == "__main__":
    print("| trials | verdict, median / 99 % | promotion after it | first answer |")
    print("|---|---|---|---|")
    for trials in [int(word) for word in sys.argv[1:]] or [100, 300, 1000]:
        first, *both = measure(trials)
        told = [f"{np.median(ms):.1f} / {np.percentile(ms, 99):.0f} ms" for ms in both]
        print(f"| {trials:,} | {told[0]} | {told[1]} | {first:.1f} s |", flush=True)
