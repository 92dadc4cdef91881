"""What should happen because of GPUs: who starts where, who leaves, what people should know. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.away import goes_on_from, is_away
from hptui.core.scheduler.events.gpus import ClaimSet, GpuTold, Waits
from hptui.core.scheduler.gpus import MARGIN, GpuState, gpus_of, on, place_for
from hptui.core.scheduler.placing import UNITS, USABLE, Wait
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.study.trial import Cause, Ended, Paused, Running, Starting, State, Waiting, Why

SAY_AGAIN_S = 10.0  # how old the numbers of a wait may be
WORTH_IT = 0.05  # a claim that is off by less of a GPU stays as it is


def start_on_gpus(state: SchedulerState) -> Iterator[a.Action]:
    """The next in line gets a place, or is told why not; nobody passes it, so nobody waits for ever."""
    head = next(iter(state.in_line), None)
    if head is None or next(_resize(state), None) is not None:  # shares that change come first
        return
    number, found = head.trial.number, place_for(state, head)
    if isinstance(found, Wait):
        same = head.waits_for == found.key
        if not same or (state.now - head.waits_told >= SAY_AGAIN_S and _reason(head) != found.reason):
            yield a.Record((Waits(state.now, number, found.key, found.reason, found.usual or same),))
        return
    place = Place(found.device_id, found.slot)
    reason = found.reason
    if head.trial.started_at is not None:
        reason += f"; trial {number} {goes_on_from(head.trial)}"
    placed = e.Placed(state.now, number, place, reason, found.units, found.memory_bytes)
    yield a.Launch((placed, e.Launched(state.now, number)), number, place, state.server.state == "cold")


def _reason(live: Live) -> str:
    return live.trial.phase.reason if isinstance(live.trial.phase, Waiting) else ""


def watch_gpus(state: SchedulerState) -> Iterator[a.Action]:
    for gpu in state.gpus.all:
        yield from _tell(state, gpu)
        if gpu.lost:
            yield from _leave_lost(state, gpu)
        elif (gpu.strangers and state.gpus.asks.yields) or gpu.id in state.gpus.emptied:
            yield from _yield(state, gpu)
    yield from _go_on(state)
    yield from _resize(state)


def _tell(state: SchedulerState, gpu: GpuState) -> Iterator[a.Action]:
    """The ledger hears once of everything that changes what a GPU is good for."""
    limit = gpu.pace.limit(state.now)
    if gpu.lost:
        kind, key, text = "lost", gpu.lost, f"{gpu.label} is lost: {gpu.lost}; its trials are tried elsewhere"
    elif gpu.strangers:
        what = _about_strangers(state, gpu)
        kind, key, text = "strangers", "strangers", f"{gpu.label} is {gpu.strangers}: {what}"
    elif limit is not None:
        kind, key = "slower", limit[1]
        text = f"{gpu.label}: one more trial made it slower ({limit[1]}): {limit[0]} at once from now on"
    else:
        kind, key, text = "back", "", f"{gpu.label} is there for trials again"
    if key != state.gpus.told.get(gpu.id, ""):
        yield a.Record((GpuTold(state.now, gpu.id, kind, key, text),))


def _about_strangers(state: SchedulerState, gpu: GpuState) -> str:
    asks = state.gpus.asks
    if asks.yields:
        return "trials leave it until it is free again"
    if asks.share_with_strangers:
        return "trials start beside them where there is room"
    running = sum(1 for _ in on(state, gpu.id))
    return "no new trial starts there" + (f", {running} run on" if running else "")


def _leave_lost(state: SchedulerState, gpu: GpuState) -> Iterator[a.Action]:
    for live in on(state, gpu.id):
        if live.ending or live.gone or isinstance(live.trial.phase, Starting):
            continue
        reason = f"{gpu.label} was lost: {gpu.lost}"
        outcome = Ended(State.FAIL, state.now, reason, Cause.LOST, may_retry=True)
        yield a.Record((e.EndAsked(state.now, live.trial.number, outcome),))


def _yield(state: SchedulerState, gpu: GpuState) -> Iterator[a.Action]:
    """Trials leave a GPU that somebody else uses, or wants."""
    for live in on(state, gpu.id):
        if isinstance(live.trial.phase, Running) and not (live.parking or live.ending or live.gone):
            yield a.AskPark((e.ParkAsked(state.now, live.trial.number, Why.YIELDED),), live.trial.number)


def _go_on(state: SchedulerState) -> Iterator[a.Action]:
    """Who gave way goes on: elsewhere if it was put away, else where it is frozen, once nobody else is there."""
    for number, live in state.stirring.items():
        match live.trial.phase:
            case Paused(why=Why.YIELDED, resume_wanted=False) if not (live.ending or live.gone):
                elsewhere = is_away(live) or live.memory_is_away
                if elsewhere or (live.place is not None and not live.leaving and _is_quiet(state, live)):
                    yield a.Record((e.ResumeWanted(state.now, number),))


def _is_quiet(state: SchedulerState, live: Live) -> bool:
    assert live.place is not None
    here = [gpu for gpu in state.gpus.all if gpu.id in live.place.devices]
    quiet_s = state.gpus.asks.quiet_s
    return all(
        not (gpu.strangers or gpu.lost or gpu.id in state.gpus.closed) and state.now - gpu.quiet_since >= quiet_s
        for gpu in here
    )


def _resize(state: SchedulerState) -> Iterator[a.Action]:
    """A trial whose need is known by now keeps what it needs of its GPU, and others may have the rest."""
    if not state.gpus or not state.gpus.asks.learns:
        return
    for number, live in state.live.items():
        claim, place = live.claim, live.place
        if claim is None or place is None or not claim.settled or live.ending or live.gone:
            continue
        totals = [gpu.total_bytes for gpu in state.gpus.all if gpu.id in place.devices and not gpu.one_process]
        if not totals or None in totals or not isinstance(live.trial.phase, Running):
            continue
        total = min(total for total in totals if total is not None)
        memory = round(claim.peak_bytes * MARGIN)
        free = min(gpu.free_units for gpu in gpus_of(state) if gpu.id in place.devices)
        units = min(-(-UNITS * memory // max(1, round(USABLE * total))), claim.units + max(0, free), UNITS)
        if abs(units - claim.units) > WORTH_IT * UNITS or (claim.memory_bytes is None and units < claim.units):
            yield a.Resize((ClaimSet(state.now, number, max(1, units), memory),), number, max(1, units))
            return  # what one gives back or takes changes what the next may have
