"""What has happened: the fork server's words, the thinker's answers, commands, spools, exits, readings, the disk."""

from __future__ import annotations

import contextlib
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hptui.core.errors import HptuiError
from hptui.core.scheduler import events as e
from hptui.core.scheduler.child import Child
from hptui.core.scheduler.device_rows import DeviceRows
from hptui.core.scheduler.gear import Gear, locate
from hptui.core.scheduler.gpu_eyes import GpuEyes
from hptui.core.scheduler.held import HeldMemory
from hptui.core.scheduler.plan import trial_seed
from hptui.core.scheduler.reading import Reading, better, digest, events_of
from hptui.core.scheduler.starter import Starter
from hptui.core.scheduler.steps import STEP_S
from hptui.core.scheduler.thinker import Asked, Broken, Noticed, OutOfPoints
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Kind
from hptui.core.store.rows import DeviceRow, ReadingRow, ReportRow
from hptui.core.study.trial import Process
from hptui.core.wire import request as r
from hptui.core.wire.spool import Defined
from hptui.core.wire.wake import Bell

SPOOLS_EVERY_S = 0.1
SPOOLS_SHARE = 0.2  # of the time that reading spools may take, however often the bell rings
COMMANDS_EVERY_S = 0.25  # a command rings the bell; this is for a bell that nobody heard
READINGS_EVERY_S = 1.0  # or as often as the study has the GPUs looked at
IDLE_S = 0.5

_LEVELS = {
    "script": "forked with everything imported",
    "program": "forked, and each runs the command",
    "modules": "forked, and each imports the script itself",
    "cold": "started cold, each in a Python of its own",
}


@dataclass
class Seen:
    """What one look brought."""

    events: list[e.Event] = field(default_factory=list)
    reports: list[tuple[int, list[ReportRow], int]] = field(default_factory=list)  # trial, rows, spool offset
    devices: list[DeviceRow] = field(default_factory=list)
    readings: list[ReadingRow] = field(default_factory=list)
    definitions: dict[str, Any] | None = None  # the space has grown to this


class Ears:
    def __init__(self, gear: Gear, starter: Starter, count: Callable[[], None]) -> None:
        """count: brings up to date what is counted of the trials for looks at the devices."""
        self._gear, self._starter, self._count = gear, starter, count
        self._bell = Bell(gear.folder.wake)
        gear.selector.register(self._bell, selectors.EVENT_READ, "bell")
        gear.selector.register(gear.thinker, selectors.EVENT_READ, "thinker")
        self._rung = False  # somebody rang, and the spools were not read since
        self._spools_pause_s = 0.0  # even when somebody rings
        self._spools_at = self._commands_at = self._readings_at = 0.0
        self._ooms = oom_kills()
        self._devices = DeviceRows()
        self._grown = False
        self._held = HeldMemory()
        self._gpus = GpuEyes()
        self._look_s = min(READINGS_EVERY_S, gear.study.resources.look_every_s)

    def observe(self, hurry: bool) -> Seen:
        """Wait until something happens; not at all with `hurry`."""
        rung = False
        seen = Seen()
        for key, _ in self._gear.selector.select(0.0 if hurry else self._patience_s()):
            match key.data:
                case "bell":
                    self._bell.drain()
                    rung = True
                case "server":
                    self._hear_server(seen.events)
                case "thinker":
                    self._hear_thinker(seen.events)
                case int(number):
                    self._gear.children.ended(number)
                    rung = True
        now = time.monotonic()
        self._rung = self._rung or rung
        if now - self._spools_at >= (self._spools_pause_s if self._rung else SPOOLS_EVERY_S):
            self._read_spools(seen)
            self._spools_at, self._rung = now, False
            self._spools_pause_s = min(SPOOLS_EVERY_S, (time.monotonic() - now) / SPOOLS_SHARE)
        if rung or now - self._commands_at >= COMMANDS_EVERY_S:
            self._commands_at = now
            self._read_commands(seen.events)
        if now - self._readings_at >= self._look_s:
            self._readings_at = now
            self._count()
            seen.devices, seen.readings = self._devices.look(self._gear)
            seen.events += self._gpus.look(self._gear)
            self._read_disk(seen.events)
            seen.events += self._held.look(self._gear)
            self._gear.children.tend()
        for number, verb, problem, seconds in self._gear.freezers.done():
            seen.events.append(e.MemoryMoved(self._gear.clock.now(), number, problem, seconds, verb == "out"))
        if self._grown:
            self._grown = False
            seen.definitions = self._gear.space.definitions()
        seen.events.append(e.Tick(self._gear.clock.now()))
        return seen

    def close(self) -> None:
        self._bell.close()

    def _patience_s(self) -> float:
        if self._rung:
            return max(0.0, self._spools_at + self._spools_pause_s - time.monotonic())
        return SPOOLS_EVERY_S if self._gear.children.all else IDLE_S

    def _hear_server(self, events: list[e.Event]) -> None:
        messages, alive = self._gear.children.from_server()
        at = self._gear.clock.now()
        for message in messages:
            match message:
                case r.Ready(level=level, reason=reason, seconds=seconds):
                    how = "program" if level == "script" and self._gear.study.objective.command else level
                    said = f"ready in {seconds:.1f} s: trials are {_LEVELS.get(how, how)}"
                    said += f" ({reason})" if reason else ""
                    events.append(e.ServerChanged(at, "cold" if level == "cold" else "ready", said))
                case r.ImportFailed(reason=reason, detail=detail):
                    events.append(e.Noted(at, None, detail or reason))
                    events.append(e.ServerChanged(at, "broken", reason))
                case r.Forked(number=number, pid=pid, start_ticks=ticks):
                    events += self._starter.seen(number, Process(pid, ticks), cold=False)
                case r.Refused(number=number, reason=reason):
                    events.append(e.Noted(at, number, f"started cold: {reason}"))
                    events += self._starter.start_cold(number)
                case r.Exited(pid=pid, status=status):
                    self._gear.children.note_status(pid, status)
                case e.PlacesSet(places=places, devices=devices, slots=slots):
                    self._gear.places = replace(self._gear.places, devices=devices, slots=places, at_once=slots)
                    events.append(message)
                case e.NotStarted(number=number):
                    self._starter.forget(number)
                    events.append(message)
                case e.Event():
                    events.append(message)
        if not alive:
            said = "the fork server is gone; running trials go on, a new one starts"
            broken = any(isinstance(event, e.ServerChanged) and event.state == "broken" for event in events)
            events += self._starter.server_died()
            if not broken:
                events.append(e.ServerChanged(at, "none", said, died=True))

    def _hear_thinker(self, events: list[e.Event]) -> None:
        gear, at = self._gear, self._gear.clock.now()
        for answer in gear.thinker.receive():
            match answer:
                case Asked(number=number, x=x, why=why):
                    point = np.array([0.5 if u is None else u for u in x], dtype=np.float64)
                    active = gear.space.active(point)
                    known = tuple(float(u) if on else None for u, on in zip(point, active, strict=True))
                    gear.thinker.observe(Observation(number, known, None, Kind.PENDING, -1))
                    seed = trial_seed(gear.study.seed, number)
                    events.append(e.Proposed(at, number, gear.space.values(point), known, why, "sampler", seed))
                case OutOfPoints(why=why):
                    events.append(e.OutOfPoints(at, why))
                case Noticed(notices=notices):
                    events += gear.adviser.news(at, notices)
                case Broken(reason=reason):
                    events.append(e.AskFailed(at))
                    why = " ".join(reason.split()).removeprefix("the sampler failed: ")
                    events.append(e.StopAsked(at, f"the sampler failed: {why}", ok=False))

    def _read_commands(self, events: list[e.Event]) -> None:
        for command in self._gear.store.commands_after(self._gear.cursor):
            self._gear.cursor = command.id
            if command.id not in self._gear.answered:
                events.append(e.Wished(self._gear.clock.now(), command))

    def _read_spools(self, seen: Seen) -> None:
        if self._gear.disk_full:
            return
        for number, child in list(self._gear.children.all.items()):
            if child.process is None or child.reported:
                continue
            settled = self._gear.children.settled(child)  # asked before reading: what it said last comes first
            while lines := child.read():
                child.steps.hear(lines)
                self._note(number, child, digest(number, self._gear.study.metric, lines), seen)
            if settled or (child.gone_at is not None and child.end is not None):
                child.reported = True
                killed = oom_kills() > self._ooms
                self._ooms = oom_kills()
                at = self._gear.clock.now()
                since = at - (time.monotonic() - child.gone_at) if child.gone_at is not None else None
                seen.events.append(e.Exited(at, number, child.end, child.status, killed, since, child.lost))

    def _note(self, number: int, child: Child, reading: Reading, seen: Seen) -> None:
        gear, at = self._gear, self._gear.clock.now()
        sign = gear.study.sign
        child.best = better(child.best, [value for _, value in reading.points], sign)
        child.milestone = reading.milestone or child.milestone
        child.end = reading.end or child.end
        if reading.points and gear.milestones is not None:
            gear.book.write(number, ((step, sign * value) for step, value in reading.points))
        seen.reports.append((number, reading.rows, child.offset))
        seen.events += events_of(number, at, reading, child.best)
        if (step_s := child.steps.news(child.end is not None)) is not None:
            if gear.milestones is not None:
                gear.book.time(number, step_s)
            seen.events.append(e.AttrSet(at, number, STEP_S, step_s))
        for line in reading.defined:
            self._grow(line)
            child.defined.update(line.params)
            seen.events.append(e.Defined(at, number, line.params, locate(gear.space, child.defined)))

    def _grow(self, line: Defined) -> None:
        gear = self._gear
        if not gear.defines or all(name in gear.space.names for name in line.definitions):
            return
        with contextlib.suppress(HptuiError):
            gear.space = gear.space.extend(line.definitions)
            gear.thinker.set_space(gear.space.definitions())
            self._grown = True

    def _read_disk(self, events: list[e.Event]) -> None:
        gear, at = self._gear, self._gear.clock.now()
        if not gear.disk_full and (problem := gear.disk.problem()):
            gear.disk_full = True
            events.append(e.DiskFilled(at, problem))
        elif gear.disk_full and gear.disk.recovered():
            gear.disk_full = False
            events.append(e.DiskFreed(at, "there is disk space again: trials go on"))


def oom_kills() -> int:
    """How many processes the kernel has killed for memory since boot."""
    with contextlib.suppress(OSError, ValueError), open("/proc/vmstat") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
