"""A trial's end of the wire: reports go out, verdicts and wishes come in."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from hptui.core.study.milestones import Every, Milestones
from hptui.core.study.session import SessionFolder, TrialFolder
from hptui.core.study.study import CONSTRAINTS, TEST
from hptui.core.wire.claim import claim
from hptui.core.wire.control import Ask, Control, Verdict
from hptui.core.wire.lock import scheduler_of
from hptui.core.wire.request import Start
from hptui.core.wire.spool import AnyLine, Attr, Note, Parked, Report, SpoolWriter, pack_number
from hptui.core.wire.wake import ring

VERDICT_PATIENCE_S = 30.0
SCHEDULER_LOOK_S = 0.5
FIRST_NAP_S, LONGEST_NAP_S, PARKED_NAP_S = 50e-6, 2e-3, 5e-3

_PARK, _STOP, _STOPPED = int(Ask.PARK), int(Ask.STOP), int(Verdict.STOP)


class NotOurs(Exception):
    """Another process runs this trial, or will."""


class Link:
    """Opened once, in the trial's process, which alone may write to it.

    Raises RuntimeError from `report` in any other process: a fork of the trial would write into its records.
    """

    def __init__(self, start: Start) -> None:
        self._session = SessionFolder(Path(start.folder))
        self.folder: TrialFolder = self._session.trial(start.number)
        self.folder.path.mkdir(parents=True, exist_ok=True)
        self._pid = os.getpid()
        self._number = start.number
        self._control = Control(self.folder.control)
        self._spool = SpoolWriter(self.folder.spool, on_full=self._control.set_disk_full)
        if not claim(self._spool.fd, self._control, start.attempt):
            raise NotOurs
        self._spool.drop_torn_line()
        self._milestones = start.milestones
        self._next_milestone = next_milestone(start.milestones, start.judged_to)
        self._milestone = self._control.answered  # a trial that was started again counts on
        self._unanswered = False  # went on without a verdict, which may still come
        self._alone = False  # no scheduler was there when it was last looked for
        self._noted: set[str] = set()
        self.stopping = False  # the trial was told to stop
        self.muted = False  # says nothing, and hears nothing
        self.value: float | None = None  # last reported
        self.step: int | None = None  # last reported
        self._constraints: dict[str, float] = {}
        self.also: dict[str, float | None] = dict.fromkeys(start.also)  # further objectives, as last reported
        self.test = start.test  # the name of the metric that the search does not see

    @property
    def mine(self) -> bool:
        """False in a fork of the trial's process."""
        return os.getpid() == self._pid

    def append(self, line: AnyLine) -> None:
        """Write a line to the spool; waits while the disk is full."""
        if self.muted:
            return
        if os.getpid() != self._pid:
            raise RuntimeError(
                f"process {os.getpid()} is a fork of trial {self._number}'s process {self._pid}; "
                "only the trial's own process may report"
            )
        self._spool.append(line)

    def note(self, text: str, kind: str = "warning") -> None:
        """Say something in the ledger, once."""
        if text not in self._noted:
            self._noted.add(text)
            self.append(Note(time.time(), text, kind))

    @property
    def noted(self) -> int:
        """How much was said."""
        return len(self._noted)

    def constrain(self, name: str, value: float) -> None:
        """Record a constraint's value; one that is not finite as the largest number there is."""
        largest = sys.float_info.max
        self._constraints[name] = largest if value != value else min(max(value, -largest), largest)
        self.append(Attr(time.time(), CONSTRAINTS, dict(self._constraints)))

    def keep_test(self, value: float) -> None:
        """Keep the held-out metric away from all other reports; said again, the last one counts."""
        if math.isfinite(value):
            self.append(Attr(time.time(), TEST, value))
        else:
            self.note(f"{self.test} is {value}: not kept")

    def ring(self) -> None:
        ring(self._session.wake)

    def report(self, value: float | None, step: int, others: Mapping[str, float]) -> bool:
        """Record; at a milestone wait for the verdict. True when the trial was told to stop before and went on."""
        if self.muted:
            return False
        overdue = self.stopping
        if self.test is not None and self.test in others:
            self.keep_test(others[self.test])
            others = {name: other for name, other in others.items() if name != self.test}
            if value is None and not others:
                return overdue
        milestone = 0
        if value is not None and step >= self._next_milestone:  # without a value there is nothing to judge
            self._milestone = milestone = self._milestone + 1
            self._control.set_milestone(milestone)
            self._next_milestone = next_milestone(self._milestones, step)
        self.append(
            Report(
                time.time(),
                step,
                None if value is None else pack_number(value),
                {name: pack_number(other) for name, other in others.items()} if others else {},
                milestone,
            )
        )
        self.step = step
        if value is not None:
            self.value = value
        if self.also:
            self.also.update((name, others[name]) for name in self.also if name in others)
        if milestone:
            self._unanswered = True
            if not overdue:
                self._wait_for_verdict()
        elif self._unanswered or self._control.asked:
            self.listen()
        return overdue

    def told_to_stop(self) -> bool:
        """Whether a verdict or a wish says stop, as of now."""
        if not self.stopping and not self.muted and (self._unanswered or self._control.asked == _STOP):
            self._hear()
        return self.stopping

    def listen(self) -> None:
        """Do what was asked meanwhile: note a stop, wait out a pause."""
        self._hear()
        if self._control.asked == _PARK:
            self._park()
            self._hear()

    def _hear(self) -> None:
        if self._unanswered and self._control.answered >= self._milestone:
            self._unanswered = False
            if self._control.verdict == _STOPPED:
                self.stopping = True
        if self._control.asked == _STOP:
            self.stopping = True

    def _wait_for_verdict(self) -> None:
        """Until the verdict is there, or nobody seems to be there to give one: then the trial goes on.

        A verdict that comes later is heard at a later report. Time in which the process was frozen does not count.
        """
        self.ring()
        nap, waited, last = FIRST_NAP_S, 0.0, time.monotonic()
        look = 0.0 if self._alone else SCHEDULER_LOOK_S  # nobody answered the last time: nobody may be there yet
        while True:
            self.listen()
            if self.stopping or not self._unanswered or waited > VERDICT_PATIENCE_S:
                return
            if waited >= look:
                look = waited + SCHEDULER_LOOK_S
                self._alone = not scheduler_of(self._session.lock).alive
                if self._alone:
                    return
            time.sleep(nap)
            nap = min(nap * 1.5, LONGEST_NAP_S)
            now = time.monotonic()
            waited, last = waited + min(now - last, 0.1), now

    def _park(self) -> None:
        self.append(Parked(time.time(), self.step))
        self._control.set_parked(True)
        self.ring()
        while self._control.asked == _PARK:
            time.sleep(PARKED_NAP_S)
        self._control.set_parked(False)

    def close(self) -> None:
        self._spool.close()
        self._control.close()

    def wait_for_space(self, full: bool) -> None:
        """Tell the scheduler that this trial waits for disk space, or waits no more."""
        self._control.set_disk_full(full)


def next_milestone(milestones: Milestones | None, after: int) -> float:
    """The first milestone above step `after`; infinity when there is none.

    A trial that reports every fifth step reaches the milestone 8 at step 10.
    """
    if milestones is None:
        return float("inf")
    if isinstance(milestones, Every):
        periods = (after - milestones.first) // milestones.interval + 1 if after >= milestones.first else 0
        return milestones.first + periods * milestones.interval
    return min((step for step in milestones.steps if step > after), default=float("inf"))
