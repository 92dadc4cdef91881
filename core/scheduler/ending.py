"""Trials on their way out: told to end, ended, and what became of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import away, freezing
from hptui.core.scheduler import events as e
from hptui.core.scheduler.oom import after_oom
from hptui.core.scheduler.outcome import outcome_of
from hptui.core.scheduler.queued import LOST_RETRIES, STOPPED, again
from hptui.core.scheduler.state import GRACE_S, START_PATIENCE_S, STOP_PATIENCE_S, Live, Rules, SchedulerState
from hptui.core.study.front import Front, joined, losses_of
from hptui.core.study.study import Goal, broken
from hptui.core.study.trial import Cause, Ended, Paused, Running, Starting, State, Waiting, Why


def settle(state: SchedulerState) -> Iterator[a.Action]:
    """Trials whose process is gone become what they are; a lost one is queued again."""
    best, front = state.tally.best, state.tally.front
    for number, live in state.stirring.items():
        no_process = isinstance(live.trial.phase, Waiting) or away.is_away(live)
        if live.gone is None and not (live.ending is not None and no_process):
            continue
        if live.gone is not None and (away.can_lose_its_process(live) or away.died_going_on(live)):
            yield away.settle_away(state, live)
            continue
        settled = outcome_of(live, state.now)
        if freezing.died_moving(live) and live.ending is None:
            said = "its process died while its GPU memory was moved"
            settled = replace(settled, outcome=freezing.lost(live, said, state.now))
        retry: list[e.Event] = []
        if settled.outcome.cause is Cause.OOM:
            outcome, retry = after_oom(live, settled.outcome, state.now)
            settled = replace(settled, outcome=outcome)
        elif settled.outcome.cause is Cause.LOST and settled.outcome.may_retry:
            outcome, retry = after_loss(live, settled.outcome, state.now)
            settled, retry = replace(settled, outcome=outcome), [] if state.stopping else retry
        intents: list[e.Event] = [settled, *retry]
        value, outcome = settled.value, settled.outcome
        counts = outcome.state is State.COMPLETE and not broken(live.trial.attrs)
        if counts and (news := joins(state.rules, settled, front)):
            intents.append(news)
            front = news.front
        elif counts and not state.rules.also and value is not None:
            sign = state.rules.sign
            if best is None or sign * value < sign * best[0]:
                intents.append(e.NewBest(state.now, number, value, best[0] if best else None))
                best = (value, number)
        yield a.Settle(tuple(intents), number, live)


def joins(rules: Rules, settled: e.Settled, front: Front) -> e.FrontJoined | None:
    """Of several objectives: that a complete trial is one that nobody beats."""
    if not rules.also:
        return None
    goals = (Goal("", "minimize" if rules.sign > 0 else "maximize"), *rules.also)
    others = dict(settled.also)
    losses = losses_of((settled.value, *(others.get(goal.metric) for goal in rules.also)), goals)
    found = None if losses is None else joined(front, losses, settled.number)
    return None if found is None else e.FrontJoined(settled.at, settled.number, *found)


def after_loss(live: Live, outcome: Ended, at: float) -> tuple[Ended, list[e.Event]]:
    """The end of a trial that was lost, and its retry: up to LOST_RETRIES times in a row."""
    trial = live.trial
    point = again(trial.number, trial.params, trial.x, trial.attrs, outcome.reason)
    if point is None:
        said = f"{outcome.reason}; lost {LOST_RETRIES + 1} times in a row: not tried again"
        return replace(outcome, reason=said, may_retry=False), []
    return outcome, [e.Enqueued(at, point.params, point.x, point.origin, point.why, point.retry_of, point.attrs)]


def stop(state: SchedulerState) -> Iterator[a.Action]:
    """What stopping at once means for the trials that run."""
    if state.stopping is None or not state.stopping.now:
        return
    for number, live in state.live.items():
        if away.is_away(live):  # it holds nothing, and stays as it is
            continue
        if live.ending is None and live.gone is None and isinstance(live.trial.phase, Running | Paused):
            outcome = Ended(State.FAIL, state.now, STOPPED, Cause.LOST, may_retry=True)
            yield a.Record((e.EndAsked(state.now, number, outcome),))


def limit(state: SchedulerState) -> Iterator[a.Action]:
    """Trials whose time is up, one way or another."""
    at, limit = state.now, state.rules.trial_time_s
    for number, live in (state.stirring if limit is None else state.live).items():
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


def end(state: SchedulerState) -> Iterator[a.Action]:
    """SIGTERM, grace, SIGKILL."""
    for number, live in state.stirring.items():
        ending = live.ending
        if ending is None or live.gone or away.is_away(live) or not isinstance(live.trial.phase, Running | Paused):
            continue
        if ending.told is None:
            yield a.Signal((e.Told(state.now, number, killed=False),), number)
        elif not ending.killed and state.now - ending.told >= GRACE_S:
            yield a.Signal((e.Told(state.now, number, killed=True),), number, kill=True)
