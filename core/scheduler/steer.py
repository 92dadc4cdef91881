"""What wishes that steer a session lead to: priority, pinning, the budget, an enqueued point taken back. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.events.session import limit
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.store.rows import CommandRow
from hptui.core.study.checks import LARGEST
from hptui.core.study.commands import BUDGET
from hptui.core.study.remarks import ATTR, is_pinned, priority_of, remarks_of
from hptui.core.study.trial import Ended, State, Waiting

WHOLE = ("n_trials", "max_steps", "total_steps", "stop_after_failures")
HIGHEST_PRIORITY = 99


TRIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""Our own mistakes with a wish. Every later scheduler reads it again: it is refused, or it would end them all."""


def tripped(error: Exception) -> str:
    return f"hptui made a mistake with it ({type(error).__name__}: {error})"


def refuse(state: SchedulerState, wish: CommandRow, reason: str) -> a.Action:
    return a.Record((e.Refused(state.now, wish, reason),))


def set_priority(state: SchedulerState, wish: CommandRow, live: Live) -> a.Action:
    number, at, wanted = live.trial.number, state.now, wish.args.get("priority")
    if not isinstance(wanted, int) or isinstance(wanted, bool) or abs(wanted) > HIGHEST_PRIORITY:
        return refuse(state, wish, f"a priority is a whole number from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}")
    if not isinstance(live.trial.phase, Waiting) or live.ending:
        return refuse(state, wish, f"trial {number} does not wait: a priority says which waiting trial starts first")
    was = priority_of(live.trial.attrs)
    others = [other for other in state.in_line if other.trial.number != number]
    before = sum((-priority_of(o.trial.attrs), o.trial.number) < (-wanted, number) for o in others)
    said = f"you asked: priority of trial {number} {was} → {wanted}: {before} of {len(others)} others start before it"
    return a.Record((e.Heeded(at, wish, said), _remarked(at, live, "priority", wanted)))


def set_pin(state: SchedulerState, wish: CommandRow, live: Live) -> a.Action:
    """A trial held at its rung goes on when it is pinned: it was held by the rule that may not hold it any more."""
    number, at, wanted = live.trial.number, state.now, bool(wish.args.get("on", True))
    if is_pinned(live.trial.attrs) is wanted:
        return refuse(state, wish, f"trial {number} is {'pinned already' if wanted else 'not pinned'}")
    if wanted and live.told_to_stop is not None:
        return refuse(state, wish, f"trial {number} was told to stop already: {live.stop_reason}")
    if not wanted:
        said = f"you asked: the pruner may stop trial {number} again"
        return a.Record((e.Heeded(at, wish, said), _remarked(at, live, "pinned", False)))
    held = live.waits_at_its_rung
    said = f"you asked: no rule may hold or stop trial {number}"
    intents = [e.Heeded(at, wish, said + (": it goes on from its rung" if held else "")),
               _remarked(at, live, "pinned", True)]  # fmt: skip
    return a.Record((*intents, e.ResumeWanted(at, number)) if held else tuple(intents))


def _remarked(at: float, live: Live, key: str, value: Any) -> e.Event:
    remarks = {**remarks_of(live.trial.attrs), key: value}
    return e.AttrSet(at, live.trial.number, ATTR, {k: v for k, v in remarks.items() if v not in (0, False)})


def set_budget(state: SchedulerState, wish: CommandRow) -> a.Action:
    """All of it, or nothing with the first reason."""
    changed = {key: value for key, value in wish.args.items() if key in BUDGET}
    if unknown := [key for key in wish.args if key not in BUDGET]:
        return refuse(state, wish, f"a budget has no {unknown[0]}; it has {', '.join(BUDGET)}")
    if not changed:
        return refuse(state, wish, f"nothing to change; a budget has {', '.join(BUDGET)}")
    for key, value in changed.items():
        if problem := _budget_problem(state, key, value):
            return refuse(state, wish, f"{key}: {problem}")
    at, rules = state.now, state.rules
    events = [
        e.BudgetSet(at, key, int(value) if key in WHOLE and value is not None else value, getattr(rules, key))
        for key, value in changed.items()
        if value != getattr(rules, key)
    ]
    said = ", ".join(f"{BUDGET[b.key]} {limit(b.key, b.was)} → {limit(b.key, b.value)}" for b in events)
    return a.Record((e.Heeded(at, wish, f"you asked: {said or 'the budget as it is'}"), *events))


def _budget_problem(state: SchedulerState, key: str, value: Any) -> str:
    if value is None:
        return "" if key != "max_steps" or state.rules.max_steps is None else "it can only grow"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return f"{value!r} is not a number"
    if key in WHOLE and value != int(value):
        return f"{value:g} is not a whole number"
    if value < (0 if key == "stop_after_failures" else 1 if key in WHOLE else 0.001):
        return f"{value:g} is too small"
    if value > LARGEST:
        return f"{value:g} is too large"
    if key == "max_steps":
        return _max_steps_problem(state, value)
    return ""


def _max_steps_problem(state: SchedulerState, value: float) -> str:
    """Sound only upwards, and only where no rung hangs on it: trials of both lengths are then judged alike."""
    was = state.rules.max_steps
    if was is not None and value < was:
        return f"{value:g} is less than {was}: trials that ran further would be off the scale; it can only grow"
    if state.rules.ladder and value != was:
        return "this pruner's rungs follow from it, and trials stand on them: begin a new session with the new one"
    return ""


def take_back_point(state: SchedulerState, wish: CommandRow) -> a.Action:
    """An enqueued point that has not started is ended before it does."""
    asked, at = wish.args.get("command"), state.now
    if isinstance(asked, int) and any(remarks_of(point.attrs).get("asked") == asked for point in state.queue):
        heeded = e.Heeded(at, wish, "you asked: take back an enqueued point that has yet to become a trial")
        return a.Record((heeded, e.Dequeued(at, asked)))
    for number, live in state.live.items():
        if remarks_of(live.trial.attrs).get("asked") != asked:
            continue
        if not isinstance(live.trial.phase, Waiting) or live.ending:
            return refuse(state, wish, f"trial {number} has started: prune it instead")
        outcome = Ended(State.PRUNED, at, "taken back by you before it started")
        heeded = e.Heeded(at, wish, f"you asked: take back the enqueued trial {number}")
        return a.Record((heeded, e.EndAsked(at, number, outcome)))
    return refuse(state, wish, "that point has been tried, or was never enqueued")


def priority_problem(args: Mapping[str, Any]) -> str:
    """Of a point to enqueue."""
    wanted = args.get("priority", 0)
    whole = isinstance(wanted, int) and not isinstance(wanted, bool) and abs(wanted) <= HIGHEST_PRIORITY
    return "" if whole else f"a priority is a whole number from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}"
