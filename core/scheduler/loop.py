"""The loop: look, think, write down, act. The only place where the state changes hands."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field

from hptui.core.errors import SessionError
from hptui.core.scheduler import events as e
from hptui.core.scheduler.ahead import STOPPING
from hptui.core.scheduler.apply import apply
from hptui.core.scheduler.ears import Seen
from hptui.core.scheduler.events.gpus import GpuClosed, GpuOpened
from hptui.core.scheduler.gpu_recover import CLOSED, EMPTIED
from hptui.core.scheduler.holding import told
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.project import row_of
from hptui.core.scheduler.queued import QUEUE, Queued, kept
from hptui.core.scheduler.state import SchedulerState
from hptui.core.scheduler.world import World
from hptui.core.store.faults import DiskFull, Locked
from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.commands import BUDGET
from hptui.core.study.remarks import FACT
from hptui.core.study.trial import Waiting

ACTIVE_EVERY_S = 30.0  # how often the wall clock used so far is written down
BACKUP_EVERY_S = 24 * 3600.0


@dataclass
class Batch:
    """What is to be written in one transaction."""

    ledger: list[EventRow] = field(default_factory=list)
    trials: dict[int, TrialRow] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    queue: tuple[Queued, ...] | None = None  # None: as it was
    seen: Seen = field(default_factory=Seen)

    def __bool__(self) -> bool:
        seen = self.seen
        heard = seen.reports or seen.devices or seen.readings or seen.definitions
        return bool(self.ledger or self.trials or self.facts or self.queue is not None or heard)


def run(state: SchedulerState, world: World, store: Writer, first: list[e.Event]) -> SchedulerState:
    """Until the session is over. Whatever was meant is written before it is done."""
    pending, hurry = first, True
    active_at = backup_at = world.gear.clock.now()
    while not state.finished:
        seen = world.observe(hurry)
        batch = Batch(seen=seen)
        for event in (*pending, *seen.events):
            state = take(state, event, batch)
        actions = plan(state)
        for action in actions:
            for event in action.intents:
                state = take(state, event, batch)
        if state.now - active_at > ACTIVE_EVERY_S or state.finished:
            active_at = state.now
            batch.facts["active_s"] = round(state.wall_clock_s, 3)
        if batch:
            commit(store, world, batch)
        pending = []
        if state.now - backup_at > BACKUP_EVERY_S:
            backup_at = state.now
            pending += back_up(store, state.now)
        for action in actions:
            pending += world.perform(action, state)
        hurry = bool(actions)  # what was just written may make room for more
        world.remember(state)
    return state


def take(state: SchedulerState, event: e.Event, batch: Batch) -> SchedulerState:
    """The state after `event`, with what has to be written of it."""
    before = state
    state = apply(state, event)
    if (row := event.row()) is not None:
        batch.ledger.append(row)
    match event:
        case e.Settled(number=number) if number in before.live:
            batch.trials[number] = row_of(before.live[number], state.rules.sign, event)
        case e.Heeded() | e.Refused():
            waiting = [wish.id for wish in state.wishes]
            batch.facts["command_cursor"] = min(waiting) - 1 if waiting else event.command.id
        case e.BudgetSet():
            limits = {key: getattr(state.rules, key) for key in BUDGET}
            batch.facts |= {"budget": limits, "n_trials": limits["n_trials"], "max_steps": limits["max_steps"]}
        case e.PrunerSet(name=name, options=options):
            batch.facts |= {"pruner": name, "pruner_now": {"name": name, "options": options}}
        case e.RemarksSet(remarks=remarks):
            batch.facts[FACT] = remarks or None
        case e.EndedRemarked(written=written):
            batch.trials[written.number] = written
        case e.SlotsSet(slots=slots):
            batch.facts["slots"] = slots
        case GpuClosed() | GpuOpened():
            batch.facts[CLOSED] = dict(state.gpus.closed) or None
            batch.facts[EMPTIED] = sorted(state.gpus.emptied) or None
        case e.Advised(known=known):
            batch.facts["advised"] = list(known)
        case e.HoldSet(held=held):
            batch.facts["held"] = held
        case e.Finished():
            batch.facts["finished"] = {"at": event.at, "reason": event.reason, "ok": event.ok, "final": event.final}
            batch.facts[STOPPING] = None
            batch.trials |= {one.trial.number: row_of(one, state.rules.sign) for one in state.of(Waiting)}
        case e.Asked():
            pass
        case _:
            about = getattr(event, "number", None)
            if isinstance(about, int) and state.live.get(about) is not before.live.get(about):
                batch.trials[about] = row_of(state.live[about], state.rules.sign)
    if state.queue is not before.queue:
        batch.queue = state.queue
    if (stopping := state.stopping) is not before.stopping:
        batch.facts[STOPPING] = None if stopping is None else asdict(stopping)
    if isinstance(event, e.HoldsMemory | e.PutAway | e.Thawed | e.Settled):
        batch.facts["held_memory"] = told(state)
    return state


def commit(store: Writer, world: World, batch: Batch) -> None:
    """Write it all or nothing. On a full disk: give up the reserve, then hold every trial and wait for space. Where
    another program keeps the database locked: wait, for trials run on."""
    while True:
        try:
            with store.transaction():
                write(store, batch)
            return
        except DiskFull:
            if world.gear.disk.release():
                continue
            world.hold_everything()
            time.sleep(1.0)
        except Locked as error:  # after the writer's own patience
            print(f"{time.strftime('%F %T')} waits: {error}", file=sys.stderr, flush=True)


def back_up(store: Writer, at: float) -> list[e.Event]:
    """The daily copy of the database. That there is no room for one is said, and no reason to end."""
    try:
        store.backup()
    except (SessionError, OSError) as error:
        said = error.problem if isinstance(error, SessionError) else error.strerror
        return [e.Noted(at, None, f"no backup of the database was made ({said}); an earlier one stays")]
    return []


def write(store: Writer, batch: Batch) -> None:
    for number, rows, offset in batch.seen.reports:
        store.save_reports(number, rows, offset)
    if batch.seen.definitions is not None:
        store.save_parameters(batch.seen.definitions)
    for row in batch.trials.values():
        store.save_trial(row)
    for line in batch.ledger:
        store.append(line)
    for device in batch.seen.devices:
        store.save_device(device)
    if batch.seen.readings:
        store.save_readings(batch.seen.readings)
    if batch.queue is not None:
        store.set_fact(QUEUE, kept(batch.queue))
    for key, value in batch.facts.items():
        store.set_fact(key, value)
