"""How many steps trials could still make before a budget of time, GPU-hours or steps ends. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hptui.core.scheduler.costs import gpus_of, spent
from hptui.core.scheduler.steps import STEP_S
from hptui.core.study.trial import Paused, Running

if TYPE_CHECKING:
    from hptui.core.scheduler.state import Live, SchedulerState


def room_left(state: SchedulerState, held_too: bool = True) -> dict[int, float]:
    """By trial that has reported and runs, or is held; {} where no such budget is set, or all of it is spent.

    A trial has the wall clock for itself, but shares GPU-hours with the trials that run beside it, and steps with all
    slots.
    """
    rules = state.rules
    if rules.wall_clock_s is None and rules.gpu_hours is None and rules.total_steps is None:
        return {}
    so_far, at_once = spent(state), max(1, min(state.slots, len(state.live)))
    time_s = math.inf if rules.wall_clock_s is None else rules.wall_clock_s - state.wall_clock_s
    steps = math.inf if rules.total_steps is None else (rules.total_steps - so_far.steps) / at_once
    gpu_s = math.inf if rules.gpu_hours is None else 3600 * rules.gpu_hours - so_far.gpu_s
    if min(time_s, steps, gpu_s) <= 0:
        return {}
    busy = sum(_gpus(live) for live in state.live.values() if _runs(live))
    room = {}
    for number, live in state.live.items():
        here = _runs(live) or (held_too and isinstance(live.trial.phase, Paused))
        if here and live.trial.step is not None and not live.ending:
            taken = busy if _runs(live) else busy + _gpus(live)
            clock_s = min(time_s, gpu_s / taken if taken else math.inf)
            room[number] = min(steps, clock_s / pace_s(live, state.now))
    return room


def pace_s(live: Live, now: float) -> float:
    """Seconds a step: as measured, else its running time over its steps, with its start and its waits for verdicts."""
    assert live.trial.step is not None
    known = live.trial.attrs.get(STEP_S)
    return max(1e-9, float(known) if known is not None else live.running_s(now) / (live.trial.step + 1))


def _runs(live: Live) -> bool:
    return isinstance(live.trial.phase, Running)


def _gpus(live: Live) -> float:
    phase = live.trial.phase
    return gpus_of(phase.device, live.trial) if isinstance(phase, Running | Paused) else 0.0
