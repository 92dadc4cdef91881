"""Does what `plan` asks for. The events it returns say what came of it."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Sequence
from dataclasses import replace

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.answering import answer
from hptui.core.scheduler.gear import Gear, kind_of, lesson, locate, observation
from hptui.core.scheduler.heirs import heirs_of
from hptui.core.scheduler.holding import by_value, who_gives_way
from hptui.core.scheduler.judging import listens, rule_for
from hptui.core.scheduler.room_left import room_left
from hptui.core.scheduler.starter import Starter
from hptui.core.scheduler.state import AWAY, GPU_MEMORY, Live, SchedulerState
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Compared, Finisher, Go, Hold, Promoter, Ranker, Stop
from hptui.core.store.rows import CommandRow
from hptui.core.study.remarks import is_pinned
from hptui.core.study.study import CONSTRAINTS
from hptui.core.study.trial import State
from hptui.core.wire.control import Ask, Verdict


class Hands:
    def __init__(self, gear: Gear, starter: Starter) -> None:
        self._gear, self._starter = gear, starter
        self._lessons: list[Observation] = []  # that the sampler has yet to hear of
        self._spared: set[int] = set()  # pinned trials that the ledger has told of

    def perform(self, action: a.Action, state: SchedulerState) -> list[e.Event]:
        match action:
            case a.BootServer():
                return self._starter.boot(state.server.deaths)
            case a.AskThinker(number=number):
                self.teach()
                self._gear.thinker.ask(number)
            case a.Launch(number=number, place=Place() as place, cold=cold):
                return self._starter.launch(state.live[number], place, cold, state.rules.max_steps)
            case a.AskRule():
                return self._ask_rule(action, state)
            case a.TellToStop(number=number, milestone=milestone):
                self._answer(number, milestone, Verdict.STOP)
            case a.AskPark(number=number):
                return self._park(number)
            case a.MoveMemory(number=number, verb=verb, need_bytes=need):
                return self._move_memory(state.live[number], verb, need)
            case a.Freeze(number=number):
                if state.live[number].trial.attrs.get(GPU_MEMORY) == AWAY:
                    self._starter.resize(number, 0)
                self._gear.children.signal(number, signal.SIGSTOP)
            case a.Thaw(number=number):
                self._thaw(number)
            case a.Signal(number=number, kill=kill):
                self._ask(number, Ask.STOP)
                signals = (signal.SIGKILL,) if kill else (signal.SIGTERM, signal.SIGCONT)
                self._gear.children.signal(number, *signals)
            case a.Settle(number=number, live=Live() as live):
                self._settle(number, live, action.intents)
            case a.PutAway(number=number):
                self._clear(number)
            case a.Resize(number=number, units=units):
                self._starter.resize(number, units)
            case a.Answer(command=CommandRow() as wish):
                return answer(self._gear, action, wish, state)
        return []

    def _ask_rule(self, action: a.AskRule, state: SchedulerState) -> list[e.Event]:
        """What the pruner says. One that fails, as somebody else's may, ends the session as a sampler that fails does.
        """
        try:
            match action:
                case a.Judge(number=number, milestone=milestone, step=step):
                    return self._judge(state, number, milestone, step)
                case a.AskPruner(held=held, closing=closing):
                    return self._promote(state, held, closing)
                case a.MakeRoom(over_bytes=over, candidates=candidates, reason=reason):
                    return self._make_room(state, over, candidates, reason)
        except Exception as error:
            traceback.print_exc()  # into the scheduler's log
            at, events = self._gear.clock.now(), list[e.Event]()
            if state.stopping is None:
                events.append(e.StopAsked(at, f"the pruner failed: {type(error).__name__}: {error}", ok=False))
            if isinstance(action, a.Judge):
                self._answer(action.number, action.milestone, Verdict.GO)
                events.append(e.Judged(at, action.number, action.milestone, action.step, "go"))
            return events
        return []

    def _promote(self, state: SchedulerState, held: frozenset[int], closing: bool) -> list[e.Event]:
        gear = self._gear
        if not isinstance(gear.pruner, Promoter):
            return []
        gear.book.set_held(held)
        curves, room = gear.book.curves(), room_left(state)
        answer = gear.pruner.finish(curves, room) if room and isinstance(gear.pruner, Finisher) else None
        answer = answer or gear.pruner.promote(curves, closing)
        if answer is None:
            return []
        return [e.Promoted(gear.clock.now(), answer.number, answer.reason, self._told(answer.compared))]

    def _judge(self, state: SchedulerState, number: int, milestone: int, step: int) -> list[e.Event]:
        gear = self._gear
        gear.book.set_held(state.at_their_rungs)
        gear.book.place(number, self._place_of(state.live[number]))
        rule = rule_for(gear.pruner, state.live[number])
        curve, others = gear.book.curve(number), gear.book.others(number)
        verdict = rule.judge(curve, others)
        if isinstance(verdict, Hold) and isinstance(rule, Finisher) and (room := room_left(state, held_too=False)):
            last = rule.finish([*others, replace(curve, held=True)], room)
            verdict = Go(last.reason, last.compared) if last is not None and last.number == number else verdict
        at = gear.clock.now()
        numbers = self._told(verdict.compared) if verdict is not None else {}
        if isinstance(verdict, Hold | Stop) and is_pinned(state.live[number].trial.attrs):
            return [self._spare(number, milestone, step, verdict.reason)]
        match verdict:
            case Hold(reason=reason):  # it is frozen where it waits; the answer comes when it goes on
                self._teach_so_far(state.live[number])
                return [e.Judged(at, number, milestone, step, "hold", reason, numbers)]
            case Stop(reason=reason, heir=heir):
                judged = e.Judged(at, number, milestone, step, "stop", reason, numbers)
                return [judged, *(heirs_of(gear, state, number, step, heir) if heir else ())]
            case Go(reason=reason):
                self._answer(number, milestone, Verdict.GO)
                return [e.Judged(at, number, milestone, step, "go", reason, numbers)]
            case _:
                self._answer(number, milestone, Verdict.GO)
                return [e.Judged(at, number, milestone, step, "go")]

    def _told(self, compared: Compared | None) -> dict[str, float | int | None]:
        return compared.told(self._gear.study.sign) if compared is not None else {}

    def _spare(self, number: int, milestone: int, step: int, reason: str) -> e.Event:
        """A pinned trial goes on; the ledger hears once what its pruner would have done."""
        self._answer(number, milestone, Verdict.GO)
        told = "" if number in self._spared else f"pinned by you, so it goes on; its pruner said: {reason}"
        self._spared.add(number)
        return e.Judged(self._gear.clock.now(), number, milestone, step, "spared", told)

    def _answer(self, number: int, milestone: int, verdict: Verdict) -> None:
        child = self._gear.children.all.get(number)
        if child is not None and child.control is not None:
            child.control.answer(milestone, verdict)

    def _ask(self, number: int, ask: Ask) -> None:
        child = self._gear.children.all.get(number)
        if child is not None and child.control is not None:
            child.control.ask(ask)

    def _park(self, number: int) -> list[e.Event]:
        """Ask it to wait in report(). One that waits there still from the last time does not say so again."""
        self._ask(number, Ask.PARK)
        child = self._gear.children.all.get(number)
        waits = child is not None and child.control is not None and child.control.parked
        return [e.Parked(self._gear.clock.now(), number)] if waits else []

    def _thaw(self, number: int) -> None:
        child = self._gear.children.all.get(number)
        if child is None or child.control is None:
            return
        child.control.ask(Ask.GO)
        if child.milestone > child.control.answered:
            child.control.answer(child.milestone, Verdict.GO)
        self._gear.children.signal(number, signal.SIGCONT)

    def _settle(self, number: int, live: Live, intents: Sequence[e.Event]) -> None:
        """Nothing of the trial is left running; the pruner learns of its end, and the sampler when nothing hurries."""
        self._clear(number)
        for event in intents:
            if isinstance(event, e.Settled):
                self._learn(live, event)

    def teach(self) -> None:
        """The sampler hears of trials that have ended: once their slots are filled, before it is asked again."""
        gear = self._gear
        lessons, self._lessons = self._lessons, []
        for seen in lessons:
            gear.thinker.observe(seen)
            if gear.adviser.one_more():
                gear.thinker.look_at(str(gear.folder.path), gear.study.budget.max_steps)

    def _make_room(
        self, state: SchedulerState, over_bytes: int, candidates: frozenset[int], reason: str
    ) -> list[e.Event]:
        """The pruner's own order, where it has one; else the worst value first."""
        gear = self._gear
        held = by_value([state.live[number] for number in candidates], gear.study.sign)
        if isinstance(gear.pruner, Ranker):
            gear.book.set_held(state.at_their_rungs)
            order = gear.pruner.least_promising(gear.book.curves())
            rank = {number: place for place, number in enumerate(order)}
            held.sort(key=lambda live: rank.get(live.trial.number, len(rank)))
        return who_gives_way(held, over_bytes, reason, gear.clock.now())

    def _move_memory(self, live: Live, verb: str, need_bytes: int) -> list[e.Event]:
        gear, number = self._gear, live.trial.number
        child, at = gear.children.all.get(number), gear.clock.now()
        if child is None or child.process is None:
            return []
        if verb == "back":
            if live.place is not None and not self._starter.lease_again(live, live.place):
                return [e.MemoryMoving(at, number, AWAY)]
            gear.children.signal(number, signal.SIGCONT)  # the driver's thread in it must run
        gear.freezers.start(number, verb, child.process.pid, need_bytes, gear.folder.trial(number).path / "freezer")
        return []

    def _clear(self, number: int) -> None:
        """End whatever is left of its process, and forget it."""
        gear = self._gear
        gear.children.clear(number, f"{gear.session_id}/{number}")
        gear.children.forget(number)
        self._starter.forget(number)

    def _teach_so_far(self, live: Live) -> None:
        """A held trial may never go on: until it ends, the sampler learns from it as from one stopped there."""
        gear, number = self._gear, live.trial.number
        curve, x = gear.book.curve(number), self._place_of(live)
        told = curve if listens(gear.study) else None
        gear.thinker.observe(observation(number, x, State.PRUNED, None, curve.last, curve.last_step, curve=told))

    def _place_of(self, live: Live) -> tuple[float | None, ...]:
        return locate(self._gear.space, live.used) if live.used else live.trial.x

    def _learn(self, live: Live, settled: e.Settled) -> None:
        gear, trial, outcome = self._gear, live.trial, settled.outcome
        loss = None if settled.value is None else gear.study.sign * settled.value
        losses, limits = gear.study.losses(settled.value, trial.attrs), trial.attrs.get(CONSTRAINTS, {})
        cause = lesson(outcome.cause, outcome.may_retry)
        curve = gear.book.curve(trial.number) if listens(gear.study) else None
        x = self._place_of(live)
        seen = observation(trial.number, x, outcome.state, cause, loss, trial.step, losses, limits, curve)
        self._lessons.append(seen)
        if gear.milestones is not None:
            gear.book.close(trial.number, kind_of(outcome.state, cause))
