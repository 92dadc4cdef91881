"""Curves as the curve process hears them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hptui.core.search.models.curve_heard import Ear
from hptui.core.search.protocol import Curve
from hptui.core.search.pruners.thaw import Thaw

STEPS = 40


def ear() -> Ear:
    return Ear(Thaw(max_steps=STEPS).milestones(), STEPS)


def test_what_is_heard_bit_by_bit_is_what_is_heard_at_once() -> None:
    """Trials are held and go on; towards the end some steps are left out, and one is told that came before all."""
    rng, listening = np.random.default_rng(4), ear()
    pages, known, held = dict[int, list[tuple[int, float, int]]](), dict[int, Curve](), set[int]()

    def curve(number: int) -> Curve:
        before, page = known.get(number), sorted(pages[number])
        if before is None or len(before.steps) != len(page):
            steps, losses, arrival = (np.array(part) for part in zip(*page, strict=True))
            before = Curve(number, steps, losses.astype(float), arrival=arrival)
        known[number] = replace(before, held=number in held)
        return known[number]

    for arrival in range(120):
        number = int(rng.integers(14))
        page = pages.setdefault(number, [])
        step = 0 if arrival == 110 else len(page) + (1 if arrival < 100 or number % 2 else 9)
        page.append((step, float(rng.random()), arrival))
        held ^= {int(rng.integers(14))}
        crowd = [curve(n) for n in rng.permutation(list(pages)).tolist()]

        bit_by_bit, at_once = listening.hear(crowd), ear().hear(crowd)

        assert bit_by_bit is not None and at_once is not None
        assert [(c.number, c.held) for c in bit_by_bit.curves] == [(c.number, c.held) for c in at_once.curves]
        assert (bit_by_bit.best, bit_by_bit.last, bit_by_bit.full) == (at_once.best, at_once.last, at_once.full)
        for name in ("trial", "s", "loss"):
            np.testing.assert_array_equal(getattr(bit_by_bit.seen, name), getattr(at_once.seen, name))
        np.testing.assert_array_equal(bit_by_bit.steps, at_once.steps)
