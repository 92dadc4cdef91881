"""GPUs whose memory did not come back after a trial: nothing starts there until it does. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hptui.core.devices.readings import QUIET_BYTES
from hptui.core.scheduler import actions as a
from hptui.core.scheduler.events.gpus import GpuClosed, GpuOpened
from hptui.core.scheduler.gpus import on
from hptui.core.scheduler.state import Left, Live, SchedulerState
from hptui.core.study.sizes import format_size

BACK_S = 10.0  # a driver gives memory back within a second or two; a process that hangs in it never does
_SAYS = "is set aside: trial "


def left(state: SchedulerState, live: Live, at: float) -> SchedulerState:
    """The trial's process is gone, and so should its memory be."""
    place, claim = live.place, live.claim
    if place is None or claim is None or not state.gpus:
        return state
    known = dict(state.left)
    for device in place.devices:
        before = known.get(device)
        floor = claim.floor_bytes if before is None else min(before.floor_bytes, claim.floor_bytes)
        known[device] = Left(live.trial.number, at, floor)
    return replace(state, left=known)


def watch_memory(state: SchedulerState) -> Iterator[a.Action]:
    """Judged only while nobody else is there: else nobody can tell whose the memory is."""
    for gpu in state.gpus.all:
        who = state.left.get(gpu.id)
        if who is None or gpu.used_bytes is None or gpu.lost or gpu.strangers or gpu.elsewhere:
            continue
        if any(True for _ in on(state, gpu.id)):
            continue
        closed = state.gpus.closed.get(gpu.id, "")
        over = gpu.used_bytes - who.floor_bytes
        if not closed and over > QUIET_BYTES and state.now - who.at >= BACK_S:
            ago, size = state.now - who.at, format_size(over)
            reason = f"{_SAYS}{who.number} ended {ago:.0f} s ago and {size} did not come back"
            yield a.Record((GpuClosed(state.now, gpu.id, reason),))
        elif _is_ours(closed) and over <= QUIET_BYTES:
            yield a.Record((GpuOpened(state.now, gpu.id, f"{gpu.label}: its memory came back"),))


def _is_ours(closed: str) -> bool:
    return closed.startswith(_SAYS) and closed.endswith("did not come back")

