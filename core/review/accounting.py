"""Where the GPU-hours of a session went, and how long it will take. Pure over rows.

A GPU's time is split evenly among the trials that run on it at a moment, so that all of it adds up to what the
clock says. Without GPUs the same is counted for slots of the CPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hptui.core.review.lanes import Lane, by_device, drains, lanes
from hptui.core.review.pruning import Saved
from hptui.core.store.rows import DeviceRow, EventRow, TrialRow

LATELY = 32  # ended trials by which the time left is told


@dataclass(frozen=True, slots=True)
class Account:
    """Seconds of one GPU, or of one slot of the CPU.

    useful: of complete trials. pruned: of those given up early. running: of those that have not ended. failed: lost to
    failures. saved: what the pruned trials would have taken beyond; None when nobody knows a full training.
    idle: nobody ran while trials were left to start; a GPU that the user drained is not idle. boot: of that, before the
    first trial of each scheduler started. left: until the session has all its trials, on the clock; None when that
    can't be told.
    """

    unit: str  # GPU or slot
    places: int
    useful_s: float = 0.0
    pruned_s: float = 0.0
    running_s: float = 0.0
    failed_s: float = 0.0
    saved_s: float | None = None
    idle_s: float = 0.0
    boot_s: float = 0.0
    left_s: float | None = None

    @property
    def spent_s(self) -> float:
        return self.useful_s + self.pruned_s + self.running_s + self.failed_s

    @property
    def idle_share(self) -> float | None:
        """Of the time in which there was work: nobody ran, start-up not counted."""
        idle = self.idle_s - self.boot_s
        return idle / (self.spent_s + idle) if self.spent_s + idle > 0 else None


def account(
    trials: Sequence[TrialRow], events: Sequence[EventRow], devices: Sequence[DeviceRow], until: float,
    n_trials: int | None = None, saved: Saved | None = None,
) -> Account:  # fmt: skip
    """events: the whole ledger. until: now, for a session that goes on; else whenever. saved: as `pruning` tells it."""
    places = _all_places(by_device(lanes(trials, events, until)), devices, drains(events, until))
    spent = dict.fromkeys(("COMPLETE", "PRUNED", "FAIL"), 0.0)
    running = 0.0
    for lane in places:
        for state, seconds in _split(lane):
            if state in spent:
                spent[state] += seconds
            else:
                running += seconds
    idle = boot = 0.0
    left_behind = {device.id for device in devices if device.slots == 0}
    for start, first, end in _working(events, until):
        for lane in places:
            known_to = max((span.end for span in lane.spans), default=0.0) if lane.device in left_behind else end
            boot += _uncovered(lane, start, min(first, known_to))
            idle += _uncovered(lane, start, min(end, known_to))
    saved_s = None
    if saved is not None:
        # what a pruned trial would have taken beyond, at the share of a GPU that it had
        pruned_busy = sum(row.busy_s for row in trials if row.state == "PRUNED")
        rate = spent["PRUNED"] / pruned_busy if pruned_busy > 0 else 1.0
        saved_s = (saved.full_seconds - saved.seconds) * rate
    return Account(
        "slot" if all(lane.device == "cpu" for lane in places) else "GPU", len(places), spent["COMPLETE"],
        spent["PRUNED"], running, spent["FAIL"], saved_s, idle, boot, _left(trials, until, n_trials),
    )  # fmt: skip


def _all_places(
    known: tuple[Lane, ...], devices: Sequence[DeviceRow], drained: Mapping[str, tuple[tuple[float, float], ...]]
) -> tuple[Lane, ...]:
    """Places that nothing ran on are there too."""
    found = {(lane.device, lane.slot): lane for lane in known}
    for device in devices:
        for slot in range(device.slots if device.id == "cpu" else 1):
            found.setdefault((device.id, slot), Lane(device.id, slot, drained=drained.get(device.id, ())))
    return tuple(found.values())


def _split(lane: Lane) -> Iterator[tuple[str, float]]:
    """(state, seconds) of its spans, the time of several at once divided among them."""
    edges = sorted({edge for span in lane.spans for edge in (span.start, span.end)})
    ahead = list(lane.spans)
    here = []
    for start, end in pairwise(edges):
        while ahead and ahead[0].start <= start:
            here.append(ahead.pop(0))
        here = [span for span in here if span.end > start]
        for span in here:
            yield span.state, (end - start) / len(here)


def _uncovered(lane: Lane, start: float, end: float) -> float:
    """Seconds between start and end in which nobody ran there, and somebody might have: it was not drained."""
    free, at = 0.0, start
    for begin, last in sorted([*((span.start, span.end) for span in lane.spans), *lane.drained]):
        if last <= at or begin >= end:
            continue
        free += max(0.0, begin - at)
        at = max(at, min(last, end))
    return free + max(0.0, end - at)


def _working(events: Iterable[EventRow], until: float) -> Iterator[tuple[float, float, float]]:
    """(opened, first start, end) of each stretch in which a scheduler had trials to start and might.

    A stretch ends when its last trial starts, if it is over; and while the whole session is paused there is none.
    """
    opened = first = last = None
    latest = 0.0
    for event in events:
        session_wide = event.trial is None
        if opened is not None and (event.kind == "opened" or (session_wide and event.kind in _ENDS)):
            ended = latest if event.kind == "opened" else event.at  # a killed one did nothing after its last word
            end = last if event.kind == "finished" and last is not None else ended
            yield opened, first if first is not None else end, end
            opened = None
        if event.kind == "opened" or (session_wide and event.kind in ("resumed", "disk-back")):
            opened, first, last = event.at, None, None
        elif event.kind == "started":
            first, last = first if first is not None else event.at, event.at
        latest = event.at
    if opened is not None:
        yield opened, first if first is not None else until, until


_ENDS = ("finished", "paused", "stopping", "exhausted", "disk-full")


def _left(trials: Sequence[TrialRow], until: float, n_trials: int | None) -> float | None:
    """By how fast trials ended lately: the time is the clock's, whatever ran side by side."""
    ended = sorted(row.ended_at for row in trials if row.ended_at is not None and row.started_at is not None)[-LATELY:]
    counted = sum(row.retry_of is None for row in trials)
    missing = (n_trials or 0) - counted + sum(row.ended_at is None for row in trials)
    if n_trials is None or len(ended) < 3 or missing <= 0 or until <= ended[0]:
        return None
    return missing * (until - ended[0]) / len(ended)
