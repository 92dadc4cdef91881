"""What should happen now: `plan(state) -> actions`, pure. One short function a question, in the order of asking."""

from __future__ import annotations

from collections.abc import Iterator

from hptui.core.advice.stopping import reason_to_stop
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler import freezing
from hptui.core.scheduler.away import go_on, goes_on_from, is_away, put_away
from hptui.core.scheduler.costs import budget_spent
from hptui.core.scheduler.ending import end, limit, settle, stop
from hptui.core.scheduler.finishing import finish
from hptui.core.scheduler.gpu_plan import start_on_gpus, watch_gpus
from hptui.core.scheduler.heed import heed
from hptui.core.scheduler.holding import make_room
from hptui.core.scheduler.oom import set_aside, wants_no_neighbours
from hptui.core.scheduler.promoting import free_places, promote, room_for_a_promotion
from hptui.core.scheduler.quarantine import watch_memory
from hptui.core.scheduler.queued import Queued
from hptui.core.scheduler.state import PARK_PATIENCE_S, PRUNE_PATIENCE_S, Live, SchedulerState
from hptui.core.study.remarks import priority_of
from hptui.core.study.trial import Paused, Running, Waiting, Why


def plan(state: SchedulerState) -> list[a.Action]:
    """The actions due. Each one's intents keep it from being planned twice."""
    if state.finished:
        return []
    if reason := _reason_to_stop(state):
        return [a.Record((reason,))]
    if answers := list(heed(state)):
        return answers  # alone: one that takes a pause back must not meet what freezes the trial
    return [
        *settle(state),
        *_judge(state),
        *stop(state),
        *_hold(state),
        *_freeze(state),
        *freezing.mend(state),
        *make_room(state),
        *put_away(state),
        *limit(state),
        *end(state),
        *watch_gpus(state),
        *set_aside(state),
        *watch_memory(state),
        *_boot(state),
        *promote(state),
        *_fill(state),
        *_propose(state),
        *finish(state),
    ]


def _judge(state: SchedulerState) -> Iterator[a.Action]:
    for number, live in state.stirring.items():
        due = live.due
        if due is None or live.ending is not None or live.gone is not None:
            continue
        if live.told_to_stop is None:
            yield a.Judge((), number, due.milestone, due.step)
        else:
            yield a.TellToStop((e.StopTold(state.now, number, due.milestone),), number, due.milestone)


def _reason_to_stop(state: SchedulerState) -> e.StopAsked | None:
    rules, at = state.rules, state.now
    if state.stopping is not None:
        return None
    if state.server.state == "broken":
        return e.StopAsked(at, state.server.reason, now=True, ok=False)
    failures = state.tally.failures_in_a_row
    if rules.stop_after_failures and failures >= rules.stop_after_failures:
        reason = f"{failures} trials in a row failed; the last: {state.tally.last_failure}"
        return e.StopAsked(at, reason, ok=False)
    if rules.wall_clock_s is not None and state.wall_clock_s >= rules.wall_clock_s:
        return e.StopAsked(at, "the wall-clock budget is spent", final=True)
    if said := budget_spent(state):
        return e.StopAsked(at, said, final=True)
    found = reason_to_stop(rules.stop, state.tally.course, rules.sign)
    return e.StopAsked(at, found, final=True) if found else None


def _hold(state: SchedulerState) -> Iterator[a.Action]:
    """Trials to be frozen because the disk is full, the session is paused or their pruner said so."""
    for number, live in state.live.items() if state.disk_full or state.held else ():
        if not isinstance(live.trial.phase, Running) or live.parking or live.ending or live.gone:
            continue
        if state.disk_full:
            yield a.AskPark((e.ParkAsked(state.now, number, Why.DISK),), number)
        elif state.held:
            yield a.AskPark((e.ParkAsked(state.now, number, Why.USER),), number)


def _freeze(state: SchedulerState) -> Iterator[a.Action]:
    for number, live in state.stirring.items():
        parking = live.parking
        if parking is None or not parking.asked or live.gone or not isinstance(live.trial.phase, Running):
            continue
        patience = PRUNE_PATIENCE_S if parking.why is Why.UNDO else PARK_PATIENCE_S
        if parking.parked and freezing.where(live) == "leaving":
            continue
        if parking.parked and freezing.should_move_out(state, live):
            yield freezing.move_out(state, live)
        elif parking.parked:
            yield a.Freeze((e.Frozen(state.now, number, _paused(state, live, parking.why)),), number)
        elif state.now - parking.since >= patience:
            said = _paused(state, live, parking.why)
            reason = f"{said}; frozen outside report(), which it did not reach in {patience:g} s"
            yield a.Freeze((e.Frozen(state.now, number, reason),), number)


MOVING = ("away", "returning", "unsure", "broken")  # not to go on as it stands

_PAUSED = {
    Why.USER: "paused by you",
    Why.UNDO: "held until the prune is final",
    Why.RUNG: "held at its rung",
    Why.DISK: "held: the disk is full",
    Why.YIELDED: "gave its GPU to somebody else",
}


def _paused(state: SchedulerState, live: Live, why: Why) -> str:
    drained = live.place is not None and not state.gpus.emptied.isdisjoint(live.place.devices)
    return "left its GPU, which is drained by you" if why is Why.YIELDED and drained else _PAUSED[why]


def _boot(state: SchedulerState) -> Iterator[a.Action]:
    if state.server.state == "none" and state.stopping is None:
        yield a.BootServer((e.ServerChanged(state.now, "booting", ""),))


def _fill(state: SchedulerState) -> Iterator[a.Action]:
    """Who gets the free slots: first those who are to go on, then the longest waiting."""
    if state.disk_full or (state.stopping and state.stopping.now):
        return
    free, at = free_places(state), state.now
    for number, live in state.stirring.items():
        phase = live.trial.phase
        if not isinstance(phase, Paused) or live.ending or live.gone or live.leaving:
            continue
        wanted = phase.resume_wanted or phase.why is Why.DISK or bool(live.promoted)
        if not wanted or (state.held and phase.why is not Why.DISK):
            continue
        reason = "prune taken back by you" if phase.why is Why.UNDO else _RESUMED.get(phase.why, "resumed by you")
        promoted = bool(live.promoted) and not phase.resume_wanted
        if is_away(live):
            yield go_on(state, live, live.promoted if promoted else reason, promoted)
            continue
        if freezing.where(live) in MOVING:
            yield from freezing.bring_back(state, live)
            continue
        place = live.place
        if place is None:
            place = next((one for one in free if one.device_id == phase.device), None)  # where its process is
            if place is None:
                continue
            free.remove(place)
        numbers = live.compared if promoted else {}
        reason = live.promoted if promoted else reason
        yield a.Thaw((e.Thawed(at, number, place, reason, promoted, numbers),), number)
    if state.held or state.stopping or state.server.state not in ("ready", "cold"):
        return
    if state.rules.promotes and state.at_their_rungs and not state.pruner_asked and room_for_a_promotion(state):
        return  # a held trial may be the better use of the slot: its pruner is being asked
    if state.gpus:
        yield from start_on_gpus(state)
        return
    for live in state.in_line:
        if not free:
            return
        place = free.pop(0)
        if wants_no_neighbours(live):
            free = []
        number, priority = live.trial.number, priority_of(live.trial.attrs)
        first = f"trial {number} has priority {priority}" if priority else f"trial {number} had waited longest"
        if wants_no_neighbours(live):
            first = f"trial {number} has the machine for itself, for it ran out of memory beside others"
        if live.trial.started_at is not None:
            first = f"trial {number} {goes_on_from(live.trial)}"
        reason = f"on {place.device_id}, slot {place.slot}: it was free and {first}"
        yield a.Launch(
            (e.Placed(at, number, place, reason), e.Launched(at, number)), number, place, state.server.state == "cold"
        )


_RESUMED = {Why.DISK: "there is disk space again", Why.RUNG: "continued from its rung by you"}


def _propose(state: SchedulerState) -> Iterator[a.Action]:
    """Keep one trial on deck beyond the free slots, so that no slot waits for the thinker."""
    if state.asking is not None or state.stopping or state.disk_full:
        return
    if state.queue:
        yield a.Record(tuple(_from_queue(state, n, point) for n, point in enumerate(state.queue, state.next_number)))
        return
    limit = state.rules.n_trials
    if state.exhausted or (limit is not None and state.counted >= limit):
        return
    if len(state.of(Waiting)) <= len(free_places(state)):
        yield a.AskThinker((e.Asked(state.now, state.next_number),), state.next_number)


def _from_queue(state: SchedulerState, number: int, point: Queued) -> e.Proposed:
    seed = trial_seed(state.rules.seed, number)
    return e.Proposed(
        state.now, number, point.params, point.x, point.why, point.origin, seed, point.retry_of, point.attrs
    )


def trial_seed(seed: int, number: int) -> int:
    """A trial's own seed: the same in every run of the study, different for each trial. 31 bits."""
    return (seed * 1_000_003 + number * 7_919 + 17) % (2**31 - 1)


__all__ = ["free_places", "plan", "trial_seed"]
