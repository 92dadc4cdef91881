"""When the budget is nearly spent: the trial that is predicted best goes to its end while it still can. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hptui.core.search.protocol import Kind

if TYPE_CHECKING:
    from hptui.core.search.pruners.thaw_mind import Thought

SLACK, SPARE = 1.25, 1.0  # it begins with so much more room than it needs, for steps may take longer, and steps
LATE = 1.1  # one that has begun is not given up for being late by less


@dataclass(frozen=True)
class LastChance:
    """The trial that has to go on now. need: steps to its end, of the `room` that it has."""

    number: int
    need: int
    room: float


def last_chance(thought: Thought, room: Mapping[int, float]) -> LastChance | None:
    """None while there is time, and when nothing would be gained: a trial that is complete, or one that runs and can
    be in time, is as good as the best held one is predicted to be.

    room: by trial; one that is not in it is passed over.
    """
    needs = {
        row: round(thought.heard.full - thought.heard.steps[row])
        for row, curve in enumerate(thought.heard.curves)
        if curve.kind == Kind.PENDING and curve.number in room and np.isfinite(curve.last)
    }
    in_time = {row: room[thought.heard.curves[row].number] for row in needs}
    in_time = {row: left for row, left in in_time.items() if needs[row] <= LATE * left + SPARE}
    if all(left > SLACK * needs[row] + SPARE for row, left in in_time.items()):
        return None
    complete = [row for row, curve in enumerate(thought.heard.curves) if curve.kind == Kind.COMPLETE]
    known = min((float(thought.ends[row]) for row in complete), default=np.inf)
    better = [row for row in in_time if thought.ends[row] < known]
    if not better:
        return None
    row = thought.furthest(better)
    curve = thought.heard.curves[row]
    if not curve.held or in_time[row] > SLACK * needs[row] + SPARE:
        return None
    return LastChance(curve.number, needs[row], in_time[row])
