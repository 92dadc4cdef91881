"""Everything of a scheduler that is not pure: `observe` says what happened, `perform` acts."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hptui.core.devices.leases import UNITS
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.ears import Ears, Seen
from hptui.core.scheduler.gear import Gear
from hptui.core.scheduler.gpus import why_idle
from hptui.core.scheduler.hands import Hands
from hptui.core.scheduler.holding import frozen
from hptui.core.scheduler.starter import Starter
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.study.trial import Paused, Process, Why
from hptui.core.wire.control import Ask
from hptui.core.wire.spool import AnyLine, Begin, Defined, End, Report, read_from


class World:
    def __init__(self, gear: Gear) -> None:
        self.gear = gear
        starter = Starter(gear)
        self._ears = Ears(gear, starter, self._count)
        self._hands = Hands(gear, starter)
        self._state: SchedulerState | None = None

    def observe(self, hurry: bool) -> Seen:
        """What happened since; waits for something to happen unless there is no time."""
        if not hurry:
            self._hands.teach()
        return self._ears.observe(hurry)

    def perform(self, action: a.Action, state: SchedulerState) -> list[e.Event]:
        return self._hands.perform(action, state)

    def remember(self, state: SchedulerState) -> None:
        """What the next look at the devices counts from."""
        self._state = state

    def _count(self) -> None:
        """How many slots of each device are taken, by whom else, and what held trials keep: for the devices' rows."""
        gear, state = self.gear, self._state
        if state is None:
            return
        gear.used_slots, gear.held_units, gear.our_bytes = Counter(), Counter(), Counter()
        for place, number in state.roll.taken.items():
            claim = state.live[number].claim
            for device in place.devices:
                gear.used_slots[device] += 1
                gear.held_units[device] += claim.units if claim else UNITS
                if claim is not None:
                    gear.our_bytes[device] += claim.used_bytes
        if state.gpus:
            gear.gpu_strangers = {gpu.id: gpu.strangers for gpu in state.gpus.all}
            gear.idle = why_idle(state)
        gear.frozen = {live.trial.number: live.held_bytes for live in frozen(state)}

    def take_over(self, number: int, process: Process, offset: int, live: Live, *, frozen: bool) -> list[e.Event]:
        """Watch a process that an earlier scheduler started; a pause that its user asked for is still under way."""
        children = self.gear.children
        there = children.adopt(number, process, offset)
        child = children.all[number]
        child.best = live.best
        asked: Report | None = None
        for line in read_all(self.gear.folder.trial(number).spool, offset):
            if isinstance(line, Defined):
                child.defined.update(line.params)
            elif isinstance(line, Report) and line.milestone:
                asked = line
            elif isinstance(line, Begin):
                child.end = None
            elif isinstance(line, End):
                child.end = line  # read by a scheduler that did not live to see the process go
        parked: list[e.Event] = []
        if there and child.control is not None and not frozen:
            child.control.ask(Ask.GO if live.parking is None else Ask.PARK)
            children.signal(number, signal.SIGCONT)
            if live.parking is not None and child.control.parked:
                parked = [e.Parked(self.gear.clock.now(), number)]
        elif there:
            children.signal(number, signal.SIGSTOP)
        if asked is None or child.control is None or asked.milestone <= child.control.answered:
            return parked
        child.milestone = asked.milestone  # it still waits for the verdict that the earlier scheduler owed it
        if isinstance(live.trial.phase, Paused) and live.trial.phase.why is Why.RUNG:
            return parked  # which was to hold it there
        at = self.gear.clock.now()
        return [*parked, e.Reported(at, number, asked.step, live.trial.value, live.best, asked.milestone)]

    def hold_everything(self) -> None:
        """Nothing can be written: no trial may report until it can. One whose process nobody has seen is not asked:
        it would not be asked to go on either."""
        for child in self.gear.children.all.values():
            if child.control is not None and child.process is not None:
                child.control.ask(Ask.PARK)

    def close(self) -> None:
        self._ears.close()
        self.gear.close()


def read_all(path: Path, end: int) -> Iterator[AnyLine]:
    """The spool's lines from its start up to byte `end`."""
    offset = 0
    while offset < end:
        lines, offset = read_from(path, offset, min(1 << 20, end - offset))
        if not lines:
            return
        yield from lines
