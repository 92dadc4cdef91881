"""Going on from what the database says: running trials are adopted, ended ones counted, lost ones tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from hptui.core.devices.inventory import CPU, Inventory
from hptui.core.review.front import front, values_of
from hptui.core.scheduler.ahead import STOPPING
from hptui.core.scheduler.costs import spent_by
from hptui.core.scheduler.gpu_recover import claim_of, gpus_from
from hptui.core.scheduler.judging import ladder
from hptui.core.scheduler.looking import DURATIONS
from hptui.core.scheduler.oom import alone_again
from hptui.core.scheduler.project import ASKED_OF, PAUSED_BEFORE
from hptui.core.scheduler.queued import QUEUE, Queued, again, unpacked
from hptui.core.scheduler.state import GPU_MEMORY, Ending, Live, Parking, Rules, SchedulerState, Stopping, Tally
from hptui.core.search.protocol import Promoter, Pruner
from hptui.core.store.rows import TrialRow
from hptui.core.study.commands import BUDGET
from hptui.core.study.front import losses_of
from hptui.core.study.study import Study
from hptui.core.study.trial import (
    NEVER_STARTED,
    NOT_GONE_ON,
    WAITS,
    Cause,
    Ended,
    Paused,
    Phase,
    Process,
    Running,
    Starting,
    State,
    Trial,
    Waiting,
    Why,
)

CAN_FREEZE = "can_freeze"  # the fact: held trials' GPU memory may be moved, by the study and by this machine


@dataclass
class Recovered:
    state: SchedulerState
    running: list[tuple[int, Process | None]] = field(default_factory=list)  # to be adopted, if they are there


def rules_of(study: Study, facts: dict[str, Any], pruner: Pruner) -> Rules:
    """The budget is the study's, but for what was changed while the session lived."""
    budget = msgspec.structs.asdict(study.budget) | {"n_trials": facts.get("n_trials", study.budget.n_trials)}
    limits: dict[str, Any] = {key: budget[key] for key in BUDGET} | (facts.get("budget") or {})
    return Rules(
        study.sign, tuple(study.also), **limits, seed=study.seed, judges=pruner.milestones() is not None,
        promotes=isinstance(pruner, Promoter), stop=study.stop, ladder=ladder(study),
        held_memory_bytes=study.resources.held_memory_bytes, held_memory_share=study.resources.held_memory_share,
        freeze=bool(facts.get(CAN_FREEZE)),
    )  # fmt: skip


def recover(
    study: Study,
    facts: dict[str, Any],
    rows: Iterable[TrialRow],
    places: Inventory,
    first: list[Queued],
    pruner: Pruner,
) -> Recovered:
    """The state that these rows tell of. first: the study file's points, which become the first trials."""
    rows, asked = list(rows), unpacked(facts.get(QUEUE) or [])
    state = SchedulerState(
        rules_of(study, facts, pruner),
        places.slots,
        places.at_once,
        active_s=float(facts.get("active_s", 0.0)),
        held=bool(facts.get("held", False)),
        next_number=max((row.number for row in rows), default=-1) + 1,
        counted=sum(row.retry_of is None for row in rows),
        tally=tally_of(study, (row for row in rows if State(row.state).ended)),
        spent=spent_by(rows),
        queue=(*first[len(rows) :], *asked, *lost_again(rows, asked)),
        stopping=Stopping(**facts[STOPPING]) if facts.get(STOPPING) else None,
        gpus=gpus_from(study, facts, rows, places),
        durations=tuple(row.busy_s for row in rows if row.state in (State.COMPLETE, State.PRUNED))[-DURATIONS:],
    )
    found = Recovered(state)
    live = {}
    for row in rows:
        if State(row.state).ended:
            continue
        process = Process(row.pid, row.start_ticks) if row.pid and row.start_ticks else None
        live[row.number] = live_of(row, process)
        if not is_held_without(live[row.number].trial.phase):
            found.running.append((row.number, process))
    found.state = replace(state, live=live)
    return found


def tally_of(study: Study, ended: Iterable[TrialRow]) -> Tally:
    tally, rows = Tally(), sorted(ended, key=lambda row: row.ended_at or 0.0)
    for row in rows:
        tally = tally.after(State(row.state), None if row.broken else row.value, row.number, study.sign, study.stop)
    if study.also:
        on_it = [(losses_of(values_of(row, study.goals), study.goals), row.number) for row in front(rows, study.goals)]
        tally = replace(tally, front=tuple((losses, number) for losses, number in on_it if losses is not None))
    return tally  # failures in a row count anew: who resumes has mended something


def lost_again(rows: list[TrialRow], asked: Iterable[Queued]) -> Iterable[Queued]:
    """Lost trials that nobody has tried again, or is about to. asked: points that wait to become trials."""
    retried = {row.retry_of for row in rows} | {point.retry_of for point in asked}
    for row in rows:
        if row.cause == Cause.LOST and row.may_retry and row.number not in retried:
            point = again(row.number, row.params, row.x, row.attrs, row.reason)
            if point is not None:
                yield point
        elif row.cause == Cause.OOM and row.may_retry and row.number not in retried:
            yield alone_again(row.number, row.params, row.x, row.attrs)


def live_of(row: TrialRow, process: Process | None) -> Live:
    """A trial that has not ended, as its row tells it."""
    attrs = {key: value for key, value in row.attrs.items() if key not in (ASKED_OF, PAUSED_BEFORE)}
    if attrs.get(GPU_MEMORY) in ("leaving", "returning"):
        attrs[GPU_MEMORY] = "unsure"
    trial = Trial(
        row.number, row.params, row.x, row.seed, row.origin, row.proposal, phase_of(row, process), row.created_at,
        row.retry_of, row.started_at, row.value, row.step, attrs, row.slot,
    )  # fmt: skip
    ending = None
    if isinstance(trial.phase, Running | Waiting) and row.why in (State.PRUNED, State.FAIL):
        cause = Cause(row.cause) if row.cause else None
        ending = Ending(Ended(State(row.why), 0.0, row.reason, cause, row.may_retry), 0.0)
    asked = row.attrs.get(ASKED_OF, {})
    parking = None
    if "park" in asked and isinstance(trial.phase, Running):
        parking = Parking(Why(asked["park"]), asked["since"], asked=True, until=asked["until"])
    launched = isinstance(trial.phase, Starting)
    claim = claim_of(row) if row.device is not None and "@" not in row.device and row.device != CPU else None
    return Live(
        trial, row.best, row.busy_s, parking=parking, launched=launched, ending=ending, claim=claim, company=True,
        unwanted=asked.get("put_away", ""),
    )  # fmt: skip


def phase_of(row: TrialRow, process: Process | None) -> Phase:
    since = row.paused_at or row.started_at or row.created_at
    device = row.device or CPU
    match row.state:
        case State.PAUSED:
            was = row.attrs.get(PAUSED_BEFORE)
            before = None if was is None else Why(was)
            return Paused(process, device, since, Why(row.why or "user"), row.until, row.resume_wanted, before)
        case State.RUNNING if process is not None:
            return Running(process, device, since)
        case State.RUNNING:
            return Starting(device, since)
        case _:
            return Waiting(row.created_at, WAITS if row.reason in (NEVER_STARTED, NOT_GONE_ON) else row.reason)


def is_held_without(phase: Phase) -> bool:
    """There is no process to look for."""
    return isinstance(phase, Waiting) or (isinstance(phase, Paused) and phase.process is None)


__all__ = ["Recovered", "recover"]
