"""A live session's ledger, replayed: from the recorded reports the pure rule says word for word what was decided.

When a report reached the scheduler is not recorded, only when it was written: one that was written before a decision
and had not been judged by then may have counted or not. The replay looks for a way of counting that explains every
decision, and keeps to it: what has counted once counts from then on.
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


@dataclass
class Replay:
    rule: Pruner
    reports: dict[int, list[tuple[float, int, float]]]  # trial -> (written at, step, loss)
    counted: dict[int, int] = field(default_factory=dict)  # trial -> how many of its reports have counted
    held: set[int] = field(default_factory=set)
    kinds: dict[int, Kind] = field(default_factory=dict)
    explained: int = 0

    def curves(self, counted: dict[int, int], held: set[int]) -> dict[int, Curve]:
        made = {}
        for number, count in counted.items():
            points = self.reports[number][:count]
            steps, losses = np.array([p[1] for p in points], np.int64), np.array([p[2] for p in points], float)
            kind = self.kinds.get(number, Kind.PENDING)
            made[number] = Curve(number, steps, losses, kind, number in held and kind == Kind.PENDING)
        return made

    def ways(self, event: EventRow) -> Iterator[tuple[dict[int, int], set[int]]]:
        """Every state that the scheduler may have been in; the trial's own reports up to the step judged counted."""
        choices = []
        for number, said in self.reports.items():
            low = self.counted.get(number, 0)
            high = sum(at <= event.at for at, _, _ in said)
            if number == event.trial and "step" in event.data:
                low = high = sum(step <= event.data["step"] for _, step, _ in said)
            choices.append([(number, count) for count in range(low, max(low, high) + 1)])
        for counts in itertools.product(*choices):
            counted = {number: count for number, count in counts if count}
            for hidden in self.frozen_lately():
                yield counted, self.held - set(hidden)

    def frozen_lately(self) -> Iterator[tuple[int, ...]]:
        yield ()
        yield from ((number,) for number in self.held)

    def follow(self, event: EventRow) -> None:
        match event.kind:
            case "judged" | "promoted":
                self._explain(event)
            case "ended":
                self.kinds[event.trial or 0] = Kind[str(event.data["state"])]
                self.counted[event.trial or 0] = len(self.reports[event.trial or 0])

    def _explain(self, event: EventRow) -> None:
        number = event.trial
        assert number is not None
        for counted, held in self.ways(event):
            if self._said(event, counted, held):
                self.counted, self.explained = counted, self.explained + 1
                self.held.discard(number)
                if event.data.get("verdict") == "hold":
                    self.held.add(number)
                return
        raise AssertionError(f"nothing explains: {event.kind} of trial {number}: {event.reason}")

    def _said(self, event: EventRow, counted: dict[int, int], held: set[int]) -> bool:
        curves = self.curves(counted, held)
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
    for event in s.events():
        replay.follow(event)

    decisions = s.events("judged", "promoted")
    assert replay.explained == len(decisions) >= 14
    assert all({"rung", "rank", "cohort", "value"} <= event.data.keys() for event in decisions)
