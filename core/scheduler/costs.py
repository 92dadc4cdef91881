"""What a session's trials have cost so far, in GPU-seconds and steps, beside what it may spend. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hptui.core.devices.inventory import CPU, on_cpu
from hptui.core.scheduler.gpus import SHARE
from hptui.core.store.rows import TrialRow
from hptui.core.study.trial import Paused, Running, Starting, State, Trial

if TYPE_CHECKING:
    from hptui.core.scheduler.state import Live, SchedulerState


@dataclass(frozen=True, slots=True)
class Spent:
    """gpu_s: running time, times the share of GPUs that was taken. steps: how far each trial came, added up."""

    gpu_s: float = 0.0
    steps: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.gpu_s + other.gpu_s, self.steps + other.steps)


def cost_of(live: Live, now: float) -> Spent:
    phase = live.trial.phase
    device = phase.device if isinstance(phase, Starting | Running | Paused) else CPU
    return Spent(live.running_s(now) * gpus_of(device, live.trial), _steps(live.trial.step))


def gpus_of(device: str, trial: Trial | TrialRow) -> float:
    """How many GPUs a trial takes there; 0 on the CPU."""
    return 0.0 if on_cpu(device) else len(device.split(",")) * float(trial.attrs.get(SHARE, 1.0))


def spent_by(rows: Iterable[TrialRow]) -> Spent:
    """What trials that ended have cost, by their rows."""
    total = Spent()
    for row in rows:
        if State(row.state).ended:
            total += Spent(row.busy_s * gpus_of(row.device or CPU, row), _steps(row.step))
    return total


def _steps(last: int | None) -> int:
    return 0 if last is None else last + 1


def spent(state: SchedulerState) -> Spent:
    total = state.spent
    for live in state.live.values():
        total += cost_of(live, state.now)
    return total


def budget_spent(state: SchedulerState) -> str:
    """Which budget is used up, with the numbers; "" while there is some left."""
    rules = state.rules
    if rules.gpu_hours is None and rules.total_steps is None:
        return ""
    so_far = spent(state)
    if rules.gpu_hours is not None and so_far.gpu_s >= 3600 * rules.gpu_hours:
        return f"the budget of {rules.gpu_hours:g} GPU-hours is spent"
    if rules.total_steps is not None and so_far.steps >= rules.total_steps:
        return f"the budget of {rules.total_steps} steps is spent: {so_far.steps} were made"
    return ""
