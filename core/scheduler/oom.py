"""Trials that ran out of memory, and devices on which trials die at once. Pure.

A trial that ran out of memory beside others is tried again, once, with its device for itself. One that had it for
itself is infeasible: its sampler learns that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hptui.core.devices.inventory import on_cpu
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.events.gpus import GpuClosed
from hptui.core.scheduler.gpus import ALONE
from hptui.core.scheduler.queued import Queued, heritage
from hptui.core.scheduler.state import Deaths, Live, SchedulerState
from hptui.core.study.trial import Cause, Ended, Params, Paused, Running, Starting, State

DEATHS = 3  # trials in a row that die at once on a device before it is set aside
AT_ONCE_S = 15.0  # so soon after its start, and before its first report


def wants_no_neighbours(live: Live) -> bool:
    return bool(live.trial.attrs.get(ALONE))


def with_neighbours(state: SchedulerState, number: int) -> SchedulerState:
    """The trial has just come to its place: who is there with it has company from now on, and so has it."""
    newcomer = state.live[number]
    others = list(_beside(state, newcomer))
    for one in [*others, newcomer] if others or _beside_strangers(state, newcomer) else []:
        if not one.company:
            state = state.with_live(one.trial.number, replace(one, company=True))
    return state


def _beside(state: SchedulerState, live: Live) -> Iterator[Live]:
    """Who has a slot of a device that it has a slot of."""
    here = live.place
    if here is None:
        return
    for place, number in state.roll.taken.items():
        there = place.device_id
        shared = there == here.device_id or (not on_cpu(there) and not set(here.devices).isdisjoint(place.devices))
        if shared and number != live.trial.number:
            yield state.live[number]


def _beside_strangers(state: SchedulerState, live: Live) -> bool:
    place = live.place
    here = [gpu for gpu in state.gpus.all if place is not None and gpu.id in place.devices]
    return any(gpu.strangers or gpu.elsewhere for gpu in here)


def after_oom(live: Live, outcome: Ended, at: float) -> tuple[Ended, list[e.Event]]:
    """The end of a trial that ran out of memory, and its retry if it is to have one."""
    trial = live.trial
    if live.company and not wants_no_neighbours(live):
        again = alone_again(trial.number, trial.params, trial.x, trial.attrs)
        asked = e.Enqueued(at, again.params, again.x, again.origin, again.why, again.retry_of, again.attrs)
        return replace(outcome, reason=f"{outcome.reason}; tried again alone", may_retry=True), [asked]
    said = f"{outcome.reason}; it had its device for itself: infeasible"
    return replace(outcome, reason=said, may_retry=False), []


def is_tried_alone(outcome: Ended) -> bool:
    """It ran out of memory beside others: its retry tells more."""
    return outcome.cause is Cause.OOM and outcome.may_retry


def alone_again(number: int, params: Params, x: tuple[float | None, ...], attrs: Mapping[str, Any]) -> Queued:
    why = f"trial {number} ran out of memory beside others: again, with its device for itself"
    return Queued(params, "retry", why, x, number, heritage(number, attrs) | {ALONE: True})


def counted(state: SchedulerState, live: Live, outcome: Ended) -> SchedulerState:
    """How many trials in a row died at once on each device, with this one."""
    phase = live.trial.phase
    if not state.gpus or not isinstance(phase, Starting | Running | Paused):
        return state
    at_once = live.running_s(outcome.at) < AT_ONCE_S and live.trial.step is None
    died = outcome.state is State.FAIL and outcome.cause in (Cause.CRASH, Cause.OOM, Cause.KILLED) and at_once
    deaths = dict(state.deaths)
    for device in phase.device.split(","):
        before = deaths.get(device, Deaths())
        deaths[device] = Deaths(before.in_a_row + 1, outcome.reason) if died else Deaths()
    return replace(state, deaths=deaths)


def set_aside(state: SchedulerState) -> Iterator[a.Action]:
    """A device on which trials die at once takes no more, as long as another one is left."""
    closed = set(state.gpus.closed) | {gpu.id for gpu in state.gpus.all if gpu.lost}
    for device, deaths in state.deaths.items():
        others = [gpu for gpu in state.gpus.all if gpu.id != device and gpu.id not in closed]
        if deaths.in_a_row >= DEATHS and device not in closed and others:
            reason = f"is set aside: {deaths.in_a_row} trials in a row died there at once; the last: {deaths.last}"
            yield a.Record((GpuClosed(state.now, device, reason), e.DeathsForgotten(state.now, device)))
            closed.add(device)
