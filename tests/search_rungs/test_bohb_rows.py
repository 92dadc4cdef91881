"""Which trials BOHB learns from, and that it finds the valley that they show."""

from __future__ import annotations

import numpy as np

from hptui.core.search.catalog import make_sampler
from hptui.core.search.protocol import History, Kind, Proposal
from hptui.core.search.samplers.bohb import furthest, highest
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen


def history(rows: list[tuple[Kind, int, float]], x: list[float] | None = None) -> History:
    kinds, steps, losses = zip(*rows, strict=True)
    points = np.array(x if x is not None else np.linspace(0, 1, len(rows)), float)[:, None]
    numbers = np.arange(len(rows), dtype=np.int64)
    return History(points, np.array(losses, float), np.array(kinds, np.int64), numbers, np.array(steps, np.int64))


DONE, CUT, RUNS = Kind.COMPLETE, Kind.PRUNED, Kind.PENDING


def test_the_highest_rung_with_enough_trials_counts_and_who_went_further_is_better() -> None:
    seen = history([(CUT, 1, 0.9), (CUT, 3, 0.7), (DONE, 9, 0.8), (CUT, 3, 0.5), (CUT, 1, np.nan), (RUNS, 3, 0.1)])

    assert [(rung, rows.tolist()) for rung, rows in (highest(seen, furthest(seen), n) for n in (1, 2, 3, 4, 5, 6))] == [
        (-1, [2]), (3, [2, 3, 1]), (3, [2, 3, 1]), (1, [2, 3, 1, 0, 4]), (1, [2, 3, 1, 0, 4]), (-1, []),
    ]  # fmt: skip


def test_it_proposes_where_those_were_that_went_on() -> None:
    rng = np.random.default_rng(2)
    x = rng.random(60)
    seen = history([(DONE, 9, u) if abs(u - 0.7) < 0.05 else (CUT, 1, abs(u - 0.7)) for u in x], x.tolist())
    space = Space.parse({"a": {"type": "float", "low": 0.0, "high": 1.0}})
    bohb = make_sampler(Chosen(name="bohb", options={"random_share": 0}), space, 1)

    asked = [bohb.ask(seen, number) for number in range(20)]

    assert all(isinstance(one, Proposal) for one in asked)
    distance = [abs(float(one.x[0]) - 0.7) for one in asked if isinstance(one, Proposal)]
    assert np.median(distance) < 0.08
