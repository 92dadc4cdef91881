"""A trial as its table row."""

from __future__ import annotations

from hptui.core.scheduler import away
from hptui.core.scheduler.events import Settled
from hptui.core.scheduler.reading import better
from hptui.core.scheduler.state import Live
from hptui.core.store.rows import TrialRow
from hptui.core.study.sizes import format_size
from hptui.core.study.trial import Ended, Paused, Process, Running, Starting, State, Waiting, Why


def row_of(live: Live, sign: float, settled: Settled | None = None) -> TrialRow:
    """The row of a live trial, or of one that has just ended. sign: loss = sign * value."""
    trial = live.trial
    phase = settled.outcome if settled else trial.phase
    device, process, reason, attrs = _last_device(live), _process(live), "", trial.attrs
    extra: dict[str, object] = {}
    match phase:
        case Running() | Waiting() if live.ending is not None:
            end = live.ending.outcome
            reason = end.reason
            extra = {"why": end.state.value, "cause": end.cause and end.cause.value, "may_retry": end.may_retry}
        case Waiting(reason=reason):
            device, process = None, None
        case Paused(process=process, since=since, why=why, until=until, resume_wanted=wanted, was=was):
            reason = "goes on as soon as a slot is free" if wanted else _PAUSED.get(why.value, "")
            if live.held_bytes:
                reason += f" ({format_size(live.held_bytes)} of memory)"
            if live.memory_is_away:
                reason += ", its GPU memory is in the machine's"
            elif process is not None and live.claim is not None and live.claim.used_bytes:
                reason += f", keeps {format_size(live.claim.used_bytes)} of its GPU"
            if process is None:
                reason, device = f"put away, {reason}; {away.goes_on_from(trial)}", None
            extra = {"why": why.value, "until": until, "resume_wanted": wanted, "paused_at": since}
            if was is not None:
                attrs = {**attrs, PAUSED_BEFORE: was.value}
        case Running() if live.parking is not None:
            reason = "is being paused"
            if live.parking.until is not None:
                reason = "is being pruned"
        case Ended(state=state, at=at, reason=reason, cause=cause, may_retry=may_retry):
            extra = {"ended_at": at, "cause": cause.value if cause else None, "may_retry": may_retry}
            process = None
        case _:
            pass
    if isinstance(phase, Running) and phase.since != trial.started_at:
        extra["paused_at"] = phase.since  # when its last pause ended
    if settled is None and (asked := _asked_of(live)):
        attrs = {**attrs, ASKED_OF: asked}
    state = settled.outcome.state if settled else trial.state
    value = settled.value if settled else trial.value
    best = live.best
    if settled and settled.outcome.state is State.COMPLETE and value is not None:
        best = better(best, [value], sign)
    ended_at = settled.outcome.at if settled else 0.0
    params = live.used if settled and live.used else trial.params
    return TrialRow(
        number=trial.number, state=state.value, params=params, x=trial.x, seed=trial.seed, origin=trial.origin,
        proposal=trial.proposal, reason=reason, retry_of=trial.retry_of, value=value, best=best, step=trial.step,
        device=device, slot=trial.slot, pid=process.pid if process else None,
        start_ticks=process.start_ticks if process else None, created_at=trial.created_at,
        started_at=trial.started_at, busy_s=live.running_s(ended_at) if settled else live.busy_s, attrs=attrs,
        **extra,  # type: ignore[arg-type]  # the keys are fields of TrialRow
    )  # fmt: skip


PAUSED_BEFORE = "paused_before"
"""The attribute of a paused trial that is being pruned: why it had been paused, should the prune be taken back."""

ASKED_OF = "asked_of"
"""The attribute of a trial that has yet to do what its user asked: `park` (a Why) `since` and `until`, `put_away`."""


def _asked_of(live: Live) -> dict[str, object]:
    """For the next scheduler, should this one not live to see it done; what else trials are held for it finds anew."""
    asked: dict[str, object] = {}
    if live.parking is not None and live.parking.why in (Why.USER, Why.UNDO):
        asked = {"park": live.parking.why.value, "since": live.parking.since, "until": live.parking.until}
    return asked | ({"put_away": live.unwanted} if live.unwanted else {})


_PAUSED = {
    "user": "paused by you",
    "undo": "pruned by you: u takes it back",
    "rung": "held at its rung",
    "disk": "held: the disk is full",
    "yielded": "gave its GPU to somebody else",
}


def _last_device(live: Live) -> str | None:
    match live.trial.phase:
        case Starting(device=device) | Running(device=device) | Paused(device=device):
            return device
        case _:
            return None


def _process(live: Live) -> Process | None:
    match live.trial.phase:
        case Running(process=process) | Paused(process=process):
            return process
        case _:
            return None
