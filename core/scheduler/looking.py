"""What looks at the GPUs mean: `looked(state, event) -> state`, and what placing and ending change. Pure."""

from __future__ import annotations

from dataclasses import replace

from hptui.core.scheduler import events as e
from hptui.core.scheduler.events.gpus import ClaimSet, GpuClosed, GpuOpened, GpuTold, Look, Looked, Waits
from hptui.core.scheduler.gpus import PEAK, SHARE, Claim, GpuState, on, peak_of
from hptui.core.scheduler.memory import AFTER_OOM, Lesson
from hptui.core.scheduler.placing import UNITS
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.study.trial import Cause, Running, State, Trial, Waiting

EVENTS = (Looked, Waits, ClaimSet, GpuTold, GpuClosed, GpuOpened)
GROWTH = 1.02  # less than this is no growth
CAUTION = 1.25  # what an out-of-memory beside others adds to every expectation
DURATIONS = 32


def applied(state: SchedulerState, event: e.Event) -> SchedulerState:
    """The state after an event that is about GPUs; any other changes nothing."""
    match event:
        case Looked():
            return _looked(state, event)
        case Waits(number=number) | ClaimSet(number=number) if number not in state.live:
            return state
        case Waits(number=number, at=at, key=key, reason=reason):
            live = state.live[number]
            since = live.trial.phase.since if isinstance(live.trial.phase, Waiting) else at
            trial = replace(live.trial, phase=Waiting(since, reason))
            return state.with_live(number, replace(live, trial=trial, waits_for=key, waits_told=at))
        case ClaimSet(number=number, units=units, memory_bytes=memory):
            live = state.live[number]
            claim = replace(live.claim or Claim(UNITS), units=units, memory_bytes=memory)
            return state.with_live(number, replace(live, claim=claim, trial=_with_share(live, units)))
        case GpuTold(device_id=device, key=key):
            return replace(state, gpus=replace(state.gpus, told={**state.gpus.told, device: key}))
        case GpuClosed(device_id=device, reason=reason, pause=pause):
            emptied = state.gpus.emptied | {device} if pause else state.gpus.emptied
            gpus = replace(state.gpus, closed={**state.gpus.closed, device: reason}, emptied=emptied)
            return replace(state, gpus=gpus)
        case GpuOpened(device_id=device):
            closed = {one: why for one, why in state.gpus.closed.items() if one != device}
            return replace(state, gpus=replace(state.gpus, closed=closed, emptied=state.gpus.emptied - {device}))
        case _:
            return state


def placed(state: SchedulerState, live: Live, event: e.Placed) -> Live:
    """The trial with its share of the GPUs that it was given."""
    if not state.gpus:
        return live
    devices = event.place.devices
    floor = max((gpu.used_bytes or 0 for gpu in state.gpus.all if gpu.id in devices), default=0)
    claim = Claim(event.units, event.memory_bytes, grew_at=event.at, floor_bytes=floor)
    return replace(live, claim=claim, trial=_with_share(live, event.units), waits_for="")


def settled(state: SchedulerState, live: Live, event: e.Settled) -> SchedulerState:
    """What the end of a trial teaches about memory; what it had is taken to be free, until the next look says so."""
    claim, place = live.claim, live.place
    outcome = event.outcome
    if outcome.state in (State.COMPLETE, State.PRUNED) and live.trial.started_at is not None:
        ran = live.running_s(event.at)
        state = replace(state, durations=(*state.durations, ran)[-DURATIONS:])
    if claim is None or place is None:
        return state
    gpus = state.gpus
    for gpu in gpus.all:
        if gpu.id in place.devices and gpu.used_bytes is not None:
            gpus = gpus.with_gpu(replace(gpu, used_bytes=max(0, gpu.used_bytes - claim.used_bytes)))
    beside = any(other is not live for device in place.devices for other in on(state, device))
    if outcome.cause is Cause.OOM:
        had = max(claim.peak_bytes, peak_of(live.trial.attrs), claim.memory_bytes or 0 if beside else 0)
        memory = gpus.memory.learned(Lesson(live.trial.x, round(had * AFTER_OOM)), live.trial.number)
        caution = gpus.caution * CAUTION if beside and claim.memory_bytes is not None else gpus.caution
        return replace(state, gpus=replace(gpus, memory=memory, caution=min(caution, 4.0)))
    if outcome.state in (State.COMPLETE, State.PRUNED):
        lesson = Lesson(live.trial.x, max(claim.peak_bytes, peak_of(live.trial.attrs)))
        gpus = replace(gpus, memory=gpus.memory.learned(lesson, live.trial.number))
    return replace(state, gpus=gpus)


def _looked(state: SchedulerState, event: Looked) -> SchedulerState:
    gpus = state.gpus
    for look in event.looks:
        known = next((gpu for gpu in gpus.all if gpu.id == look.device_id), None)
        if known is not None:
            gpus = gpus.with_gpu(_seen(state, known, look, event.at))
    state = replace(state, gpus=gpus)
    for number, live in state.live.items():
        if live.claim is None or live.place is None or not isinstance(live.trial.phase, Running):
            continue
        looks = [look for look in event.looks if look.device_id in live.place.devices]
        state = _used(state, number, live, _had(state, live, looks), event.at)
    return state


def _seen(state: SchedulerState, gpu: GpuState, look: Look, at: float) -> GpuState:
    steps = {live.trial.number: live.trial.step for live in on(state, gpu.id) if isinstance(live.trial.phase, Running)}
    return replace(
        gpu,
        total_bytes=look.total_bytes if look.total_bytes is not None else gpu.total_bytes,
        used_bytes=look.used_bytes,
        reserved_bytes=look.reserved_bytes,
        elsewhere=look.elsewhere,
        strangers=look.strangers,
        quiet_since=at if look.strangers or gpu.strangers else gpu.quiet_since,
        lost=look.lost,
        pace=gpu.pace.seen(at, steps),
    )


def _had(state: SchedulerState, live: Live, looks: list[Look]) -> int:
    """What a trial has on the GPU where it has most.

    Where processes can't be told apart (in a container, or memory that is not told), what a GPU has in use beyond
    what it had before is the newest trial's; of the others the last that was known stays.
    """
    assert live.claim is not None
    had = 0
    for look in looks:
        if look.mine is not None:
            had = max(had, look.mine.get(live.trial.number, 0))
            continue
        newest = max(on(state, look.device_id), key=lambda one: one.trial.started_at or 0.0)
        if newest.trial.number == live.trial.number and look.used_bytes is not None:
            had = max(had, look.used_bytes - live.claim.floor_bytes)
        else:
            had = max(had, live.claim.used_bytes)
    return had


def _used(state: SchedulerState, number: int, live: Live, had: int, at: float) -> SchedulerState:
    claim = live.claim
    assert claim is not None
    grew = had > claim.peak_bytes * GROWTH
    peak = max(claim.peak_bytes, had)
    since = live.trial.phase.since if isinstance(live.trial.phase, Running) else at
    quiet = peak > 0 and not grew and at - max(claim.grew_at, since) >= state.gpus.asks.settle_s
    after = replace(
        claim, used_bytes=had, peak_bytes=peak, grew_at=at if grew else claim.grew_at, settled=claim.settled or quiet
    )
    if after == claim:
        return state
    trial = live.trial
    if grew:
        trial = replace(trial, attrs={**trial.attrs, PEAK: peak})
    state = state.with_live(number, replace(live, claim=after, trial=trial))
    if after.settled and (not claim.settled or grew):
        memory = state.gpus.memory.learned(Lesson(trial.x, peak), number)
        state = replace(state, gpus=replace(state.gpus, memory=memory))
    return state


def _with_share(live: Live, units: int) -> Trial:
    return replace(live.trial, attrs={**live.trial.attrs, SHARE: units / UNITS})


