"""Held trials and the machine's memory: the least promising give way before it gets tight. Pure.

A held trial that has a checkpoint is put away: it comes back when its pruner or its user wants it. One that has none
is let go. What the user paused is never let go, and of those held at rungs the most promising one never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.away import can_be_put_away
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.study.sizes import format_size
from hptui.core.study.trial import Ended, Paused, State, Why

FREE_SHARE = 0.5  # of what is free but for held trials, they may keep this much unless the study says
TIGHT_SHARE = 0.05  # less than this of the machine's memory free is tight, whatever the study says
TIGHT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Pressure:
    """Held trials keep more than they may, or memory is tight."""

    over_bytes: int  # what they are to give back
    reason: str


def frozen(state: SchedulerState) -> list[Live]:
    """Held trials whose processes keep memory."""
    held = ((live, live.trial.phase) for live in state.of(Paused))
    return [live for live, phase in held if isinstance(phase, Paused) and phase.process is not None]


def told(state: SchedulerState) -> dict[str, int] | None:
    """What a screen says of them: how many, and what they keep in bytes; None when there are none."""
    held = frozen(state)
    kept = sum(live.held_bytes for live in held)
    return {"trials": len(held), "bytes": kept} if kept else None


def pressure(state: SchedulerState) -> Pressure | None:
    """None while there is room. Trials that are on their way out count as gone."""
    memory, rules = state.memory, state.rules
    held = [live for live in frozen(state) if not (live.unwanted or live.leaving or live.ending or live.gone)]
    if memory is None or not held:
        return None
    kept = sum(live.held_bytes for live in held)
    may = allowed(kept, memory.available_bytes, memory.total_bytes, rules.held_memory_bytes, rules.held_memory_share)
    tight = max(TIGHT_BYTES, round(TIGHT_SHARE * memory.total_bytes))
    leaving = sum(live.held_bytes for live in frozen(state)) - kept
    free = memory.available_bytes + leaving
    if free < tight:
        return Pressure(max(tight - free, kept - may), f"only {format_size(free)} of memory are free")
    if kept > may:
        said = f"{len(held)} held trials keep {format_size(kept)} of memory and may keep {format_size(may)}"
        return Pressure(kept - may, said)
    return None


def allowed(kept: int, available: int, total: int, limit_bytes: int | None, share: float | None) -> int:
    """How much memory held trials may keep. All in bytes; share: of the machine."""
    if limit_bytes is not None:
        return limit_bytes
    return round(share * total) if share is not None else round(FREE_SHARE * (available + kept))


def make_room(state: SchedulerState) -> Iterator[a.Action]:
    """Ask who gives way, once after each look at the memory; then see them off."""
    for live in frozen(state):
        if live.unwanted and not (live.leaving or live.ending or live.gone or can_be_put_away(live)):
            reason = f"{live.unwanted}: it was the least promising of those held, and has no checkpoint to go on from"
            outcome = Ended(State.PRUNED, state.now, reason)
            yield a.Record((e.EndAsked(state.now, live.trial.number, outcome),))
    pressed = pressure(state)
    candidates = frozenset(live.trial.number for live in frozen(state) if may_give_way(live))
    if pressed is not None and candidates:
        asked = e.RoomAsked(state.now)
        yield a.MakeRoom((asked,), pressed.over_bytes, candidates, pressed.reason)


def may_give_way(live: Live) -> bool:
    """It can be put away, or is held by its pruner alone."""
    match live.trial.phase:
        case Paused(why=Why.RUNG, resume_wanted=False):
            return not (live.promoted or live.unwanted or live.leaving or live.ending or live.gone)
        case _:
            return can_be_put_away(live) and not live.unwanted


def who_gives_way(order: Sequence[Live], over_bytes: int, reason: str, at: float) -> list[e.Event]:
    """Until `over_bytes` come back. order: the least promising first; the last one held at a rung is not let go."""
    events: list[e.Event] = []
    best = next((live for live in reversed(order) if live.waits_at_its_rung), None)
    for live in order:
        if over_bytes <= 0:
            break
        if can_be_put_away(live) or live is not best:
            events.append(e.Unwanted(at, live.trial.number, reason))
            over_bytes -= live.held_bytes
    return events


def by_value(held: Sequence[Live], sign: float) -> list[Live]:
    """The least promising first: the fewest steps, and of equal ones the worst value."""

    def promise(live: Live) -> tuple[int, float, int]:
        value = live.trial.value
        loss = float("inf") if value is None or value != value else sign * value
        return (-1 if live.trial.step is None else live.trial.step, -loss, -live.trial.number)

    return sorted(held, key=promise)
