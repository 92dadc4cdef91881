"""What became of a trial whose process is gone: its own last line, what it was told, and how the kernel ended it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from hptui.core.scheduler.events import Settled
from hptui.core.scheduler.state import Live
from hptui.core.study.study import OBJECTIVES
from hptui.core.study.trial import Cause, Ended, Paused, Running, State, Why
from hptui.core.wire.spool import End, unpack_number


def outcome_of(live: Live, now: float) -> Settled:
    """The trial's end. A trial that finished by itself in the meantime is complete, whatever it had been told."""
    trial = live.trial
    end = live.gone.end if live.gone else None
    at = now if end is None else _ended_at(live, end, now)
    if end is not None and end.outcome == "complete":
        also, complete = tuple((trial.attrs.get(OBJECTIVES) or {}).items()), Ended(State.COMPLETE, at, end.reason)
        return Settled(now, trial.number, complete, unpack_number(end.value), also=also)
    if live.ending is not None:
        return Settled(now, trial.number, replace(live.ending.outcome, at=now), trial.value)
    if end is None and _is_being_pruned(live):
        return Settled(now, trial.number, Ended(State.PRUNED, now, "pruned by you"), trial.value)
    if end is None:
        status = live.gone.status if live.gone else None
        oom_killed = live.gone.oom_killed if live.gone else False
        outcome = _without_last_line(status, oom_killed, now)
        if live.gone is not None and live.gone.lost:
            outcome = Ended(State.FAIL, now, live.gone.lost, Cause.LOST, may_retry=True)
        return Settled(now, trial.number, outcome, trial.value)
    if end.outcome == "pruned":
        reason = live.stop_reason or end.reason or "the objective raised TrialPruned"
        judged = bool(live.stop_reason)
        return Settled(now, trial.number, Ended(State.PRUNED, at, reason), trial.value, judged=judged)
    killed = live.gone is not None and live.gone.oom_killed and "kill" in end.reason.lower()
    outcome = Ended(State.FAIL, at, _OOM_KILLED, Cause.OOM, may_retry=True) if killed else _failed(end, at)
    return Settled(now, trial.number, outcome, trial.value, end.detail)


def _is_being_pruned(live: Live) -> bool:
    """By its user, who could still take it back; without a process there is nothing to take back."""
    held = live.trial.phase.why if isinstance(live.trial.phase, Paused) else None
    return Why.UNDO in (held, live.parking.why if live.parking is not None else None)


def _ended_at(live: Live, end: End, now: float) -> float:
    """When it says that it ended: while no scheduler watched, long ago. Another clock than ours is not believed."""
    phase = live.trial.phase
    return max(min(end.at, now), phase.since) if isinstance(phase, Running) else now


def _failed(end: End, at: float) -> Ended:
    cause = Cause(end.cause) if end.cause in list(Cause) else Cause.CRASH
    return Ended(State.FAIL, at, end.reason, cause, may_retry=cause not in (Cause.NAN, Cause.INFEASIBLE))


def _without_last_line(status: int | None, oom_killed: bool, now: float) -> Ended:
    if status is None:
        reason = "its process ended while no scheduler watched; how is not known"
        return Ended(State.FAIL, now, reason, Cause.LOST, may_retry=True)
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        reason = f"its process ended with status {code} before the objective returned"
        return Ended(State.FAIL, now, reason, Cause.CRASH, may_retry=True)
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    if name == "SIGKILL" and oom_killed:
        return Ended(State.FAIL, now, _OOM_KILLED, Cause.OOM, may_retry=True)
    if name in _FROM_OUTSIDE:
        return Ended(State.FAIL, now, f"killed by {name} from outside", Cause.KILLED, may_retry=True)
    reason = f"crashed with {_CRASHES.get(name, 'a signal')} ({name}); see its log"
    return Ended(State.FAIL, now, reason, Cause.CRASH, may_retry=True)


_OOM_KILLED = "killed by the kernel: the machine ran out of memory"
_FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
_CRASHES = {"SIGSEGV": "a segmentation fault", "SIGABRT": "abort()", "SIGBUS": "a bus error"}
