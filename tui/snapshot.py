"""What the screen knows of a session at one moment: a frozen value, shared by the feed and the panes.

Pure: no Textual, no SQLite, no numpy, no clock (`at` says when it was taken).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from hptui.core.review.front import front
from hptui.core.store.rows import DeviceRow, EventRow, TrialRow
from hptui.core.study.study import Goal
from hptui.tui.trials import Trials

KEPT_EVENTS = 1000
KEPT_BEST = 100
KEPT_ENDINGS = 32
CROWD = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as the study defines it. `definition`: its JSON, as the session keeps it."""

    name: str
    definition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of the session as a whole."""

    name: str = ""
    direction: str = "minimize"
    metric: str = "value"
    also: tuple[Goal, ...] = ()  # further objectives
    n_trials: int | None = None
    max_steps: int | None = None
    created_at: float | None = None
    finished_at: float | None = None
    finish: str = ""  # why it ended
    final: bool = True  # ended for good; False: it was stopped and may go on
    slots: int | None = None
    held: bool = False  # the whole session is paused: nothing starts
    held_trials: int = 0  # trials whose frozen processes keep memory
    held_bytes: int = 0  # ... so much of the machine's
    sampler: str = ""
    pruner: str = ""
    pruner_options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, float | None] = field(default_factory=dict)  # the budget, by study.commands.BUDGET
    parts: Mapping[str, str] = field(default_factory=dict)  # MIG instances: UUID -> GPU and own number, 2.0
    drained: frozenset[str] = frozenset()  # GPUs on which nothing starts, by the user's wish
    remarks: Mapping[str, Any] = field(default_factory=dict)  # the session's note and tags: study.remarks
    rungs: tuple[int, ...] = ()  # steps at which its pruner ranks trials
    metrics: tuple[str, ...] = ()  # every metric reported so far
    space: tuple[Parameter, ...] = ()

    @property
    def sign(self) -> float:
        """Loss = sign * value."""
        return -1.0 if self.direction == "maximize" else 1.0

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Every objective."""
        return (Goal(self.metric, "maximize" if self.direction == "maximize" else "minimize"), *self.also)

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.space)


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one trial, the user's sign. steps ascend; values may be NaN or infinite.

    Arrays of doubles, which numpy reads in place: nothing here needs numpy, and nobody changes them.
    """

    steps: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))

    @staticmethod
    def of(points: Iterable[tuple[int, float]]) -> Curve:
        return Curve().extended(points)

    def extended(self, points: Iterable[tuple[int, float]]) -> Curve:
        """This curve with later points put behind it; points not after the last step are left out."""
        last = self.steps[-1] if self.steps else None
        new = [(step, value) for step, value in points if last is None or step > last]
        if not new:
            return self
        return Curve(self.steps + array("d", [s for s, _ in new]), self.values + array("d", [v for _, v in new]))

    def __len__(self) -> int:
        return len(self.steps)


Counts = Mapping[str, int]
CurveKey = tuple[int, str]  # (trial, metric)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session at the moment `at`."""

    facts: Facts = field(default_factory=Facts)
    trials: Trials = field(default_factory=Trials)
    counts: Counts = field(default_factory=dict)  # state -> number of trials
    curves: Mapping[CurveKey, Curve] = field(default_factory=dict)  # only of the trials that are shown
    crowd: tuple[Curve, ...] = ()  # the main metric of ended trials, a sample of at most CROWD
    events: tuple[EventRow, ...] = ()  # the last KEPT_EVENTS of them, oldest first
    story: tuple[int, tuple[EventRow, ...]] = (-1, ())  # a trial, and all events of it
    active: tuple[int, ...] = ()  # trials that run or are paused, by number
    best: tuple[int, ...] = ()  # completed trials, best first; KEPT_BEST of them. Several objectives: the front
    endings: tuple[float, ...] = ()  # when the last KEPT_ENDINGS trials ended
    devices: tuple[DeviceRow, ...] = ()
    alive: bool = False  # somebody schedules this session
    problem: str = ""  # why nothing newer can be read
    at: float = 0.0
    version: int = 0  # grows with every snapshot that reads differently

    @property
    def now(self) -> float:
        """Up to when things go on: the moment itself, or the last that a session nobody schedules has told."""
        if self.alive or not self.events:
            return self.at
        return max(self.events[-1].at, *(device.at for device in self.devices), 0.0)

    @property
    def at_rest(self) -> bool:
        """It lives, and all of it is paused: no time runs and nothing is painted, so that a clock would lie."""
        paused = self.facts.held or bool(self.counts.get("PAUSED"))
        return self.alive and paused and not self.counts.get("RUNNING")

    @property
    def finished(self) -> bool:
        return self.facts.finished_at is not None

    def rank(self, number: int) -> int | None:
        """0 for the best trial; None outside the best that are known."""
        return self.best.index(number) if number in self.best else None


@dataclass(frozen=True, slots=True)
class Delta:
    """What a look at the database brought."""

    facts: Facts | None = None
    trials: tuple[TrialRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    curves: Mapping[CurveKey, Curve] | None = None  # instead of the curves known
    crowd: tuple[Curve, ...] | None = None
    story: tuple[int, tuple[EventRow, ...]] | None = None
    devices: tuple[DeviceRow, ...] | None = None
    counts: Counts | None = None  # of all trials, when `trials` is only a first glance at the latest


def merge(snapshot: Snapshot, delta: Delta, *, at: float, alive: bool, problem: str = "") -> Snapshot:
    """The snapshot after a look. Its `version` grows when anything but the time reads differently."""
    facts = delta.facts or snapshot.facts
    after = replace(
        snapshot,
        facts=facts,
        trials=snapshot.trials.merged(delta.trials),
        counts=_counts(snapshot, delta.trials) if delta.counts is None else delta.counts,
        curves=snapshot.curves if delta.curves is None else delta.curves,
        crowd=snapshot.crowd if delta.crowd is None else delta.crowd,
        story=delta.story or snapshot.story,
        events=(*snapshot.events, *delta.events)[-KEPT_EVENTS:] if delta.events else snapshot.events,
        active=_active(snapshot, delta.trials),
        best=_best(snapshot, delta.trials, facts),
        endings=_endings(snapshot, delta.trials),
        devices=snapshot.devices if delta.devices is None else delta.devices,
        alive=alive,
        problem=problem,
        at=at,
    )
    return after if _same(snapshot, after) else replace(after, version=snapshot.version + 1)


def _counts(snapshot: Snapshot, rows: tuple[TrialRow, ...]) -> Counts:
    if not rows:
        return snapshot.counts
    tally = dict(snapshot.counts)
    for row in rows:
        old = snapshot.trials.get(row.number)
        if old is not None:
            tally[old.state] -= 1
        tally[row.state] = tally.get(row.state, 0) + 1
    return {state: count for state, count in tally.items() if count}


def _active(snapshot: Snapshot, rows: tuple[TrialRow, ...]) -> tuple[int, ...]:
    if not rows:
        return snapshot.active
    active = set(snapshot.active)
    for row in rows:
        (active.add if row.state in ("RUNNING", "PAUSED") else active.discard)(row.number)
    return tuple(sorted(active))


def _best(snapshot: Snapshot, rows: tuple[TrialRow, ...], facts: Facts) -> tuple[int, ...]:
    """A completed trial stays as it is, so the best are the best of the old best and the new ones; so is the front."""
    complete = (row for row in rows if row.state == "COMPLETE" and not row.broken)
    fresh = [row for row in complete if row.value is not None and isfinite(row.value)]
    if not fresh:
        return snapshot.best
    known = {number: snapshot.trials[number] for number in snapshot.best}
    known.update((row.number, row) for row in fresh)
    if facts.also:
        return tuple(row.number for row in front(known.values(), facts.goals))
    ranked = sorted(known.values(), key=lambda row: (facts.sign * (row.value or 0.0), row.number))
    return tuple(row.number for row in ranked[:KEPT_BEST])


def _endings(snapshot: Snapshot, rows: tuple[TrialRow, ...]) -> tuple[float, ...]:
    new = [row.ended_at for row in rows if row.ended_at is not None]
    new = [at for at in new if not snapshot.endings or at > snapshot.endings[0]]
    return tuple(sorted({*snapshot.endings, *new})[-KEPT_ENDINGS:]) if new else snapshot.endings


def _same(old: Snapshot, new: Snapshot) -> bool:
    return (
        old.trials is new.trials
        and old.events is new.events
        and old.curves is new.curves
        and old.crowd is new.crowd
        and old.story is new.story
        and (old.facts, old.devices) == (new.facts, new.devices)
        and (old.alive, old.problem) == (new.alive, new.problem)
    )
