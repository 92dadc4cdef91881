"""When a session is over, and with which words. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.away import is_away
from hptui.core.scheduler.promoting import promote
from hptui.core.scheduler.state import SchedulerState
from hptui.core.study.trial import Paused, Waiting


def finish(state: SchedulerState) -> Iterator[a.Action]:
    """Over when nothing runs and nothing is left to run. Paused trials keep a session open unless it is stopped."""
    if state.wishes or (state.asking is not None and not state.stopping):
        return
    if any(not isinstance(live.trial.phase, Waiting | Paused) or live.ending for live in state.live.values()):
        return
    if next(promote(state), None) is not None:  # held trials are about to end, or one of them to go on
        return
    if state.stopping:
        stop, held = state.stopping, state.of(Paused)
        away = sum(is_away(live) for live in held)
        frozen = len(held) - away
        if stop.now and frozen:
            return
        reason = stop.reason
        if frozen:
            reason += f"; {frozen} paused stay frozen: resume goes on with them, stop --now ends them"
        if away:
            reason += f"; {away} put away: resume goes on with them from their checkpoints"
        yield a.Record((e.Finished(state.now, reason, stop.ok, stop.final and not held),))
    elif found := done(state):
        ok = bool(state.exhausted) or state.tally.complete > 0
        yield a.Record((e.Finished(state.now, found, ok, True),))


def done(state: SchedulerState) -> str:
    """Why nothing is left to try; "" while something is, or may come of the sampler."""
    if state.live or state.queue or state.asking is not None:
        return ""
    if state.exhausted:
        return state.exhausted
    tally, limit = state.tally, state.rules.n_trials
    if limit is None or state.counted < limit:
        return ""
    how_many = f"all {limit}" if state.counted == limit else f"{state.counted} of {limit}"
    trials = "the one trial is" if limit == state.counted == 1 else f"{how_many} trials are"
    reason = f"{trials} done: {tally.complete} complete, {tally.pruned} pruned, {tally.failed} failed"
    return reason + (", retries among them" if tally.complete + tally.pruned + tally.failed > state.counted else "")
