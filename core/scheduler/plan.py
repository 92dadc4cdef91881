"""What should happen now: `plan(state) -> actions`, pure. One short function a question, in the order of asking."""

from __future__ import annotations

from collections.abc import Iterator

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.heed import heed
from hptui.core.scheduler.outcome import outcome_of
from hptui.core.scheduler.promoting import free_places, promote
from hptui.core.scheduler.state import (
    GRACE_S,
    PARK_PATIENCE_S,
    PRUNE_PATIENCE_S,
    START_PATIENCE_S,
    STOP_PATIENCE_S,
    Live,
    SchedulerState,
    again,
)
from hptui.core.study.remarks import priority_of
from hptui.core.study.trial import Cause, Ended, Paused, Running, Starting, State, Waiting, Why


def plan(state: SchedulerState) -> list[a.Action]:
    """The actions due. Each one's intents keep it from being planned twice."""
    if state.finished:
        return []
    if reason := _reason_to_stop(state):
        return [a.Record((reason,))]
    return [
        *_settle(state),
        *heed(state),
        *_judge(state),
        *_stop(state),
        *_hold(state),
        *_freeze(state),
        *_limit(state),
        *_end(state),
        *_boot(state),
        *promote(state),
        *_fill(state),
        *_propose(state),
        *_finish(state),
    ]


def _settle(state: SchedulerState) -> Iterator[a.Action]:
    """Trials whose process is gone become what they are; a lost one is queued again."""
    best = state.tally.best
    for number, live in state.live.items():
        waiting_to_end = live.ending is not None and isinstance(live.trial.phase, Waiting)
        if live.gone is None and not waiting_to_end:
            continue
        settled = outcome_of(live, state.now)
        intents: list[e.Event] = [settled]
        value, outcome = settled.value, settled.outcome
        if outcome.state is State.COMPLETE and value is not None:
            sign = state.rules.sign
            if best is None or sign * value < sign * best[0]:
                intents.append(e.NewBest(state.now, number, value, best[0] if best else None))
                best = (value, number)
        if outcome.cause is Cause.LOST and outcome.may_retry and not state.stopping:
            intents += retry_of_lost(live, outcome.reason, state.now)
        yield a.Settle(tuple(intents), number, live)


def retry_of_lost(live: Live, reason: str, at: float) -> list[e.Event]:
    """A lost trial is tried again, up to LOST_RETRIES times in a row."""
    trial = live.trial
    point = again(trial.number, trial.params, trial.x, trial.attrs, reason)
    if point is None:
        return []
    return [e.Enqueued(at, point.params, point.x, point.origin, point.why, point.retry_of, point.attrs)]


def _judge(state: SchedulerState) -> Iterator[a.Action]:
    for number, live in state.live.items():
        if live.due and live.told_to_stop is None and live.ending is None and live.gone is None:
            yield a.Judge((), number, live.due.milestone, live.due.step)


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
    return None


def _stop(state: SchedulerState) -> Iterator[a.Action]:
    """What stopping at once means for the trials that run."""
    if state.stopping is None or not state.stopping.now:
        return
    reason = "stopped with the session: starts again when it is resumed"
    for number, live in state.live.items():
        if live.ending is None and live.gone is None and isinstance(live.trial.phase, Running | Paused):
            outcome = Ended(State.FAIL, state.now, reason, Cause.LOST, may_retry=True)
            yield a.Record((e.EndAsked(state.now, number, outcome),))


def _hold(state: SchedulerState) -> Iterator[a.Action]:
    """Trials to be frozen because the disk is full, the session is paused or their pruner said so."""
    for number, live in state.live.items():
        if not isinstance(live.trial.phase, Running) or live.parking or live.ending or live.gone:
            continue
        if state.disk_full:
            yield a.AskPark((e.ParkAsked(state.now, number, Why.DISK),), number)
        elif state.held:
            yield a.AskPark((e.ParkAsked(state.now, number, Why.USER),), number)


def _freeze(state: SchedulerState) -> Iterator[a.Action]:
    for number, live in state.live.items():
        parking = live.parking
        if parking is None or not parking.asked or live.gone or not isinstance(live.trial.phase, Running):
            continue
        patience = PRUNE_PATIENCE_S if parking.why is Why.UNDO else PARK_PATIENCE_S
        if parking.parked:
            yield a.Freeze((e.Frozen(state.now, number, _PAUSED[parking.why]),), number)
        elif state.now - parking.since >= patience:
            reason = f"{_PAUSED[parking.why]}; frozen outside report(), which it did not reach in {patience:g} s"
            yield a.Freeze((e.Frozen(state.now, number, reason),), number)


_PAUSED = {
    Why.USER: "paused by you",
    Why.UNDO: "held until the prune is final",
    Why.RUNG: "held at its rung",
    Why.DISK: "held: the disk is full",
    Why.YIELDED: "gave its GPU to somebody else",
}


def _limit(state: SchedulerState) -> Iterator[a.Action]:
    """Trials whose time is up, one way or another."""
    at, limit = state.now, state.rules.trial_time_s
    for number, live in state.live.items():
        if live.ending or live.gone:
            continue
        outcome: Ended | None = None
        match live.trial.phase:
            case Paused(why=Why.UNDO, until=float(until), resume_wanted=False) if at >= until:
                outcome = Ended(State.PRUNED, at, "pruned by you")
            case Running() if limit is not None and live.running_s(at) > limit:
                outcome = Ended(State.FAIL, at, f"ran longer than its limit of {limit:g} s", Cause.TIMEOUT)
            case Running() if live.told_to_stop is not None and at - live.told_to_stop > STOP_PATIENCE_S:
                outcome = Ended(State.PRUNED, at, f"{live.stop_reason}; it did not stop by itself")
            case Starting(device=device, since=since) if live.launched and at - since > START_PATIENCE_S:
                place = Place(device, live.trial.slot or 0)
                reason = f"no process came up in {START_PATIENCE_S:g} s"
                yield a.Record((e.NotStarted(at, number, place, reason),))
        if outcome:
            yield a.Record((e.EndAsked(at, number, outcome),))


def _end(state: SchedulerState) -> Iterator[a.Action]:
    """SIGTERM, grace, SIGKILL."""
    for number, live in state.live.items():
        ending = live.ending
        if ending is None or live.gone or not isinstance(live.trial.phase, Running | Paused):
            continue
        if ending.told is None:
            yield a.Signal((e.Told(state.now, number, killed=False),), number)
        elif not ending.killed and state.now - ending.told >= GRACE_S:
            yield a.Signal((e.Told(state.now, number, killed=True),), number, kill=True)


def _boot(state: SchedulerState) -> Iterator[a.Action]:
    if state.server.state == "none" and state.stopping is None:
        yield a.BootServer((e.ServerChanged(state.now, "booting", ""),))


def _fill(state: SchedulerState) -> Iterator[a.Action]:
    """Who gets the free slots: first those who are to go on, then the longest waiting."""
    if state.disk_full or (state.stopping and state.stopping.now):
        return
    free, at = free_places(state), state.now
    for number, live in sorted(state.live.items()):
        phase = live.trial.phase
        if not isinstance(phase, Paused) or live.ending or live.gone:
            continue
        wanted = phase.resume_wanted or phase.why is Why.DISK or bool(live.promoted)
        if not wanted or (state.held and phase.why is not Why.DISK):
            continue
        place = live.place
        if place is None:
            if not free:
                continue
            place = free.pop(0)
        reason = "prune taken back by you" if phase.why is Why.UNDO else _RESUMED.get(phase.why, "resumed by you")
        promoted = bool(live.promoted) and not phase.resume_wanted
        numbers = live.compared if promoted else {}
        reason = live.promoted if promoted else reason
        yield a.Thaw((e.Thawed(at, number, place, reason, promoted, numbers),), number)
    if state.held or state.stopping or state.server.state not in ("ready", "cold"):
        return
    if state.rules.promotes and state.at_their_rungs and not state.pruner_asked:
        return  # a held trial may be the better use of the slot: its pruner is being asked
    for live in state.in_line:
        if not free:
            return
        place = free.pop(0)
        number, priority = live.trial.number, priority_of(live.trial.attrs)
        first = f"trial {number} has priority {priority}" if priority else f"trial {number} had waited longest"
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
        point = state.queue[0]
        number = state.next_number
        proposed = e.Proposed(
            state.now, number, point.params, point.x, point.why, point.origin, trial_seed(state.rules.seed, number),
            point.retry_of, point.attrs,
        )  # fmt: skip
        yield a.Record((proposed,))
        return
    limit = state.rules.n_trials
    if state.exhausted or (limit is not None and state.counted >= limit):
        return
    if len(state.of(Waiting)) <= len(free_places(state)):
        yield a.AskThinker((e.Asked(state.now, state.next_number),), state.next_number)


def trial_seed(seed: int, number: int) -> int:
    """A trial's own seed: the same in every run of the study, different for each trial. 31 bits."""
    return (seed * 1_000_003 + number * 7_919 + 17) % (2**31 - 1)


def _finish(state: SchedulerState) -> Iterator[a.Action]:
    """Over when nothing runs and nothing is left to run. Paused trials keep a session open unless it is stopped."""
    if state.wishes or (state.asking is not None and not state.stopping):
        return
    if any(not isinstance(live.trial.phase, Waiting | Paused) or live.ending for live in state.live.values()):
        return
    if state.stopping:
        if state.stopping.now and state.live and state.of(Paused):
            return
        stop, frozen = state.stopping, len(state.of(Paused))
        reason = stop.reason
        if frozen:
            reason += f"; {frozen} paused stay frozen: resume goes on with them, stop --now ends them"
        yield a.Record((e.Finished(state.now, reason, stop.ok, stop.final and not frozen),))
        return
    if state.live or state.queue:
        return
    limit = state.rules.n_trials
    if state.exhausted:
        yield a.Record((e.Finished(state.now, state.exhausted, True, True),))
    elif limit is not None and state.counted >= limit:
        done = state.tally
        reason = f"all {limit} trials are done: {done.complete} complete, {done.pruned} pruned, {done.failed} failed"
        yield a.Record((e.Finished(state.now, reason, done.complete > 0, True),))


__all__ = ["free_places", "plan", "retry_of_lost", "trial_seed"]
