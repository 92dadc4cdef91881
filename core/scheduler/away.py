"""Trials that were put away: held, their process ended, to go on from their checkpoint in another one. Pure.

A process that is put away gives back all it held. What it had done since its checkpoint is done again: the reports
of those steps are replaced as they come in once more, and milestones that were judged before are not judged again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hptui.core.devices.inventory import on_cpu
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.state import GPU_MEMORY, Live, SchedulerState
from hptui.core.store.rows import CommandRow
from hptui.core.study.trial import CHECKPOINT_STEP, Paused, Running, Trial, Waiting, Why

SOON_S = 0.5  # between a process's end and the news of it
JUDGED_STEP = "judged_step"  # the attribute: the highest step up to which a trial that was put away had been judged


def put_away(state: SchedulerState) -> Iterator[a.Action]:
    """End the processes of held trials whose place or memory is worth more than the steps that are done again."""
    for number, live in state.stirring.items():
        if can_be_put_away(live) and (reason := _why(state, live)):
            yield a.Signal((e.PutAwayAsked(state.now, number, reason),), number, kill=True)


def answer(state: SchedulerState, wish: CommandRow, live: Live) -> a.Action:
    """The user wants it put away: a running one parks first."""
    number, at, phase = live.trial.number, state.now, live.trial.phase
    problem = _why_not(live)
    if problem:
        return a.Record((e.Refused(at, wish, f"trial {number} {problem}"),))
    asked = (e.Heeded(at, wish, f"you asked: put trial {number} away"), e.Unwanted(at, number, "you asked"))
    if isinstance(phase, Running) and live.parking is None:
        return a.AskPark((*asked, e.ParkAsked(at, number, Why.USER)), number)
    return a.Record(asked)


def _why_not(live: Live) -> str:
    """Why a trial can't be put away because somebody asks; "" when it can."""
    phase, trial = live.trial.phase, live.trial
    if live.ending or live.gone or live.leaving:
        return "is ending"
    match phase:
        case Waiting():
            return "waits: it holds nothing"
        case Paused(process=None):
            return f"is put away already; it {goes_on_from(trial)}"
        case Paused() if not trial.has_checkpoint or can_be_put_away(live):
            pass
        case Paused(why=Why.UNDO):
            return "is being pruned"
        case Paused():
            return "is about to go on: pause it first"
        case _ if live.parking is not None and live.parking.why is Why.UNDO:
            return "is being pruned"
    if not trial.has_checkpoint:
        done = 0 if trial.step is None else trial.step + 1
        return f"has saved no checkpoint: its {done} steps would be lost; pause keeps them"
    return ""


def can_be_put_away(live: Live) -> bool:
    """It is frozen, nobody wants it to go on just now, and it has a checkpoint."""
    match live.trial.phase:
        case Paused(process=process, why=Why.USER | Why.RUNG | Why.YIELDED, resume_wanted=False) if process is not None:
            return live.trial.has_checkpoint and not (live.promoted or live.leaving or live.ending or live.gone)
        case _:
            return False


def _why(state: SchedulerState, live: Live) -> str:
    phase = live.trial.phase
    if isinstance(phase, Paused) and not on_cpu(phase.device) and not live.unwanted and live.place is not None:
        return f"gives {state.gpus.label(phase.device) or phase.device} back"
    return live.unwanted


def is_away(live: Live) -> bool:
    return isinstance(live.trial.phase, Paused) and live.trial.phase.process is None


def can_lose_its_process(live: Live) -> bool:
    """Its process is gone while it was held, and another one can go on with it."""
    ended_itself = live.gone is not None and live.gone.end is not None
    held = isinstance(live.trial.phase, Paused) or (live.parking is not None and GPU_MEMORY in live.trial.attrs)
    return held and live.trial.has_checkpoint and not (live.ending or ended_itself)


def died_going_on(live: Live) -> bool:
    """Its process was gone already when it was let go on, or nearly so: nobody had noticed."""
    gone, phase = live.gone, live.trial.phase
    if gone is None or gone.end is not None or gone.since is None or not isinstance(phase, Running):
        return False
    soon = live.thawed_at == phase.since and gone.since <= phase.since + SOON_S
    return soon and live.trial.has_checkpoint and live.ending is None


def settle_away(state: SchedulerState, live: Live) -> a.Action:
    """What becomes of a held trial whose process is gone."""
    said = live.leaving or "its process ended while it was held"
    number = live.trial.number
    gone = e.PutAway(state.now, number, f"{said}: put away; {goes_on_from(live.trial)}")
    if isinstance(live.trial.phase, Running) and live.parking is None:
        on = e.Requeued(state.now, number, f"it was to go on; {goes_on_from(live.trial)}")
        return a.PutAway((gone, on), number)
    return a.PutAway((gone,), number)


def go_on(state: SchedulerState, live: Live, reason: str, promoted: bool) -> a.Action:
    """It was put away and is wanted: it waits for a slot, before all that never ran."""
    reason = f"{reason}; {goes_on_from(live.trial)}"
    return a.Record((e.Requeued(state.now, live.trial.number, reason, promoted, live.compared if promoted else {}),))


def applied(live: Live, event: e.PutAway | e.Requeued) -> Live:
    """The trial after the event."""
    trial, phase = live.trial, live.trial.phase
    if isinstance(phase, Running) and isinstance(event, e.PutAway):  # on its way to being held, or from there
        parking, live = live.parking, replace(live, busy_s=live.running_s(event.at))
        why, until = (parking.why, parking.until) if parking is not None else (Why.USER, None)
        phase = Paused(phase.process, phase.device, event.at, why, until)
    if not isinstance(phase, Paused):
        return live
    if isinstance(event, e.Requeued):
        trial = replace(trial, phase=Waiting(event.at, event.reason), slot=None)
        return replace(live, trial=trial, promoted="", gone=None)
    done = trial.step if live.due is None else live.due.step - 1
    attrs = {key: value for key, value in trial.attrs.items() if key != GPU_MEMORY}
    if done is not None:
        attrs[JUDGED_STEP] = max(done, judged_to(trial))
    trial = replace(trial, phase=replace(phase, process=None), slot=None, attrs=attrs)
    return replace(live, trial=trial, gone=None, due=None, parking=None, leaving="", unwanted="", held_bytes=0)


def judged_to(trial: Trial) -> int:
    """Up to which step its milestones have had their verdict; -1 for none."""
    return int(trial.attrs.get(JUDGED_STEP, -1))


def stream(trial: Trial) -> int:
    """0 for a trial that begins; else another number for every step it goes on from, so that it draws anew."""
    step = trial.attrs.get(CHECKPOINT_STEP)
    return 0 if trial.started_at is None or step is None else int(step) + 1


def goes_on_from(trial: Trial) -> str:
    """`goes on from its checkpoint of step 12 (2 steps are done again)`."""
    saved = trial.attrs.get(CHECKPOINT_STEP)
    if saved is None:
        return "goes on from its checkpoint"
    again = max(0, (trial.step or 0) - saved)
    repeated = f" ({again} step{'s are' if again != 1 else ' is'} done again, their values replaced)" if again else ""
    return f"goes on from its checkpoint of step {saved}{repeated}"
