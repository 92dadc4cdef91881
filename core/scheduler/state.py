"""All that a scheduler knows of its session, as one frozen value. Ended trials are only counted here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hptui.core.advice.stopping import reach
from hptui.core.devices.held import Room
from hptui.core.devices.inventory import Place, on_cpu
from hptui.core.scheduler.costs import Spent
from hptui.core.scheduler.events import Exited
from hptui.core.scheduler.gpus import ALONE, Claim, Gpus
from hptui.core.scheduler.queued import Queued
from hptui.core.scheduler.roll import Roll
from hptui.core.store.rows import CommandRow
from hptui.core.study.remarks import priority_of
from hptui.core.study.study import Goal, StopWhen
from hptui.core.study.trial import (
    Ended,
    Params,
    Paused,
    Running,
    Starting,
    State,
    Trial,
    Waiting,
    Why,
)

GRACE_S = 5.0  # between SIGTERM and SIGKILL
PARK_PATIENCE_S = 10.0  # a trial that has not parked in its next report() by then is frozen where it stands
PRUNE_PATIENCE_S = 1.0  # the same for one that is to be pruned anyway
STOP_PATIENCE_S = 30.0  # a trial told to stop by its pruner that trains on is ended after this
START_PATIENCE_S = 120.0  # a process that was asked for and never seen
GPU_MEMORY = "gpu_memory"  # the attribute that says where a held trial's GPU memory is; see `freezing`
AWAY = "away"  # ... in the machine's memory: it takes no slot
HOLDS_ITS_SLOT = (Why.UNDO, Why.DISK)  # goes on at once when it goes on: nobody else gets its CPU slot


@dataclass(frozen=True, slots=True)
class Rules:
    """What the study says, as far as deciding goes."""

    sign: float = 1.0  # loss = sign * value
    also: tuple[Goal, ...] = ()  # further objectives: no trial is the best one
    n_trials: int | None = None
    wall_clock_s: float | None = None
    max_steps: int | None = None  # what trials are told
    trial_time_s: float | None = None
    gpu_hours: float | None = None
    total_steps: int | None = None
    stop_after_failures: int = 5
    seed: int = 0
    judges: bool = False  # the pruner wants verdicts at milestones
    promotes: bool = False  # the pruner has held trials continued
    stop: StopWhen = field(default_factory=StopWhen)
    ladder: bool = False  # the pruner's rungs depend on max_steps
    held_memory_bytes: int | None = None  # what held trials may keep of the machine's memory
    held_memory_share: float | None = None
    freeze: bool = False  # a held trial's GPU memory may be moved to the machine's


@dataclass(frozen=True, slots=True)
class Parking:
    """A trial on its way to being frozen."""

    why: Why
    since: float
    asked: bool = False  # it was told
    parked: bool = False  # it waits in report()
    until: float | None = None  # UNDO


@dataclass(frozen=True, slots=True)
class Ending:
    """A trial on its way out: what it will be once its process is gone."""

    outcome: Ended
    since: float
    told: float | None = None  # SIGTERM was sent then
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A milestone that waits for its verdict."""

    milestone: int
    step: int


@dataclass(frozen=True, slots=True)
class Live:
    """A trial that has not ended."""

    trial: Trial
    best: float | None = None  # best reported, the user's sign
    busy_s: float = 0.0  # running time before the current stretch
    due: Due | None = None
    parking: Parking | None = None
    ending: Ending | None = None
    launched: bool = False  # Starting: the fork server was asked
    told_to_stop: float | None = None  # by the pruner
    stop_reason: str = ""
    promoted: str = ""  # held, and its pruner wants it continued: why
    compared: dict[str, Any] = field(default_factory=dict)  # the numbers of that reason
    leaving: str = ""  # held, and its process is being ended so that it goes on from its checkpoint later: why
    thawed_at: float | None = None  # it went on in the process that was frozen
    company: bool = False  # there was somebody else on its device at some time
    held_bytes: int = 0  # frozen: what its processes keep of the machine's memory
    unwanted: str = ""  # held, and it gives way: memory is short, or its user said so
    used: Params = field(default_factory=dict)  # define-by-run: what the objective really asked for
    gone: Exited | None = None  # its process is gone; what that means is settled next
    claim: Claim | None = None  # what it holds of its GPUs
    waits_told: float = 0.0  # when that was
    waits_for: str = ""  # what a waiting trial was told that it waits for

    @property
    def just_runs(self) -> bool:
        """Nothing is to be decided about it, but for what time and budgets decide."""
        wanted = self.due or self.parking or self.ending or self.gone or self.leaving or self.promoted or self.unwanted
        told = self.told_to_stop is not None or GPU_MEMORY in self.trial.attrs or ALONE in self.trial.attrs
        return isinstance(self.trial.phase, Running) and not (wanted or told)

    @property
    def waits_at_its_rung(self) -> bool:
        """Held by its pruner, which has yet to say that it goes on."""
        match self.trial.phase:
            case Paused(why=Why.RUNG, resume_wanted=False):
                return not (self.promoted or self.ending or self.gone)
            case _:
                return False

    @property
    def memory_is_away(self) -> bool:
        """Its GPU memory was moved to the machine's."""
        return self.trial.attrs.get(GPU_MEMORY) == AWAY

    @property
    def place(self) -> Place | None:
        """The slot that it takes, or None while it takes none."""
        match self.trial.phase:
            case Starting(device=device) | Running(device=device):
                return Place(device, self.trial.slot or 0)
            case Paused(process=None):
                return None
            case Paused() if self.memory_is_away:
                return None
            case Paused(device=device, why=why, was=was) if not on_cpu(device) or (why in HOLDS_ITS_SLOT and not was):
                return Place(device, self.trial.slot or 0)
            case _:
                return None

    def running_s(self, now: float) -> float:
        """Seconds of running so far, pauses not counted."""
        phase = self.trial.phase
        return self.busy_s + (now - phase.since if isinstance(phase, Running) else 0.0)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the trials that ended."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    best: tuple[float, int] | None = None  # (value in the user's sign, trial number) of COMPLETE trials
    front: tuple[tuple[tuple[float, ...], int], ...] = ()  # of several objectives: `study.front.Front`
    failures_in_a_row: int = 0
    last_failure: str = ""
    course: tuple[float, ...] = ()  # the lowest loss known after each of the latest trials that say one; inf: none

    def after(self, state: State, value: float | None, number: int, sign: float, stop: StopWhen) -> Tally:
        """With one more ended trial. Failures in a row are counted by who knows their causes. stop: the rules set."""
        best = self.best
        match state:
            case State.COMPLETE:
                if value is not None and math.isfinite(value) and (best is None or sign * value < sign * best[0]):
                    best = (value, number)
                tally = replace(self, complete=self.complete + 1, best=best)
            case State.PRUNED:
                tally = replace(self, pruned=self.pruned + 1)
            case _:
                return replace(self, failed=self.failed + 1)
        course = (*self.course, sign * best[0] if best else math.inf)
        return replace(tally, course=course[-reach(stop) :])


@dataclass(frozen=True, slots=True)
class Deaths:
    """Trials that died at once on a device."""

    in_a_row: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A trial left a GPU."""

    number: int
    at: float
    floor_bytes: int  # what was in use before it came


@dataclass(frozen=True, slots=True)
class Server:
    """The fork server.

    state: none, booting, ready, cold (every trial starts a Python of its own) or broken (there is no objective).
    """

    state: str = "none"
    reason: str = ""
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class Stopping:
    reason: str
    now: bool = False  # kill what runs
    ok: bool = True
    final: bool = False  # nothing is left to resume


@dataclass(frozen=True, slots=True)
class SchedulerState:
    rules: Rules
    places: tuple[Place, ...]
    slots: int  # how many trials may run at once
    now: float = 0.0
    live: Mapping[int, Live] = field(default_factory=Roll)  # a Roll, whatever it is made from
    tally: Tally = Tally()
    next_number: int = 0
    counted: int = 0  # trials that count towards n_trials: all but retries
    queue: tuple[Queued, ...] = ()
    asking: int | None = None  # the trial number the thinker was asked for
    exhausted: str = ""
    pruner_asked: str = ""  # "open" or "closing", and nothing has happened since that could change its answer
    server: Server = Server()
    wishes: tuple[CommandRow, ...] = ()
    stopping: Stopping | None = None
    blocked: Mapping[Place, tuple[float, str]] = field(default_factory=dict)  # until when, why
    left: Mapping[str, Left] = field(default_factory=dict)  # device -> the trial that left it last
    spent: Spent = field(default_factory=Spent)  # by trials that have ended
    deaths: Mapping[str, Deaths] = field(default_factory=dict)  # by device
    disk_full: str = ""
    memory: Room | None = None  # as of the last look, unless that was acted on
    held: bool = False  # the whole session is paused: nothing starts
    active_s: float = 0.0  # wall clock under earlier schedulers of this session
    opened_at: float = 0.0
    finished: bool = False
    gpus: Gpus = field(default_factory=Gpus)  # none: trials run on the CPU
    durations: tuple[float, ...] = ()  # seconds that the latest ended trials ran

    def __post_init__(self) -> None:
        if not isinstance(self.live, Roll):
            object.__setattr__(self, "live", Roll(self.live))

    @property
    def roll(self) -> Roll:
        assert isinstance(self.live, Roll)
        return self.live

    @property
    def stirring(self) -> Mapping[int, Live]:
        """Live trials but those that just run, lowest number first: few of many."""
        return self.roll.stirring

    def with_live(self, number: int, live: Live | None) -> SchedulerState:
        return replace(self, live=self.roll.with_live(number, live))

    def of(self, *phases: type[Starting | Waiting | Paused]) -> list[Live]:
        """Live trials in one of these phases, lowest number first."""
        return [live for live in self.stirring.values() if isinstance(live.trial.phase, phases)]

    @property
    def in_line(self) -> list[Live]:
        """Waiting trials, the next to start first: by the user's priority, those that ran before, then as they came."""
        waiting = [live for live in self.of(Waiting) if not live.ending]
        return sorted(waiting, key=lambda live: (-priority_of(live.trial.attrs), live.trial.started_at is None))

    @property
    def at_their_rungs(self) -> frozenset[int]:
        """Trials that wait for a promotion."""
        return frozenset(number for number, live in self.stirring.items() if live.waits_at_its_rung)

    @property
    def only_held_left(self) -> bool:
        """Nothing but held trials is left, and no new one will come."""
        limit = self.rules.n_trials
        spent = bool(self.exhausted) or (limit is not None and self.counted >= limit)
        return spent and not self.queue and self.asking is None and len(self.at_their_rungs) == len(self.live)

    @property
    def wall_clock_s(self) -> float:
        return self.active_s + (self.now - self.opened_at)
