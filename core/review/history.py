"""How a search came along: every ended trial, and the best so far, over trials, time or device time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from hptui.core.review.columns import Bools, Columns, Floats, Ints


class By(Enum):
    """What the search is measured by."""

    TRIALS = "trials ended"
    CLOCK = "wall clock"
    DEVICE = "device time"

    def next(self) -> By:
        every = list(By)
        return every[(every.index(self) + 1) % len(every)]


@dataclass(frozen=True, eq=False)
class History:
    """m ended trials in the order in which they ended.

    number, state: (m,) as in `Columns`. x: (m,) trials ended, or seconds. loss: (m,) NaN where there is none.
    best: (m,) the lowest loss of the complete trials so far that broke no constraint, NaN before the first. records:
    indices into these of the trials that were better than all before them. complete: (m,) those that may be one.
    """

    number: Ints
    state: Ints
    x: Floats
    loss: Floats
    best: Floats
    records: Ints
    complete: Bools

    @property
    def since_record(self) -> int | None:
        """Complete trials since the last record; None before the first."""
        if not len(self.records):
            return None
        return int(self.complete[self.records[-1] + 1 :].sum())


def history(columns: Columns, by: By, begin: float | None = None) -> History:
    """begin: when the session began, in seconds since the epoch; None: when its first trial was created.

    Device time is the running time of all trials that have ended, pauses not counted: what the search has cost.
    """
    ended = np.flatnonzero(np.isfinite(columns.ended_at))
    order = ended[np.lexsort((columns.number[ended], columns.ended_at[ended]))]
    at = columns.ended_at[order]
    if by is By.TRIALS:
        x = np.arange(1.0, len(order) + 1)
    elif by is By.CLOCK:
        first = begin if begin is not None else float(columns.created_at.min()) if len(columns) else 0.0
        x = np.maximum(at - first, 0.0)
    else:
        busy = columns.busy_s[order]
        started = columns.started_at[order]
        x = np.cumsum(np.where(busy > 0, busy, np.where(np.isfinite(started), at - started, 0.0)))
    complete = columns.able[order]
    known = np.minimum.accumulate(np.where(complete, columns.loss[order], np.inf))
    before = np.r_[np.inf, known[:-1]] if len(known) else known
    return History(
        columns.number[order], columns.state[order], x, columns.loss[order],
        np.where(np.isfinite(known), known, np.nan), np.flatnonzero(known < before), complete,
    )  # fmt: skip


def steps(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The corners of a step line: each value holds until the next x."""
    if len(x) < 2:
        return x, y
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
