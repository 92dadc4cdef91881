"""What another pruner would have done with the curves of a session: whom it cuts, what that saves, whether it costs
the best. The rule's own code judges the stored reports in the order in which they came. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from hptui.core.search.crowd import Crowd, Ended
from hptui.core.search.protocol import Curve, Hold, Kind, Promoter, Pruner, Stop
from hptui.core.store.rows import TrialRow

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Would:
    """One trial under the other rule. cut: the step at which it is stopped; None: it goes as far as is known."""

    number: int
    cut: int | None
    reason: str
    reports: int  # that it makes
    known: int  # that are stored


@dataclass(frozen=True)
class WhatIf:
    """reports, known: of all trials. best: the lowest final loss among the trials that are left, NaN without one.

    winner: the best trial of the session; kept: whether it is left. open_ended: trials that were pruned and that the
    rule lets live: how they would have gone on is not known.
    """

    trials: tuple[Would, ...]
    reports: int
    known: int
    winner: int | None
    kept: bool
    best: float
    open_ended: tuple[int, ...]

    @property
    def cut(self) -> list[Would]:
        return [trial for trial in self.trials if trial.cut is not None]


def what_if(rows: Sequence[TrialRow], curves: Mapping[int, Points], pruner: Pruner, sign: float) -> WhatIf:
    """rows: all trials; curves: (step, value) by trial, as stored; sign: loss = sign * value.

    A report's time is taken to lie evenly between its trial's start and end. A rule that holds trials judges by its
    form that stops them: a trial held would have come back or not, which stored curves can't tell.
    """
    rule = pruner.without_holding() if isinstance(pruner, Promoter) else pruner
    milestones = rule.milestones()
    tracks = {row.number: _Track(row, curves.get(row.number, ()), sign) for row in rows}
    live, ended, gone = dict[int, _Track](), Ended(), list[Curve]()
    for number, k in _in_order(tracks):
        track = tracks[number]
        if track.cut is not None:
            continue
        before, track.seen = track.last_step, k
        if milestones is not None and milestones.reached(track.last_step, before):
            others = [one for n, one in live.items() if n != number]
            verdict = rule.judge(track.curve(Kind.PENDING), _crowd(ended, gone, others))
            if isinstance(verdict, Stop | Hold):
                track.cut, track.reason = track.last_step, verdict.reason
        if (kind := track.kind) is Kind.PENDING:
            live[number] = track
        else:
            live.pop(number, None)
            gone.append(track.curve(kind))
            ended.add(gone[-1])
    return _summed(tracks)


class _Track:
    """A trial on its way through the replay."""

    def __init__(self, row: TrialRow, points: Points, sign: float) -> None:
        self.row = row
        self.loss = sign * row.value if row.value is not None else math.nan
        self.steps = np.array([step for step, _ in points], dtype=np.int64)
        self.losses = np.array([sign * value for _, value in points], dtype=float)
        self.seen = 0
        self.cut: int | None = None
        self.reason = ""
        self._made: tuple[int, Kind, Curve] | None = None

    @property
    def last_step(self) -> int:
        return int(self.steps[self.seen - 1]) if self.seen else -1

    @property
    def kind(self) -> Kind:
        """What has become of it by now: as it ended in the session, unless the rule has cut it before."""
        if self.cut is not None:
            return Kind.PRUNED
        return _ENDED.get(self.row.state, Kind.PENDING) if self.seen == len(self.steps) else Kind.PENDING

    def curve(self, kind: Kind) -> Curve:
        if self._made is None or self._made[:2] != (self.seen, kind):
            steps, losses = self.steps[: self.seen], self.losses[: self.seen]
            self._made = self.seen, kind, Curve(self.row.number, steps, losses, kind)
        return self._made[2]


def _crowd(ended: Ended, gone: Sequence[Curve], live: Sequence[_Track]) -> Crowd:
    """gone: the curves in `ended`."""
    curves = [track.curve(Kind.PENDING) for track in live]
    return Crowd(ended, lambda: curves, lambda: chain(gone, curves))


_ENDED = {"COMPLETE": Kind.COMPLETE, "PRUNED": Kind.PRUNED, "FAIL": Kind.FAILED}


def _in_order(tracks: Mapping[int, _Track]) -> Iterator[tuple[int, int]]:
    """(trial, how many of its reports are there then), by time."""
    times: list[tuple[float, int, int]] = []
    for number, track in tracks.items():
        n = len(track.steps)
        begun = track.row.started_at if track.row.started_at is not None else float(number)
        ended = track.row.ended_at if track.row.ended_at is not None else begun + n
        times += [(begun + (ended - begun) * k / n, number, k) for k in range(1, n + 1)]
    yield from ((number, k) for _, number, k in sorted(times))


def _summed(tracks: Mapping[int, _Track]) -> WhatIf:
    able = [track for track in tracks.values() if track.row.is_answer]
    winner = min(able, key=lambda track: (track.loss, track.row.number)).row.number if able else None
    left = [track.loss for track in able if track.cut is None]
    trials = tuple(
        Would(
            number, track.cut, track.reason, track.seen if track.cut is not None else len(track.steps), len(track.steps)
        )
        for number, track in sorted(tracks.items())
    )
    return WhatIf(
        trials,
        sum(trial.reports for trial in trials),
        sum(trial.known for trial in trials),
        winner,
        winner is not None and tracks[winner].cut is None,
        min(left, default=math.nan),
        tuple(n for n, track in sorted(tracks.items()) if track.row.state == "PRUNED" and track.cut is None),
    )
