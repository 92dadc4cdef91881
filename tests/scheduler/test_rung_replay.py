"""A live session's ledger, replayed: from the recorded reports the pure rule says word for word what was decided.

When a report reached the scheduler is not recorded, only when it was written: one that was written before a decision
and had not been judged by then may have counted or not. The replay looks for a way of counting that explains every
decision: what has counted once counts from then on, and where two ways explain one decision (the first of two does not
say who the second is) it goes back to the other when a later decision needs it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Curve, Kind, Promoter, Pruner
from hptui.core.store.rows import EventRow
from hptui.core.study.study import Chosen
from hptui.core.wire.spool import Report, read_from, unpack_number

Make = Callable[..., Any]

SCRIPT = """
    import hptui, random, time

    def objective(trial):
        dice = random.Random(trial.seed)
        for step in range(1, 11):
            time.sleep(dice.uniform(0.0, 0.02))
            trial.report(trial.params["x"] + dice.uniform(0.0, 0.4) / step, step)
            if trial.should_prune():
                raise hptui.TrialPruned()
        return trial.params["x"]
"""
STUDY = """
    seed = 2
    space = {{x = {{type = "float", low = 0.0, high = 1.0}}}}
    sampler = "random"
    pruner = "{pruner}"
    budget = {{n_trials = 14, max_steps = 10}}
    resources = {{slots = 3}}
"""


@dataclass(frozen=True)
class State:
    """What the scheduler may have known: trial -> its reports that have counted, who is held, who has ended how."""

    counted: dict[int, int] = field(default_factory=dict)
    held: frozenset[int] = frozenset()
    kinds: dict[int, Kind] = field(default_factory=dict)


@dataclass
class Replay:
    rule: Pruner
    reports: dict[int, list[tuple[float, int, float]]]  # trial -> (written at, step, loss)
    furthest: int = 0  # the event that no way has explained yet
    tried: int = 0

    def explains(self, events: list[EventRow]) -> bool:
        """Whether one way of counting explains all the events; depth first, choices left open till needed."""
        open_ways = [iter([State()])]
        while open_ways:
            state = next(open_ways[-1], None)
            if state is None:
                open_ways.pop()
                continue
            done = len(open_ways) - 1
            self.furthest = max(self.furthest, done)
            if done == len(events):
                return True
            open_ways.append(self.after(events[done], state))
        return False

    def after(self, event: EventRow, state: State) -> Iterator[State]:
        match event.kind:
            case "judged" | "promoted":
                yield from self._explained(event, state)
            case "ended" if (number := event.trial) is not None:
                kinds = state.kinds | {number: Kind[str(event.data["state"])]}
                yield State(state.counted | {number: len(self.reports[number])}, state.held, kinds)
            case _:
                yield state

    def _explained(self, event: EventRow, state: State) -> Iterator[State]:
        number = event.trial
        assert number is not None
        for counted, seen in self.ways(event, state):
            self.tried += 1
            assert self.tried < 20_000, f"too many ways: {event.kind} of trial {number}: {event.reason}"
            if self._said(event, self.curves(counted, seen, state.kinds)):
                held = state.held - {number} | ({number} if event.data.get("verdict") == "hold" else set())
                yield State(counted, held, state.kinds)

    def ways(self, event: EventRow, state: State) -> Iterator[tuple[dict[int, int], frozenset[int]]]:
        """Every state that the scheduler may have been in; the trial's own reports up to the step judged counted."""
        choices = []
        for number, said in self.reports.items():
            low = state.counted.get(number, 0)
            high = sum(at <= event.at for at, _, _ in said)
            if number == event.trial and "step" in event.data:
                low = high = sum(step <= event.data["step"] for _, step, _ in said)
            choices.append([(number, count) for count in range(low, max(low, high) + 1)])
        for counts in itertools.product(*choices):
            counted = {number: count for number, count in counts if count}
            yield counted, state.held
            yield from ((counted, state.held - {frozen_lately}) for frozen_lately in state.held)

    def curves(self, counted: dict[int, int], held: frozenset[int], kinds: dict[int, Kind]) -> dict[int, Curve]:
        made = {}
        for number, count in counted.items():
            points = self.reports[number][:count]
            steps, losses = np.array([p[1] for p in points], np.int64), np.array([p[2] for p in points], float)
            kind = kinds.get(number, Kind.PENDING)
            made[number] = Curve(number, steps, losses, kind, number in held and kind == Kind.PENDING)
        return made

    def _said(self, event: EventRow, curves: dict[int, Curve]) -> bool:
        if "step" in event.data:  # a verdict; else a trial that was held goes on
            mine = curves.pop(event.trial)  # type: ignore[arg-type]  # the trial is there: its report counted
            verdict = self.rule.judge(mine, list(curves.values()))
            return verdict is not None and verdict.reason == event.reason
        assert isinstance(self.rule, Promoter)
        answers = [self.rule.promote(list(curves.values()), closing) for closing in (False, True)]
        return any(one is not None and (one.number, one.reason) == (event.trial, event.reason) for one in answers)


@pytest.mark.parametrize("pruner", ["asha", "hyperband", "pasha", "successive_halving"])
def test_the_pure_rule_explains_every_decision_of_a_live_session(session: Make, pruner: str) -> None:
    s = session(SCRIPT, STUDY.format(pruner=pruner))
    s.start()
    assert s.finish()["ok"]

    reports = {}
    for number in s.trials():
        lines, _ = read_from(s.folder.trial(number).spool, 0)
        said = [(line.at, line.step, unpack_number(line.value)) for line in lines if isinstance(line, Report)]
        reports[number] = [(at, step, loss) for at, step, loss in said if loss is not None]
    replay = Replay(make_pruner(Chosen(name=pruner), "minimize", 10), reports)
    events = s.events("judged", "promoted", "ended")
    assert replay.explains(events), f"nothing explains: {events[replay.furthest]}"

    decisions = s.events("judged", "promoted")
    assert len(decisions) >= 14
    assert all({"rung", "rank", "cohort", "value"} <= event.data.keys() for event in decisions)
