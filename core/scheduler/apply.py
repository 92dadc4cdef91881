"""What an event means: `apply(state, event) -> state`, pure."""

from __future__ import annotations

from dataclasses import replace

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import away, freezing, looking, oom, quarantine
from hptui.core.scheduler import events as e
from hptui.core.scheduler.costs import cost_of
from hptui.core.scheduler.queued import Queued
from hptui.core.scheduler.state import (
    AWAY,
    GPU_MEMORY,
    Due,
    Ending,
    Live,
    Parking,
    SchedulerState,
    Server,
    Stopping,
)
from hptui.core.study.remarks import remarks_of
from hptui.core.study.study import broken
from hptui.core.study.trial import (
    AT_RUNG,
    NEVER_STARTED,
    NOT_GONE_ON,
    WAITS,
    Cause,
    Paused,
    Running,
    Starting,
    State,
    Trial,
    Waiting,
    Why,
)


def apply(state: SchedulerState, event: e.Event) -> SchedulerState:
    """The state after `event`. An event of a trial that is not live any more changes nothing."""
    if event.at > state.now:
        state = replace(state, now=event.at)
    if isinstance(event, _CHANGES_A_RANKING):
        state = replace(state, pruner_asked="")
    if isinstance(event, looking.EVENTS):
        return looking.applied(state, event)
    match event:
        case e.Tick():
            return state
        case e.Opened():
            return replace(state, opened_at=event.at)
        case e.Asked():
            return replace(state, asking=event.number)
        case e.PrunerAsked():
            return replace(state, pruner_asked="closing" if event.closing else "open")
        case e.Proposed():
            return _proposed(state, event)
        case e.AskFailed():
            return replace(state, asking=None)
        case e.OutOfPoints():
            return replace(state, asking=None, exhausted=event.reason)
        case e.Enqueued():
            point = Queued(event.params, event.origin, event.why, event.x, event.retry_of, event.attrs)
            return replace(state, queue=(*state.queue, point))
        case e.Dequeued():
            left = (point for point in state.queue if remarks_of(point.attrs).get("asked") != event.asked)
            return replace(state, queue=tuple(left))
        case e.Wished():
            return replace(state, wishes=(*state.wishes, event.command))
        case e.Heeded() | e.Refused():
            return replace(state, wishes=tuple(w for w in state.wishes if w.id != event.command.id))
        case e.SlotsSet() | e.PlacesSet():
            return replace(state, slots=event.slots, places=event.places)
        case e.BudgetSet():
            return _budget_set(state, event)
        case e.PrunerSet():
            rules = replace(state.rules, judges=event.judges, ladder=event.ladder)
            return replace(state, rules=rules)
        case e.ServerChanged():
            deaths = state.server.deaths + event.died
            return replace(state, server=Server(event.state, event.reason or state.server.reason, deaths))
        case e.DiskFilled():
            return replace(state, disk_full=event.reason)
        case e.DiskFreed():
            return replace(state, disk_full="")
        case e.HoldSet(held=True):
            return replace(state, held=True)
        case e.HoldSet():
            stopping = state.stopping if state.stopping is not None and state.stopping.final else None
            return replace(state, held=False, stopping=stopping, tally=replace(state.tally, failures_in_a_row=0))
        case e.MemoryRead():
            return replace(state, memory=event.room)
        case e.DeathsForgotten():
            return replace(state, deaths={key: value for key, value in state.deaths.items() if key != event.device_id})
        case e.RoomAsked():
            return replace(state, memory=None)
        case e.StopAsked():
            return replace(state, stopping=Stopping(event.reason, event.now, event.ok, event.final))
        case e.Finished():
            return replace(_nobody_waits(state), finished=True)
        case e.FrontJoined(front=front):
            return replace(state, tally=replace(state.tally, front=front))
        case e.Settled():
            return _settled(state, event)
        case _:
            number = getattr(event, "number", None)
            live = state.live.get(number) if number is not None else None
            if live is None or number is None:
                return state
            return _trial_event(state, number, live, event)


def _nobody_waits(state: SchedulerState) -> SchedulerState:
    for number, live in state.live.items():
        if isinstance(phase := live.trial.phase, Waiting):
            said = NEVER_STARTED if live.trial.started_at is None else NOT_GONE_ON
            trial = replace(live.trial, phase=replace(phase, reason=said))
            state = state.with_live(number, replace(live, trial=trial))
    return state


# what can change the pruner's answer to which held trial goes on
_CHANGES_A_RANKING = (
    e.Judged, e.Frozen, e.Promoted, e.Thawed, e.Requeued, e.ParkAsked, e.ResumeWanted, e.Settled, e.OutOfPoints,
    e.BudgetSet,
)  # fmt: skip


def _budget_set(state: SchedulerState, event: e.BudgetSet) -> SchedulerState:
    """A stop for time that was spent is forgotten when there is more of it."""
    rules = replace(state.rules, **{event.key: event.value})  # type: ignore[arg-type]  # the keys are its fields
    spendable = event.key in ("wall_clock_s", "gpu_hours", "total_steps")
    spent = spendable and state.stopping is not None and state.stopping.final
    return replace(state, rules=rules, exhausted="", stopping=None if spent else state.stopping)


def _proposed(state: SchedulerState, event: e.Proposed) -> SchedulerState:
    trial = Trial(
        number=event.number, params=event.params, x=event.x, seed=event.seed, origin=event.origin, proposal=event.why,
        phase=Waiting(event.at, WAITS), created_at=event.at, retry_of=event.retry_of, attrs=event.attrs,
    )  # fmt: skip
    asking = None if event.origin == "sampler" else state.asking
    queue = state.queue if event.origin == "sampler" else state.queue[1:]
    return replace(
        state.with_live(event.number, Live(trial)),
        next_number=max(state.next_number, event.number + 1),
        counted=state.counted + (event.retry_of is None),
        asking=asking,
        queue=queue,
    )


def _settled(state: SchedulerState, event: e.Settled) -> SchedulerState:
    if event.number in state.live:
        state = looking.settled(state, state.live[event.number], event)
        state = oom.counted(state, state.live[event.number], event.outcome)
        state = quarantine.left(state, state.live[event.number], event.at)
        state = replace(state, spent=state.spent + cost_of(state.live[event.number], event.at))
    live, outcome = state.live.get(event.number), event.outcome
    value = None if live is not None and broken(live.trial.attrs) else event.value
    state = state.with_live(event.number, None)
    tally = state.tally.after(outcome.state, value, event.number, state.rules.sign, state.rules.stop)
    if outcome.state is not State.FAIL:
        tally = replace(tally, failures_in_a_row=0)
    elif oom.is_tried_alone(outcome):
        pass  # its retry tells
    elif outcome.cause not in (Cause.LOST, Cause.INFEASIBLE, Cause.KILLED):
        tally = replace(tally, failures_in_a_row=tally.failures_in_a_row + 1, last_failure=outcome.reason)
    return replace(state, tally=tally)


def _trial_event(state: SchedulerState, number: int, live: Live, event: e.Event) -> SchedulerState:
    trial = live.trial
    match event:
        case e.Placed():
            phase = Starting(event.place.device_id, event.at)
            trial = replace(trial, phase=phase, slot=event.place.slot)
            placed = looking.placed(state, replace(live, trial=trial, launched=False), event)
            return oom.with_neighbours(state.with_live(number, placed), number)
        case e.MemoryMoving() | e.MemoryMoved():
            if isinstance(event, e.MemoryMoving) and event.to == AWAY and isinstance(trial.phase, Paused):
                reason = "its share is leased by another session"
                blocked = {**state.blocked, Place(trial.phase.device, 0): (event.at + 2.0, reason)}
                state = replace(state, blocked=blocked)
            return freezing.applied(state, live, event)
        case e.HoldsMemory():
            return state.with_live(number, replace(live, held_bytes=event.held_bytes))
        case e.Unwanted():
            return state.with_live(number, replace(live, unwanted=event.reason))
        case e.PutAwayAsked():
            return state.with_live(number, replace(live, leaving=event.reason))
        case e.PutAway() | e.Requeued():
            if isinstance(event, e.PutAway):
                state = quarantine.left(state, live, event.at)
            return state.with_live(number, away.applied(live, event))
        case e.Launched():
            return state.with_live(number, replace(live, launched=True))
        case e.Started() if isinstance(trial.phase, Starting):
            running = Running(event.process, trial.phase.device, event.at)
            trial = replace(trial, phase=running, started_at=trial.started_at or event.at)
            return state.with_live(number, replace(live, trial=trial))
        case e.NotStarted():
            blocked = dict(state.blocked)
            if event.wait_s:
                blocked[event.place] = (event.at + event.wait_s, event.reason)
            trial = replace(trial, phase=Waiting(event.at, event.reason), slot=None)
            waiting = replace(live, trial=trial, launched=False, claim=None, waits_for="")
            return replace(state.with_live(number, waiting), blocked=blocked)
        case e.Defined():
            used = {**live.used, **event.params}
            trial = replace(trial, params={**trial.params, **event.params}, x=event.x)
            return state.with_live(number, replace(live, trial=trial, used=used))
        case e.Reported():
            due = Due(event.milestone, event.step) if event.milestone else live.due
            trial = replace(trial, value=event.value, step=event.step)
            return state.with_live(number, replace(live, trial=trial, best=event.best, due=due))
        case e.AttrSet():
            trial = replace(trial, attrs={**trial.attrs, event.key: event.value})
            return state.with_live(number, replace(live, trial=trial))
        case e.Judged():
            return _judged(state, number, live, event)
        case e.StopTold():
            return state.with_live(number, _answered(live, event.milestone))
        case e.Promoted():
            return state.with_live(number, replace(live, promoted=event.reason, compared=event.compared))
        case e.ParkAsked():
            if isinstance(trial.phase, Waiting):  # it was put away, and its wish to go on is taken back
                trial = replace(trial, phase=Paused(None, "cpu", event.at, event.why))
                return state.with_live(number, replace(live, trial=trial))
            parking = live.parking or Parking(event.why, event.at)
            # a prune by hand overrides a pause that is under way or done
            if isinstance(trial.phase, Paused):
                was = trial.phase.why if event.why is Why.UNDO else None
                paused = replace(trial.phase, why=event.why, until=event.until, resume_wanted=False, was=was)
                return state.with_live(number, replace(live, trial=replace(trial, phase=paused), promoted=""))
            parking = replace(parking, why=event.why, until=event.until, asked=True)
            return state.with_live(number, replace(live, parking=parking))
        case e.Parked() if live.parking:
            return state.with_live(number, replace(live, parking=replace(live.parking, parked=True)))
        case e.Frozen() if live.parking and isinstance(trial.phase, Running):
            paused = Paused(trial.phase.process, trial.phase.device, event.at, live.parking.why, live.parking.until)
            busy_s = live.running_s(event.at)
            return state.with_live(
                number, replace(live, trial=replace(trial, phase=paused), parking=None, busy_s=busy_s)
            )
        case e.ResumeWanted() if isinstance(trial.phase, Paused):
            paused = replace(trial.phase, resume_wanted=event.wanted)
            return state.with_live(number, replace(live, trial=replace(trial, phase=paused)))
        case e.Thawed():
            if isinstance(trial.phase, Paused) and trial.phase.process is not None:
                running = Running(trial.phase.process, event.place.device_id, event.at)
                trial = replace(trial, phase=running, slot=event.place.slot)
            if trial.attrs.get(GPU_MEMORY) == "kept":
                trial = replace(trial, attrs={key: v for key, v in trial.attrs.items() if key != GPU_MEMORY})
            thawed = replace(live, trial=trial, parking=None, promoted="", unwanted="", held_bytes=0)
            thawed = replace(thawed, thawed_at=event.at)
            return oom.with_neighbours(state.with_live(number, thawed), number)
        case e.EndAsked():
            return state.with_live(number, replace(live, ending=live.ending or Ending(event.outcome, event.at)))
        case e.Told() if live.ending:
            told = live.ending.told if live.ending.told is not None else event.at
            ending = replace(live.ending, told=told, killed=live.ending.killed or event.killed)
            return state.with_live(number, replace(live, ending=ending))
        case e.Exited():
            return state.with_live(number, replace(live, gone=event))
        case _:
            return state


def _judged(state: SchedulerState, number: int, live: Live, event: e.Judged) -> SchedulerState:
    if event.verdict != "stop":  # which is told once it is written down
        live = _answered(live, event.milestone)
    if "rung" in event.compared or "chance" in event.compared:  # where it stands, for who looks later
        attrs = {**live.trial.attrs, AT_RUNG: {**event.compared, "verdict": event.verdict}}
        live = replace(live, trial=replace(live.trial, attrs=attrs))
    match event.verdict:
        case "stop":
            live = replace(live, told_to_stop=event.at, stop_reason=event.reason)
        case "hold" if live.parking is None:
            live = replace(live, parking=Parking(Why.RUNG, event.at, asked=True, parked=True))
    return state.with_live(number, live)


def _answered(live: Live, milestone: int) -> Live:
    """Its report at this milestone waits for nothing any more."""
    return replace(live, due=None) if live.due and live.due.milestone <= milestone else live
