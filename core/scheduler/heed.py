"""What a user's wish leads to. Every wish is answered: heeded, or refused with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hptui.core.scheduler import actions as a
from hptui.core.scheduler import away, steer
from hptui.core.scheduler import events as e
from hptui.core.scheduler.finishing import done
from hptui.core.scheduler.gpu_wishes import answer_about_gpu
from hptui.core.scheduler.state import Live, SchedulerState
from hptui.core.scheduler.steer import TRIPS, refuse, tripped
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import UNDO_SECONDS, Wish, misshapen
from hptui.core.study.trial import Ended, Paused, Running, Starting, State, Waiting, Why


def heed(state: SchedulerState) -> Iterator[a.Action]:
    """Answer the first wish that can be answered now. A trial that is just starting is waited for."""
    for wish in state.wishes:
        live = state.live.get(wish.trial) if wish.trial is not None else None
        if live and isinstance(live.trial.phase, Starting) and wish.kind in (Wish.PAUSE, Wish.PRUNE, Wish.PUT_AWAY):
            continue
        try:
            answer = _answer(state, wish, live)
        except TRIPS as error:
            answer = refuse(state, wish, tripped(error))
        yield answer
        if any(isinstance(intent, e.HoldSet) and not intent.held for intent in answer.intents):
            yield from _pauses_taken_back(state)
        return


def _pauses_taken_back(state: SchedulerState) -> Iterator[a.Action]:
    """With the session go on trials that had yet to be frozen."""
    for number, live in state.stirring.items():
        if live.parking and live.parking.why is Why.USER and live.place and not (live.ending or live.gone):
            yield a.Thaw((e.Thawed(state.now, number, live.place, "pause taken back by you"),), number)


def _answer(state: SchedulerState, wish: CommandRow, live: Live | None) -> a.Action:
    at = state.now
    if wish.trial is not None and wish.trial >= state.next_number:
        return refuse(state, wish, f"there is no trial {wish.trial}: the last one is {state.next_number - 1}")
    if problem := misshapen(wish.kind, wish.args):
        return refuse(state, wish, problem)
    match wish.kind:
        case Wish.PAUSE if wish.trial is None:
            return a.Record((e.Heeded(at, wish, "you asked: pause the session"), e.HoldSet(at, True)))
        case Wish.RESUME if wish.trial is None:
            if state.stopping is not None and state.stopping.final:
                return refuse(state, wish, f"it is ending: {state.stopping.reason}")
            wanted = [
                e.ResumeWanted(at, number)
                for number, one in state.live.items()
                if isinstance(one.trial.phase, Paused) and one.trial.phase.why is Why.USER
            ]
            return a.Record((e.Heeded(at, wish, "you asked: resume the session"), e.HoldSet(at, False), *wanted))
        case Wish.SLOTS:
            return a.SetPlaces((), wish, wish.args.get("slots", 0))
        case Wish.BUDGET:
            return steer.set_budget(state, wish)
        case Wish.PRUNER:
            return a.SetPruner((), wish)
        case Wish.NOTE:
            return a.Remark((), wish)
        case Wish.DRAIN | Wish.BRING_BACK:
            return answer_about_gpu(state, wish)
        case Wish.STOP if found := done(state):  # it came in the second in which the session ended
            return refuse(state, wish, f"{found}: nothing to stop")
        case Wish.STOP:
            now = bool(wish.args.get("now"))
            reason = "stopped by you" if now else "stopped by you: running trials may finish"
            return a.Record((e.Heeded(at, wish, "you asked: stop"), e.StopAsked(at, reason, now)))
        case Wish.ENQUEUE | Wish.RETRY:
            if wish.kind == Wish.RETRY and live is not None:
                return refuse(state, wish, f"trial {wish.trial} has not ended: nothing to retry")
            if wish.kind == Wish.ENQUEUE and (problem := steer.priority_problem(wish.args)):
                return refuse(state, wish, problem)
            return a.CheckPoint((), wish)
        case Wish.UNDO if "command" in wish.args:
            return steer.take_back_point(state, wish)
        case Wish.UNDO:
            return _undo(state, wish)
        case Wish.PRIORITY | Wish.PIN | Wish.PRUNE | Wish.PUT_AWAY if wish.trial is None:
            return refuse(state, wish, f"{wish.kind} is for a trial: name one")
        case Wish.PAUSE | Wish.RESUME | Wish.PRUNE | Wish.PRIORITY | Wish.PIN | Wish.PUT_AWAY if live is None:
            return refuse(state, wish, f"trial {wish.trial} has ended")
        case Wish.PAUSE:
            return _pause(state, wish, live)
        case Wish.RESUME:
            return _resume(state, wish, live)
        case Wish.PRUNE:
            return _prune(state, wish, live)
        case Wish.PUT_AWAY:
            assert live is not None
            return away.answer(state, wish, live)
        case Wish.PRIORITY:
            assert live is not None
            return steer.set_priority(state, wish, live)
        case Wish.PIN:
            assert live is not None
            return steer.set_pin(state, wish, live)
        case _:
            return refuse(state, wish, f"unknown command {wish.kind!r}")


def _pause(state: SchedulerState, wish: CommandRow, live: Live | None) -> a.Action:
    assert live is not None
    number, at = live.trial.number, state.now
    if live.ending or live.gone:
        return refuse(state, wish, f"trial {number} is ending")
    match live.trial.phase:
        case Waiting() if live.trial.started_at is not None:
            heeded = e.Heeded(at, wish, f"you asked: pause trial {number}")
            return a.Record((heeded, e.ParkAsked(at, number, Why.USER)))
        case Waiting():
            return refuse(state, wish, f"trial {number} has not started: nothing to pause")
        case Paused():
            return refuse(state, wish, f"trial {number} is paused already")
        case _ if live.parking:
            return refuse(state, wish, f"trial {number} is being paused already")
        case _:
            intents = (e.Heeded(at, wish, f"you asked: pause trial {number}"), e.ParkAsked(at, number, Why.USER))
            return a.AskPark(intents, number)


def _resume(state: SchedulerState, wish: CommandRow, live: Live | None) -> a.Action:
    assert live is not None
    number, at = live.trial.number, state.now
    if live.ending or live.gone:
        return refuse(state, wish, f"trial {number} is ending")
    heeded = e.Heeded(at, wish, f"you asked: resume trial {number}")
    match live.trial.phase:
        case Paused(why=Why.DISK):
            return refuse(state, wish, f"trial {number} waits for disk space")
        case Paused() if state.held:
            return refuse(state, wish, f"trial {number} is paused with its session: resume that")
        case Paused(resume_wanted=True):
            return refuse(state, wish, f"trial {number} goes on as soon as a slot is free")
        case Paused():
            return a.Record((heeded, e.ResumeWanted(at, number)))
        case Running() if live.parking and live.place:
            return a.Thaw((heeded, e.Thawed(at, number, live.place, "pause taken back by you")), number)
        case _:
            return refuse(state, wish, f"trial {number} is not paused")


def _prune(state: SchedulerState, wish: CommandRow, live: Live | None) -> a.Action:
    assert live is not None
    number, at = live.trial.number, state.now
    if live.ending or live.gone:
        return refuse(state, wish, f"trial {number} is ending")
    heeded = e.Heeded(at, wish, f"you asked: prune trial {number}")
    if isinstance(live.trial.phase, Waiting):
        when = "before it started" if live.trial.started_at is None else "while it waited to go on"
        outcome = Ended(State.PRUNED, at, f"pruned by you {when}")
        return a.Record((heeded, e.EndAsked(at, number, outcome)))
    if (isinstance(live.trial.phase, Paused) and live.trial.phase.why is Why.UNDO) or (
        live.parking and live.parking.why is Why.UNDO
    ):
        return refuse(state, wish, f"trial {number} is being pruned already")
    return a.AskPark((heeded, e.ParkAsked(at, number, Why.UNDO, at + UNDO_SECONDS)), number)


def _undo(state: SchedulerState, wish: CommandRow) -> a.Action:
    """Take back the prune of the trial named, or the latest one."""
    at = state.now
    undoable: dict[int, float] = {}
    for number, live in state.live.items():
        if live.ending or live.gone or (wish.trial is not None and wish.trial != number):
            continue
        if isinstance(live.trial.phase, Paused) and live.trial.phase.why is Why.UNDO:
            undoable[number] = live.trial.phase.until or 0.0
        elif live.parking and live.parking.why is Why.UNDO:
            undoable[number] = live.parking.until or 0.0
    if not undoable:
        what = f"trial {wish.trial} is not being pruned" if wish.trial is not None else "nothing to undo"
        return refuse(state, wish, what)
    number = max(undoable, key=lambda n: undoable[n])
    live = state.live[number]
    heeded = e.Heeded(at, wish, f"you asked: take back the prune of trial {number}")
    phase = live.trial.phase
    if isinstance(phase, Paused) and phase.was is not None:
        return a.Record((heeded, e.ParkAsked(at, number, phase.was)))
    if isinstance(phase, Paused):
        return a.Record((heeded, e.ResumeWanted(at, number)))
    assert live.place is not None
    return a.Thaw((heeded, e.Thawed(at, number, live.place, "prune taken back by you")), number)
