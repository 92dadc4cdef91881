"""How a session reaches the screen: one thread that looks at the database, at most one message on its way.

It asks `pragma data_version` a few times a second, which costs microseconds, and reads only when somebody has
written. What it read is merged into the snapshot and handed over four times a second at most; at once after a key
of the user's. The same feed serves a finished session: it reads once, and then only asks for the version.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hptui.core.errors import HptuiError
from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of
from hptui.tui.crowd import Crowd
from hptui.tui.facts import facts_of, written_study
from hptui.tui.snapshot import KEPT_EVENTS, Curve, CurveKey, Delta, Snapshot, merge

if TYPE_CHECKING:
    from hptui.core.store.reader import Reader

POLL_S = 0.1  # between looks while the terminal has the focus
RARE_S = 1.0  # between looks at a session that nobody works on or that is paused, or while nobody looks
HURRY_S = 0.02  # between looks right after a key
FRAME_S = 0.25  # between two snapshots for the screen; longer when many trials run, see `_frame_s`
CHECK_S = 1.0  # between looks at whether the scheduler lives and the file is there
MANY = 20_000  # trials from which on looking through all of them for garbage is felt
CROWD = 50  # running trials from which on all of a screen changes between any two snapshots
GLANCE = 200  # trials that a large session shows at once, while the others are still being read
TICK_S = 10.0  # between snapshots of a live session in which nothing but the time is new


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the screen shows beyond the tables. curves: trials; detail: a trial of which everything is shown."""

    curves: frozenset[int] = frozenset()
    detail: int | None = None


class Feed:
    """`deliver` is called from the feed's thread when there is a new snapshot; `take` then gives the latest one.

    Until `take` is called there is no second call of `deliver`, however much happens in between.
    """

    def __init__(
        self, folder: SessionFolder, deliver: Callable[[], object], clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self.snapshot = Snapshot()
        self._deliver, self._clock = deliver, clock
        self._wanted = Wanted()
        self._focused = True
        self._bell = threading.Event()
        self._stopped = False
        self._outstanding = False
        self._lock = threading.Lock()
        self._hurry_until = 0.0
        self._eyes = _Eyes(folder)
        # a daemon: a hanging file system must not keep the screen from closing
        self._thread = threading.Thread(target=self._run, name="hptui-feed", daemon=True)

    # the screen's side

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait: the thread closes the database when it comes by."""
        self._stopped = True
        self._bell.set()

    def take(self) -> Snapshot:
        with self._lock:
            self._outstanding = False
            return self.snapshot

    def want(self, wanted: Wanted) -> None:
        """Other curves, read at once."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._bell.set()

    def hurry(self) -> None:
        """The user did something whose answer is about to be written: look closely for a second."""
        self._hurry_until = self._clock() + 1.0
        self._bell.set()

    def focus(self, focused: bool) -> None:
        self._focused = focused
        self._bell.set()

    # the thread's side

    def _run(self) -> None:
        delivered_at, delivered, news = 0.0, -1, True
        while not self._stopped:
            snapshot = self._eyes.look(self.snapshot, self._wanted, self._clock())
            now = self._clock()
            hurrying = now < self._hurry_until
            news = snapshot.version != delivered or now - delivered_at >= self._tick_s(snapshot)
            frame_s = self._frame_s(snapshot)
            if news and (hurrying or now - delivered_at >= frame_s):
                self._hand_over(replace(snapshot, at=now))
                delivered_at, delivered, news = now, snapshot.version, False
            else:
                with self._lock:
                    self.snapshot = snapshot
            rest = delivered_at + frame_s - now if news else self._pause_s(snapshot)
            if not self._eyes.glanced:
                self._bell.wait(HURRY_S if hurrying else max(0.01, min(rest, self._pause_s(snapshot))))
            self._bell.clear()
        self._eyes.close()

    def _hand_over(self, snapshot: Snapshot) -> None:
        with self._lock:
            self.snapshot = snapshot
            first, self._outstanding = not self._outstanding, True
        if first:
            self._deliver()

    def _pause_s(self, snapshot: Snapshot) -> float:
        return POLL_S if self._focused and snapshot.alive and not snapshot.at_rest else RARE_S

    def _frame_s(self, snapshot: Snapshot) -> float:
        """Every running trial is a line and a curve that change: seven of them, once a second, cost as two at 4 Hz.

        Of a crowd every line of the screen changes, ended trials and decisions too: then half as often.
        """
        running = snapshot.counts.get("RUNNING", 0)
        return FRAME_S * min(max((1 + running) / 2, 1.0), 8.0 if running > CROWD else 4.0)

    def _tick_s(self, snapshot: Snapshot) -> float:
        """A countdown needs every second, running times now and then; where nothing runs, nothing ticks."""
        if any(snapshot.trials[number].why == "undo" for number in snapshot.active):
            return 1.0
        return TICK_S if snapshot.alive and snapshot.counts.get("RUNNING") and self._focused else float("inf")


class _Eyes:
    """The look itself: what is read from the database, and from where on next time."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self._reader: Reader | None = None
        self._inode = 0
        self._version = -1
        self._change = self._event = 0
        self._wanted = Wanted()
        self._crowd = Crowd()
        self._study: Mapping[str, Any] = {}
        self._checked_at = float("-inf")
        self._alive = False
        self.glanced = False  # only the latest trials were read so far

    def look(self, snapshot: Snapshot, wanted: Wanted, at: float) -> Snapshot:
        """The snapshot with what is new, or with the problem in it. Never raises."""
        try:
            if at - self._checked_at >= CHECK_S or at < self._checked_at:
                self._check(at)
            if self._reader is None:
                self._open()
                snapshot = Snapshot(version=snapshot.version)  # another file, another session
            if self.glanced:
                snapshot = Snapshot(version=snapshot.version, curves=snapshot.curves)  # now for all of it
            delta = self._read(snapshot, wanted)
        except HptuiError as error:
            return self._trouble(snapshot, error.problem, at)
        except Exception as error:  # a thread that dies of what it read would leave a screen that looks alive
            return self._trouble(snapshot, f"can't be read: {type(error).__name__}: {error}", at)
        if delta is None:
            return merge(snapshot, Delta(), at=at, alive=self._alive)
        return merge(snapshot, delta, at=at, alive=self._alive)

    def _trouble(self, snapshot: Snapshot, problem: str, at: float) -> Snapshot:
        """What was known stays on the screen, with the problem; the next look begins anew."""
        self.close()
        self._checked_at = at
        return merge(snapshot, Delta(), at=at, alive=self._alive, problem=problem)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _check(self, at: float) -> None:
        self._checked_at = at
        self._alive = scheduler_of(self.folder.lock).alive
        with contextlib.suppress(OSError):
            if self._reader is not None and self.folder.database.stat().st_ino == self._inode:
                return
        self.close()

    def _open(self) -> None:
        from hptui.core.store.reader import Reader  # SQLite loads in this thread while the screen is painted

        self._reader = Reader(self.folder)
        with contextlib.suppress(OSError):
            self._inode = self.folder.database.stat().st_ino
        self._version, self._change, self._event, self._wanted = -1, 0, 0, Wanted()
        self._crowd = Crowd()
        self.glanced = False
        self._study = written_study(self.folder)

    def _read(self, snapshot: Snapshot, wanted: Wanted) -> Delta | None:
        reader = self._reader
        assert reader is not None
        version = reader.data_version()
        if version == self._version and wanted == self._wanted:
            return None
        first = self._version == -1
        if first and not self.glanced and (glance := self._glance(reader)):
            self.glanced = True
            return glance
        self.glanced = False
        with reader.snapshot():
            raw = reader.facts()
            facts = facts_of(self.folder.name, raw, reader.parameters(), self._study)
            trials = self._trials(reader, first)
            events = tuple(reader.last_events(KEPT_EVENTS) if first else reader.events(self._event))
            devices = tuple(reader.devices())
            curves = self._curves(reader, snapshot, facts.metric, facts.metrics, wanted)
            crowd = self._crowd.look(reader, snapshot, trials, facts.metric)
            story = self._story(reader, snapshot, wanted, events)
        self._version, self._wanted = version, wanted
        self._change = trials[-1].change if trials else self._change
        self._event = events[-1].id if events else self._event
        known = facts if facts != snapshot.facts else None
        return Delta(known, trials, events, curves, crowd, story, devices)

    def _trials(self, reader: Reader, first: bool) -> tuple[TrialRow, ...]:
        """What changed. While very many rows are made no garbage is sought among them, and not later either."""
        if not first:
            return tuple(reader.trials(self._change, points=False))
        gc.disable()
        try:
            trials = tuple(reader.trials(points=False))
        finally:
            gc.enable()
        if len(trials) >= MANY:
            gc.freeze()
            import numpy  # noqa: F401 - the table will want it, and its import would hold the screen up
        return trials

    def _glance(self, reader: Reader) -> Delta | None:
        """The latest trials of a large session, with the counts of all; None for one that is read in no time."""
        with reader.snapshot():
            counts = reader.counts()
            if sum(counts.values()) <= 5 * GLANCE:
                return None
            facts = facts_of(self.folder.name, reader.facts(), reader.parameters(), self._study)
            trials = tuple(reader.newest(GLANCE))
            events, devices = tuple(reader.last_events(GLANCE)), tuple(reader.devices())
        return Delta(facts, trials, events, devices=devices, counts=counts)

    def _curves(
        self, reader: Reader, snapshot: Snapshot, metric: str, metrics: tuple[str, ...], wanted: Wanted
    ) -> Mapping[CurveKey, Curve] | None:
        """The curves wanted, each read from where it ends; None when they are the ones known."""
        keys = [(trial, metric) for trial in sorted(wanted.curves)]
        if wanted.detail is not None:
            keys += [(wanted.detail, name) for name in metrics if (wanted.detail, name) not in keys]
        curves: dict[CurveKey, Curve] = {}
        for key in keys:
            known, row = snapshot.curves.get(key), snapshot.trials.get(key[0])
            if known is not None and row is not None and row.ended_at is not None:
                curves[key] = known  # it was read whole when the trial was seen to have ended
                continue
            known = known or Curve()
            curves[key] = known.extended(reader.curve(*key, int(known.steps[-1]) if len(known) else -1))
        same = curves.keys() == snapshot.curves.keys() and all(curves[key] is snapshot.curves[key] for key in curves)
        return None if same else curves

    def _story(
        self, reader: Reader, snapshot: Snapshot, wanted: Wanted, events: tuple[EventRow, ...]
    ) -> tuple[int, tuple[EventRow, ...]] | None:
        if wanted.detail is None:
            return None
        if snapshot.story[0] == wanted.detail:
            new = tuple(event for event in events if event.trial == wanted.detail)
            return (wanted.detail, (*snapshot.story[1], *new)) if new else None
        return wanted.detail, tuple(reader.events_of(wanted.detail))


__all__ = ["Feed", "Wanted"]
