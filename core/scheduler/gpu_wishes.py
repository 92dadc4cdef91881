"""What wishes about GPUs lead to: drained, and brought back. Pure."""

from __future__ import annotations

from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.events.gpus import GpuClosed, GpuOpened
from hptui.core.scheduler.gpus import GpuState, on
from hptui.core.scheduler.state import SchedulerState
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import DRAINED, Wish
from hptui.core.study.trial import Running, Starting


def answer_about_gpu(state: SchedulerState, wish: CommandRow) -> a.Action:
    gpu = _named(state, str(wish.args.get("device", "")))
    if not state.gpus:
        return _refuse(state, wish, "this session runs on the CPU: it has no GPUs")
    if gpu is None:
        here = ", ".join(one.label for one in state.gpus.all)
        return _refuse(state, wish, f"there is no GPU {wish.args.get('device', '')} here: {here}")
    closed = state.gpus.closed.get(gpu.id)
    if wish.kind == Wish.BRING_BACK:
        if closed is None:
            return _refuse(state, wish, f"{gpu.label} is not drained: nothing to bring back")
        heeded = e.Heeded(state.now, wish, f"you asked: bring {gpu.label} back")
        told = f"{gpu.label} takes trials again, brought back by you"
        return a.Record((heeded, GpuOpened(state.now, gpu.id, told, closed == DRAINED)))
    pause = bool(wish.args.get("pause"))
    if closed is not None and not pause:
        return _refuse(state, wish, f"{gpu.label} {closed} already")
    running = sum(isinstance(live.trial.phase, Running | Starting) for live in on(state, gpu.id))
    what = f", {running} there {'pause' if pause else 'may finish'}" if running else ""
    heeded = e.Heeded(state.now, wish, f"you asked: drain {gpu.label}")
    told = f"{gpu.label} {DRAINED}: nothing new starts there{what}"
    return a.Record((heeded, GpuClosed(state.now, gpu.id, DRAINED, told, pause)))


def _named(state: SchedulerState, name: str) -> GpuState | None:
    """By UUID (its beginning is enough), by index, as the screen calls it: g0; a MIG instance is 2.0."""
    wanted = f"GPU {name.removeprefix('GPU ').removeprefix('g')}"
    called = next((gpu for gpu in state.gpus.all if gpu.label == wanted), None)
    if called is not None:
        return called
    found = [gpu for gpu in state.gpus.all if name and gpu.id.startswith(name)]
    return found[0] if len(found) == 1 else None


def _refuse(state: SchedulerState, wish: CommandRow, reason: str) -> a.Action:
    return a.Record((e.Refused(state.now, wish, reason),))
