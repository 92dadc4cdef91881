"""The ledger as a line in time: which trial stood how after any event. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.review.columns import Bools, Floats, Ints

# What an event makes of its trial; the others change nothing of where it stands.
AFTER = {
    "proposed": "WAITING", "retried": "WAITING", "starting": "WAITING", "waiting": "WAITING", "started": "RUNNING",
    "resumed": "RUNNING", "promoted": "RUNNING", "undone": "RUNNING", "paused": "PAUSED", "pruning": "PAUSED",
    "ended": "ENDED",
}  # fmt: skip
_CODES = {state: code for code, state in enumerate(("", *dict.fromkeys(AFTER.values())))}
_STATES = {code: state for state, code in _CODES.items()}


@dataclass(frozen=True, eq=False)
class Ledger:
    """m events in their order. id, at, trial: (m,), -1 where an event is about none. after: (m,) what it makes of its
    trial, 0 for nothing. best: (m,) which are a new best, or of several objectives a trial that nobody beats.
    """

    id: Ints
    at: Floats
    trial: Ints
    after: Ints
    best: Bools

    def __len__(self) -> int:
        return len(self.id)

    def stood(self, index: int) -> dict[int, str]:
        """Trial -> WAITING, RUNNING, PAUSED or ENDED once the first `index + 1` events had happened."""
        trial, after = self.trial[: index + 1], self.after[: index + 1]
        moved = (after > 0) & (trial >= 0)
        trial, after = trial[moved], after[moved]
        last = np.zeros(int(trial.max()) + 1 if len(trial) else 0, np.int64)
        last[trial] = after  # of several for one trial the latest stays
        return {int(number): _STATES[int(last[number])] for number in np.flatnonzero(last)}

    def jump(self, index: int, by: int, failed: Iterable[int]) -> int | None:
        """The next event (by 1) or the one before (-1) that is a new best or the failure of a trial in `failed`."""
        ended = (self.after == _CODES["ENDED"]) & np.isin(self.trial, np.fromiter(failed, np.int64))
        marks = np.flatnonzero(self.best | ended)
        rest = marks[marks > index] if by > 0 else marks[marks < index][::-1]
        return int(rest[0]) if len(rest) else None


def ledger(pages: Iterable[Sequence[tuple[int, float, str, int | None]]]) -> Ledger:
    """pages: (id, at, kind, trial) in order, as `Reader.outline` gives them."""
    ids, ats, trials, afters, bests = [], [], [], [], []
    for page in pages:
        if page:
            id_, at, kind, trial = zip(*page, strict=True)
            ids.append(np.array(id_, np.int64))
            ats.append(np.array(at, np.float64))
            trials.append(np.array([-1 if one is None else one for one in trial], np.int64))
            afters.append(np.array([_CODES[AFTER.get(one, "")] for one in kind], np.int64))
            bests.append(np.array([one in ("best", "front") for one in kind], np.bool_))
    if not ids:
        none = np.empty(0, np.int64)
        return Ledger(none, np.empty(0), none, none, np.empty(0, np.bool_))
    return Ledger(
        np.concatenate(ids), np.concatenate(ats), np.concatenate(trials), np.concatenate(afters), np.concatenate(bests)
    )
