"""The hands and eyes of a scheduler: everything that is not pure. `observe` says what happened, `perform` acts."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hptui.core.devices import leases
from hptui.core.devices.inventory import CPU, Inventory, Place, env_for, inventory
from hptui.core.devices.readings import DeviceReading, Watch
from hptui.core.errors import HptuiError
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.apply import occupied
from hptui.core.scheduler.book import Book
from hptui.core.scheduler.children import Child, Children, sweep
from hptui.core.scheduler.clock import Clock
from hptui.core.scheduler.disk import Disk
from hptui.core.scheduler.plan import trial_seed
from hptui.core.scheduler.reading import better, digest, events_of
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.scheduler.thinker import Asked, Broken, OutOfPoints, Thinker
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Hold, Kind, Pruner, Stop
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, DeviceRow, ReportRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder, leases_home
from hptui.core.study.study import Study
from hptui.core.study.trial import Process, State
from hptui.core.wire import request as r
from hptui.core.wire.control import Ask, Verdict
from hptui.core.wire.spool import AnyLine, Defined, Report, read_from
from hptui.core.wire.wake import Bell

SPOOL_EVERY_S = 0.1
COMMANDS_EVERY_S = 0.25  # commands ring the bell; this is for a bell that nobody heard
IDLE_S = 0.5
READINGS_EVERY_S = 1.0


@dataclass
class Seen:
    """What one look brought."""

    events: list[e.Event] = field(default_factory=list)
    reports: list[tuple[int, list[ReportRow], int]] = field(default_factory=list)  # trial, rows, spool offset
    devices: list[DeviceRow] = field(default_factory=list)
    definitions: dict[str, Any] | None = None  # the space has grown to this


@dataclass
class World:
    study: Study
    folder: SessionFolder
    cwd: str
    session_id: str
    space: Space
    pruner: Pruner
    book: Book
    places: Inventory
    watch: Watch
    thinker: Thinker
    writer: Writer
    clock: Clock = field(default_factory=Clock)
    cursor: int = 0  # the last command that was read
    defines: bool = False  # the objective names its parameters itself

    def __post_init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.bell = Bell(self.folder.wake)
        self.selector.register(self.bell, selectors.EVENT_READ, "bell")
        self.thinker_fd = self.thinker.fileno()
        self.selector.register(self.thinker_fd, selectors.EVENT_READ, "thinker")
        self.children = Children(self.folder, self.selector)
        self.disk = Disk(self.folder)
        self.milestones = self.pruner.milestones()
        self.leases: dict[int, leases.Lease] = {}
        self.commands: dict[int, CommandRow] = {}
        self.server_ready = False
        self.used_slots: Counter[str] = Counter()
        self._spools_at = self._commands_at = self._readings_at = 0.0
        self._ooms = oom_kills()
        self._device_rows: dict[str, DeviceRow] = {}
        self._grown: dict[str, Any] | None = None
        self._full = False

    def take_over(
        self, number: int, process: Process, offset: int, live: Live, *, frozen: bool
    ) -> list[e.Event]:
        """Watch a process that an earlier scheduler started; what it was about to be told is told again or forgotten."""
        there = self.children.adopt(number, process, offset)
        child = self.children.all[number]
        child.best = live.best
        self._pids[number] = process.pid
        asked: Report | None = None
        for line in read_all(self.folder.trial(number).spool, offset):
            if isinstance(line, Defined):
                child.defined.update(line.params)
            elif isinstance(line, Report) and line.milestone:
                asked = line
        if there and child.control is not None and not frozen:
            child.control.ask(Ask.GO)
            self.children.signal(number, signal.SIGCONT)
        elif there:
            self.children.signal(number, signal.SIGSTOP)
        if asked is None or child.control is None or asked.milestone <= child.control.answered:
            return []
        child.milestone = asked.milestone  # it still waits for the verdict that the earlier scheduler owed it
        return [e.Reported(self.clock.now(), number, asked.step, live.trial.value, live.best, asked.milestone)]

    # looking

    def observe(self, timeout_s: float) -> Seen:
        """Wait until something happens, at most `timeout_s`."""
        self._mind_thinker()
        rung = False
        seen = Seen()
        for key, _ in self.selector.select(timeout_s):
            match key.data:
                case "bell":
                    self.bell.drain()
                    rung = True
                case "server":
                    self._hear_server(seen.events)
                case "thinker":
                    self._hear_thinker(seen.events)
                case int(number):
                    self.children.ended(number)
                    rung = True
        now = time.monotonic()
        if rung or now - self._spools_at >= SPOOL_EVERY_S:
            self._spools_at = now
            self._read_spools(seen)
        if rung or now - self._commands_at >= COMMANDS_EVERY_S:
            self._commands_at = now
            self._read_commands(seen.events)
        if now - self._readings_at >= READINGS_EVERY_S:
            self._readings_at = now
            self._read_devices(seen)
            self._read_disk(seen.events)
        if self._grown is not None:
            seen.definitions, self._grown = self._grown, None
        seen.events.append(e.Tick(self.clock.now()))
        return seen

    def idle_s(self, state: SchedulerState) -> float:
        """How long `observe` may wait."""
        busy = any(child.process is not None for child in self.children.all.values())
        return SPOOL_EVERY_S if busy or (state.live and state.wishes) else IDLE_S

    def _mind_thinker(self) -> None:
        fd = self.thinker.fileno()
        if fd != self.thinker_fd:
            with contextlib.suppress(KeyError, ValueError, OSError):
                self.selector.unregister(self.thinker_fd)
            self.thinker_fd = fd
            self.selector.register(fd, selectors.EVENT_READ, "thinker")

    def _hear_server(self, events: list[e.Event]) -> None:
        messages, alive = self.children.from_server()
        at = self.clock.now()
        for message in messages:
            match message:
                case r.Ready(level=level, reason=reason, seconds=seconds):
                    self.server_ready = True
                    how = {"script": "forked with everything imported", "modules": "forked, each imports the script itself",
                           "cold": "started cold, each in a Python of its own"}.get(level, level)  # fmt: skip
                    said = f"ready in {seconds:.1f} s: trials are {how}" + (f" ({reason})" if reason else "")
                    events.append(e.ServerChanged(at, "cold" if level == "cold" else "ready", said))
                case r.ImportFailed(reason=reason, detail=detail):
                    events.append(e.Noted(at, None, detail or reason))
                    events.append(e.ServerChanged(at, "broken", reason))
                case r.Forked(number=number, pid=pid, start_ticks=ticks):
                    self._forked(number, Process(pid, ticks), events, cold=False)
                case r.Refused(number=number, reason=reason):
                    events.append(e.Noted(at, number, f"started cold: {reason}"))
                    self._start_cold(number, events)
                case r.Exited(pid=pid, status=status):
                    child = next((c for c in self.children.all.values() if c.process and c.process.pid == pid), None)
                    if child is not None:
                        child.status = status
                    else:
                        self.children.statuses[pid] = status
        if not alive:
            self.server_ready = False
            events.append(e.ServerChanged(at, "none", "the fork server is gone; running trials go on, a new one starts", True))
            for number, child in list(self.children.all.items()):
                if child.process is None and child.gone_at is None and number in self._requests:
                    place = self._requests[number][1]
                    self.children.forget(number)
                    self._release(number)
                    events.append(e.NotStarted(at, number, place, "the fork server died: starts with the next one", 0.0))

    def _forked(self, number: int, process: Process, events: list[e.Event], *, cold: bool) -> None:
        if number not in self.children.all:
            return
        self.children.watch(number, process)
        self._pids[number] = process.pid
        self._release(number)  # the process has it now
        events.append(e.Started(self.clock.now(), number, process, cold))

    def _hear_thinker(self, events: list[e.Event]) -> None:
        at = self.clock.now()
        for answer in self.thinker.receive():
            match answer:
                case Asked(number=number, x=x, why=why):
                    point = np.array(x, dtype=np.float64)
                    params = self.space.values(np.where(np.isnan(point), 0.5, point))
                    active = self.space.active(np.where(np.isnan(point), 0.5, point))
                    known = tuple(float(v) if on else None for v, on in zip(point, active, strict=True))
                    self.thinker.observe(Observation(number, known, None, Kind.PENDING, -1))
                    seed = trial_seed(self.study.seed, number)
                    events.append(e.Proposed(at, number, params, known, why, "sampler", seed))
                case OutOfPoints(why=why):
                    events.append(e.OutOfPoints(at, why))
                case Broken(reason=reason):
                    events.append(e.StopAsked(at, f"the sampler failed: {reason}", ok=False))

    def _read_commands(self, events: list[e.Event]) -> None:
        for command in self.writer.commands_after(self.cursor):
            self.cursor = command.id
            self.commands[command.id] = command
            events.append(e.Wished(self.clock.now(), command))

    def _read_spools(self, seen: Seen) -> None:
        if self._full:
            return
        for number, child in list(self.children.all.items()):
            if child.process is None and child.gone_at is None:
                continue
            gone = child.gone_at is not None  # looked at before reading: what it said last is read after its end
            while True:
                lines = child.read()
                if not lines:
                    break
                self._note_lines(number, child, digest(number, self.study.metric, lines), seen)
            if gone and self.children.settled(child) and child.process is not None:
                oom = oom_kills() > self._ooms
                child.process = None
                seen.events.append(e.Exited(self.clock.now(), number, child.end, child.status, oom))
            elif gone and child.process is None and not child.tells_status:
                # adopted, and gone before we came
                child.tells_status = True
                seen.events.append(e.Exited(self.clock.now(), number, child.end, None))

    def _note_lines(self, number: int, child: Child, reading: Any, seen: Seen) -> None:
        sign = self.study.sign
        child.best = better(child.best, [value for _, value in reading.points], sign)
        child.milestone = reading.milestone or child.milestone
        child.end = reading.end or child.end
        if reading.points:
            self.book.write(number, ((step, sign * value) for step, value in reading.points))
        seen.reports.append((number, reading.rows, child.offset))
        seen.events += events_of(number, self.clock.now(), reading, child.best)
        for line in reading.defined:
            seen.events.append(self._define(number, line))

    def _define(self, number: int, line: Defined) -> e.Event:
        if self.defines and any(name not in self.space.names for name in line.definitions):
            with contextlib.suppress(HptuiError):
                self.space = self.space.extend(line.definitions)
                self._grown = self.space.definitions()
                self.thinker.set_space(self._grown)
        child = self.children.all[number]
        child.defined.update(line.params)
        return e.Defined(self.clock.now(), number, line.params, locate(self.space, child.defined))

    def count_slots(self, state: SchedulerState) -> None:
        """How many slots of each device are taken, for its row."""
        self.used_slots = Counter(place.device_id for place in occupied(state))

    def _read_devices(self, seen: Seen) -> None:
        for reading in self.watch.latest():
            row = self._device_row(reading)
            if same_reading(self._device_rows.get(row.id), row):
                continue
            self._device_rows[row.id] = row
            seen.devices.append(row)

    def _device_row(self, reading: DeviceReading) -> DeviceRow:
        device = self.places.device(reading.device_id)
        slots = sum(place.device_id == device.id for place in self.places.slots)
        return DeviceRow(
            device.id, device.name, reading.at, slots, self.used_slots[device.id], reading.load,
            reading.memory_used_bytes, reading.memory_total_bytes, reading.temperature_c, reading.power_w, reading.note,
        )  # fmt: skip

    def _read_disk(self, events: list[e.Event]) -> None:
        if not self._full and (problem := self.disk.problem()):
            self._full = True
            events.append(e.DiskFilled(self.clock.now(), problem))
        elif self._full and self.disk.recovered():
            self._full = False
            events.append(e.DiskFreed(self.clock.now(), "there is disk space again: trials go on"))

    # acting

    def perform(self, action: a.Action, state: SchedulerState) -> list[e.Event]:
        """Do it; the events say what came of it."""
        events: list[e.Event] = []
        match action:
            case a.BootServer():
                self._boot(state, events)
            case a.AskThinker(number=number):
                self.thinker.ask(number)
            case a.Launch(number=number, place=Place() as place, cold=cold):
                self._launch(state.live[number], place, cold, events)
            case a.Judge(number=number, milestone=milestone, step=step):
                events.append(self._judge(number, milestone, step))
            case a.AskPark(number=number):
                self._control(number, lambda child: child.control.ask(Ask.PARK) if child.control else None)
            case a.Freeze(number=number):
                self.children.signal(number, signal.SIGSTOP)
            case a.Thaw(number=number):
                self._thaw(number)
            case a.Signal(number=number, kill=kill):
                self._end(number, kill)
            case a.Settle(number=number, live=Live() as live):
                self._settle(number, live, action.intents)
            case a.SetPlaces(slots=slots, command=command):
                events += self._set_places(slots, self.commands[command])
            case a.CheckPoint(command=command):
                events += self._check_point(self.commands[command])
        return events

    def _boot(self, state: SchedulerState, events: list[e.Event]) -> None:
        objective = self.study.objective
        at = self.clock.now()
        if state.server.deaths >= 3:
            events.append(e.ServerChanged(at, "cold", "the fork server died three times: trials start cold from now on"))
            return
        script = None if objective.script is None else str(Path(self.cwd_of_study, objective.script))
        # a new server finds the same environment, and is heard of by its own Ready
        preload = r.Preload(
            tuple(objective.preload) if script else (), script, objective.shared, self.cwd, dict(objective.env)
        )
        try:
            self.children.boot(preload)
        except OSError as error:
            events.append(e.ServerChanged(at, "cold", f"no fork server ({error}): trials start cold"))

    @property
    def cwd_of_study(self) -> str:
        return self.script_folder

    script_folder: str = ""
    _requests: dict[int, tuple[r.Start, Place]] = field(default_factory=dict)

    def _launch(self, live: Live, place: Place, cold: bool, events: list[e.Event]) -> None:
        number, at = live.trial.number, self.clock.now()
        try:
            lease = None if place.device_id == CPU else leases.take(leases_home(), place.device_id, place.slot)
            if place.device_id != CPU and lease is None:
                events.append(e.NotStarted(at, number, place, f"waits: {place} is leased by another session"))
                return
            if lease is not None:
                self.leases[number] = lease
            self.children.prepare(number)
            self._requests[number] = (self._request(live, place), place)
            if cold:
                self._start_cold(number, events)
            else:
                self.children.fork(self._requests[number][0], lease.fd if lease else None)
        except (OSError, HptuiError) as error:
            self.children.forget(number)
            self._release(number)
            events.append(e.NotStarted(at, number, place, f"waits: it could not be started ({error})"))

    def _start_cold(self, number: int, events: list[e.Event]) -> None:
        start, place = self._requests[number]
        lease = self.leases.get(number)
        try:
            process = self.children.start_cold(start, lease.fd if lease else None)
        except OSError as error:
            self.children.forget(number)
            self._release(number)
            events.append(e.NotStarted(self.clock.now(), number, place, f"waits: it could not be started ({error})"))
            return
        self._forked(number, process, events, cold=True)

    def _request(self, live: Live, place: Place) -> r.Start:
        trial, objective = live.trial, self.study.objective
        what: r.Program | r.Function
        if objective.command is not None:
            what = r.Program(command_words(objective.command), objective.arguments, patterns(objective.pattern))
        else:
            assert objective.script is not None
            what = r.Function(str(Path(self.script_folder, objective.script)), objective.function, objective.shared)
        threads = self.study.resources.threads or self.places.threads
        gpu_env = env_for(self.places.device(place.device_id), self.study.resources.gpu_env)
        before = trial.retry_of
        return r.Start(
            session=self.session_id, folder=str(self.folder.path), number=trial.number, params=trial.params,
            seed=trial.seed, objective=what, cwd=self.cwd, metric=self.study.metric, device=str(place),
            env={**objective.env, **gpu_env}, milestones=self.milestones, max_steps=self.study.budget.max_steps,
            threads=threads, defines=self.defines, user_attrs=trial.attrs,
            checkpoint_from=str(self.folder.trial(before).checkpoints) if before is not None else None,
        )  # fmt: skip

    def _judge(self, number: int, milestone: int, step: int) -> e.Event:
        at = self.clock.now()
        curve = self.book.curve(number)
        verdict = self.pruner.judge(curve, self.book.others(number))
        match verdict:
            case Hold(reason=reason):
                return e.Judged(at, number, milestone, step, "hold", reason)  # the answer comes when it goes on
            case Stop(reason=reason):
                self._control(number, lambda c: c.control.answer(milestone, Verdict.STOP) if c.control else None)
                return e.Judged(at, number, milestone, step, "stop", reason)
            case _:
                self._control(number, lambda c: c.control.answer(milestone, Verdict.GO) if c.control else None)
                return e.Judged(at, number, milestone, step, "go")

    def _control(self, number: int, do: Callable[[Child], None]) -> None:
        child = self.children.all.get(number)
        if child is not None:
            do(child)

    def _thaw(self, number: int) -> None:
        child = self.children.all.get(number)
        if child is None or child.control is None:
            return
        child.control.ask(Ask.GO)
        if child.milestone > child.control.answered:
            child.control.answer(child.milestone, Verdict.GO)
        self.children.signal(number, signal.SIGCONT)

    def _end(self, number: int, kill: bool) -> None:
        self._control(number, lambda child: child.control.ask(Ask.STOP) if child.control else None)
        if kill:
            self.children.signal(number, signal.SIGKILL)
        else:
            self.children.signal(number, signal.SIGTERM, signal.SIGCONT)

    def _settle(self, number: int, live: Live, intents: Sequence[e.Event]) -> None:
        """Nothing of the trial is left running; the sampler and the pruner learn of its end."""
        if live.trial.started_at is not None:
            leader = self._pids.pop(number, None)
            if leader is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(leader, signal.SIGKILL)
            sweep(f"{self.session_id}/{number}")
        self.children.forget(number)
        self._requests.pop(number, None)
        self._release(number)
        self._ooms = oom_kills()
        for event in intents:
            if isinstance(event, e.Settled):
                self._teach(live, event)

    _pids: dict[int, int] = field(default_factory=dict)

    def _teach(self, live: Live, settled: e.Settled) -> None:
        trial = live.trial
        kind = KINDS[settled.outcome.state]
        if settled.outcome.cause is not None and settled.outcome.cause.value in ("oom", "nan", "infeasible"):
            kind = Kind.INFEASIBLE
        y = None if settled.value is None or kind > Kind.PRUNED else self.study.sign * settled.value
        x = locate(self.space, live.used) if live.used else trial.x
        self.thinker.observe(Observation(trial.number, x, y, kind, -1 if trial.step is None else trial.step))
        if self.milestones is not None:
            self.book.close(trial.number, kind)

    def _set_places(self, slots: int, command: CommandRow) -> list[e.Event]:
        at = self.clock.now()
        if slots < 1:
            return [e.Refused(at, command, f"{slots} slots: at least one is needed; pause the session instead")]
        gpus = [place for place in self.places.slots if place.device_id != CPU]
        if gpus and slots > len(self.places.devices):
            n = len(self.places.devices)
            return [e.Refused(at, command, f"{slots} slots: there are {n} GPUs here, and one trial runs on each")]
        resources = self.study.resources
        self.places = inventory(resources.gpus, slots)
        said = e.Heeded(at, command, f"you asked: {slots} trial{'s' if slots != 1 else ''} at once")
        return [said, e.SlotsSet(at, slots, self.places.slots)]

    def _check_point(self, command: CommandRow) -> list[e.Event]:
        """An enqueued point or a retry, if it can be tried."""
        at = self.clock.now()
        if command.kind == "retry":
            with contextlib.closing(Reader(self.folder)) as reader:
                row = reader.trial(command.trial) if command.trial is not None else None
            if row is None:
                return [e.Refused(at, command, f"there is no trial {command.trial}")]
            if row.state == State.COMPLETE:
                return [e.Refused(at, command, f"trial {row.number} is complete: nothing to retry")]
            why = f"retry of trial {row.number}, asked by you"
            point = e.Enqueued(at, row.params, row.x, "retry", why, row.number)
            return [e.Heeded(at, command, f"you asked: try trial {row.number} again"), point]
        params = dict(command.args.get("params", {}))
        try:
            params, problems = self.space.complete(params) if self.space.dim else (params, [])
        except HptuiError as error:
            problems = [error]
        if problems:
            return [e.Refused(at, command, "; ".join(str(problem).splitlines()[0] for problem in problems))]
        point = e.Enqueued(at, params, locate(self.space, params), "enqueued", "enqueued by you")
        return [e.Heeded(at, command, "you asked: try a point of yours"), point]

    def _release(self, number: int) -> None:
        lease = self.leases.pop(number, None)
        if lease is not None:
            lease.close()

    def hold_everything(self) -> None:
        """Nothing can be written: no trial may report until it can."""
        for child in self.children.all.values():
            if child.control is not None:
                child.control.ask(Ask.PARK)

    def close(self) -> None:
        self.watch.close()
        self.thinker.close()
        self.children.close()
        self.disk.close()
        self.bell.close()
        self.selector.close()


KINDS = {State.COMPLETE: Kind.COMPLETE, State.PRUNED: Kind.PRUNED, State.FAIL: Kind.FAILED}


def locate(space: Space, params: dict[str, Any]) -> tuple[float | None, ...]:
    """Where a point lies in the cube; all None when it lies outside the space (then no sampler learns from it)."""
    try:
        x = space.point({name: value for name, value in params.items() if name in space.names})
    except HptuiError:
        return (None,) * space.dim
    return tuple(None if np.isnan(v) else float(v) for v in x)


def read_all(path: Path, end: int) -> Iterator[AnyLine]:
    """The spool's lines from its start up to byte `end`."""
    offset = 0
    while offset < end:
        lines, offset = read_from(path, offset, min(1 << 20, end - offset))
        if not lines:
            return
        yield from lines


def command_words(command: str | list[str]) -> tuple[str, ...]:
    import shlex

    return tuple(shlex.split(command)) if isinstance(command, str) else tuple(command)


def patterns(pattern: str | list[str] | None) -> tuple[str, ...]:
    return () if pattern is None else (pattern,) if isinstance(pattern, str) else tuple(pattern)


def same_reading(before: DeviceRow | None, after: DeviceRow) -> bool:
    """Whether the screen would show the same: an unchanged row is not written again."""
    if before is None:
        return False

    def shown(row: DeviceRow) -> tuple[object, ...]:
        used = None if row.memory_used_bytes is None else row.memory_used_bytes >> 27  # 128 MiB
        load = None if row.load is None else round(row.load, 2)
        watts = None if row.power_w is None else round(row.power_w / 5)
        return (row.slots, row.used_slots, load, used, row.temperature_c, watts, row.note)

    return shown(before) == shown(after)


def oom_kills() -> int:
    """How many processes the kernel has killed for memory since boot."""
    with contextlib.suppress(OSError, ValueError), open("/proc/vmstat") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
