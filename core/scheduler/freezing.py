"""Held trials whose GPU memory moves to the machine's, so that their GPU is free, and back again. Pure.

The attribute `gpu_memory` says where it is: leaving, away or returning; kept where moving it failed; unsure under a
scheduler whose forerunner died meanwhile; broken when it can't be brought back. Not there while nothing was moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hptui.core.devices.inventory import on_cpu
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.gpus import gpus_of, need_of
from hptui.core.scheduler.placing import UNITS, Chosen, choose
from hptui.core.scheduler.state import AWAY, GPU_MEMORY, Live, SchedulerState
from hptui.core.study.trial import CHECKPOINT_STEP, Cause, Ended, Paused, Running, State, Why


def where(live: Live) -> str:
    return str(live.trial.attrs.get(GPU_MEMORY, ""))


def should_move_out(state: SchedulerState, live: Live) -> bool:
    """It parks on one GPU, and going on from its checkpoint would cost steps, or it has none."""
    phase, parking, trial = live.trial.phase, live.parking, live.trial
    if not state.rules.freeze or parking is None or not isinstance(phase, Running) or on_cpu(phase.device):
        return False
    if live.unwanted:  # it is about to be put away
        return False
    if "," in phase.device or where(live) or parking.why not in (Why.USER, Why.RUNG, Why.YIELDED):
        return False
    return not (trial.has_checkpoint and trial.attrs[CHECKPOINT_STEP] == trial.step)


def move_out(state: SchedulerState, live: Live) -> a.Action:
    need = 0 if live.claim is None else live.claim.used_bytes
    moving = e.MemoryMoving(state.now, live.trial.number, "leaving")
    return a.MoveMemory((moving,), live.trial.number, "out", need)


def bring_back(state: SchedulerState, live: Live) -> Iterator[a.Action]:
    """To the very GPU it came from, once there is room for it."""
    phase = live.trial.phase
    assert isinstance(phase, Paused)
    if where(live) != AWAY:
        return
    here = tuple(gpu for gpu in gpus_of(state) if gpu.id == phase.device)
    found = choose(need_of(state, live), state.gpus.asks, here)
    if isinstance(found, Chosen):
        moving = e.MemoryMoving(state.now, live.trial.number, "returning", found.slot, found.units)
        yield a.MoveMemory((moving,), live.trial.number, "back", 0)


def mend(state: SchedulerState) -> Iterator[a.Action]:
    """Nobody knows how far a move had come when its scheduler died: it is brought back. What can't be is given up."""
    for number, live in state.stirring.items():
        if live.ending or live.gone or live.leaving:
            continue
        if where(live) == "unsure":
            slot, units = live.trial.slot or 0, live.claim.units if live.claim else UNITS
            moving = e.MemoryMoving(state.now, number, "returning", slot, units)
            yield a.MoveMemory((moving,), number, "back", 0)
        elif where(live) == "broken":
            said = "its GPU memory could not be brought back"
            if live.trial.has_checkpoint and isinstance(live.trial.phase, Paused):
                yield a.Signal((e.PutAwayAsked(state.now, number, said),), number, kill=True)
            else:
                yield a.Record((e.EndAsked(state.now, number, lost(live, said, state.now)),))


def lost(live: Live, said: str, at: float) -> Ended:
    """Tried again, from its checkpoint if it has one: what is lost is said."""
    saved, last = live.trial.attrs.get(CHECKPOINT_STEP), live.trial.step
    steps = 0 if last is None else last + 1 if saved is None else last - saved
    return Ended(State.FAIL, at, f"{said}: {steps} steps are lost", Cause.LOST, may_retry=True)


def died_moving(live: Live) -> bool:
    """Its process ended while its memory was moved: CUDA may do that to it."""
    return where(live) in ("leaving", "returning", "kept", "broken") and live.gone is not None and live.gone.end is None


def applied(state: SchedulerState, live: Live, event: e.MemoryMoving | e.MemoryMoved) -> SchedulerState:
    number, trial = live.trial.number, live.trial
    attrs = {key: value for key, value in trial.attrs.items() if key != GPU_MEMORY}
    if isinstance(event, e.MemoryMoving):
        trial = replace(trial, attrs=attrs | {GPU_MEMORY: event.to})
        claim = live.claim
        if event.units is not None and event.slot is not None:
            trial = replace(trial, slot=event.slot)
            claim = replace(claim, units=event.units) if claim is not None else None
        return state.with_live(number, replace(live, trial=trial, claim=claim))
    if where(live) not in ("leaving", "returning"):  # its process died meanwhile, and another one goes on with it
        return state
    out = where(live) == "leaving"
    if event.problem:
        attrs[GPU_MEMORY] = "kept" if out else "broken"
    elif out:
        attrs[GPU_MEMORY] = AWAY
    return state.with_live(number, replace(live, trial=replace(trial, attrs=attrs)))
