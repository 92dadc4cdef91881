"""One multi-fidelity search over JSON lines: the project's own pruners and samplers, asked as a session asks them.

    python bench/multifidelity_adapter.py [--pruner asha --sampler tpe --pruner-option reduction_factor=4]

The client is a simulator of workers that train recorded configurations epoch by epoch; every line is an object with
an `op`: init, ask (a worker is free), started, report (an epoch is done) and end. Losses are lower is better.
With a pool of configurations the one nearest to each proposal is tried; the random sampler draws rows of it, and
`auto` knows that there are no others. Without, the simulator trains the nearest configuration that it has and that was
not tried, and says which: there is none nearer, and `auto` proposes nothing in between again.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

if not __package__:  # run as a file, from anywhere
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip

from bench.search_adapter import options
from hptui.core.scheduler.book import Book
from hptui.core.search.catalog import by_curves, make_pruner, make_sampler, taught
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Array, Curve, Exhausted, Finisher, Hold, Kind, Promoter, Resume, Stop
from hptui.core.search.pruners.thaw_mind import Thought
from hptui.core.search.samplers.thaw import NewPoints
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

Config = dict[str, Any]
Message = dict[str, Any]


@dataclass(frozen=True)
class Unseen(NewPoints):
    """Of configurations that are there, but are not told.

    missed: points asked for, as features, and how far away what was trained instead is: nothing untried is nearer.
    """

    missed: list[tuple[Array, float]] = field(default_factory=list, compare=False)

    def candidates(self, thought: Thought, number: int) -> Array:
        points = super().candidates(thought, number)
        features = self.mind.ear.features(points)
        open_ = np.ones(len(points), bool)
        for asked, distance in self.missed:
            open_ &= ((features - asked) ** 2).sum(axis=1) > distance**2
        return points[open_] if open_.any() else points

    def note(self, asked: Array, trained: Array) -> None:
        """Points of the cube, NaN where a parameter is inactive."""
        one, other = self.mind.ear.features(np.array([asked, trained]))
        if distance := float(np.sqrt(((one - other) ** 2).sum())):
            self.missed.append((one, distance))


class Study:
    """A session without processes: the trials that a simulator trains, and the decisions on them."""

    def __init__(self, info: Mapping[str, Any], pruner: Chosen, sampler: Chosen) -> None:
        self._space = Space.parse(definitions(info["space"]))
        pool = [self._point(config) for config in info["pool"]] if info.get("pool") else None
        points = None if pool is None else np.array(pool)
        self.pruner = make_pruner(pruner, "minimize", info["max_epoch"], self._space, info["seed"], points)
        self._milestones = self.pruner.milestones()
        made = by_curves(make_sampler(sampler, self._space, info["seed"]), sampler, self.pruner)
        if isinstance(made, NewPoints) and points is None:
            made = Unseen(made.first, made.mind)
        self._unseen = made if isinstance(made, Unseen) else None
        self._sampler = taught(made, sampler, self.pruner)
        self._asked: dict[int, Array] = {}
        # drawn as the simulator's own random search draws them, so that both see the same rows
        rows = np.random.default_rng([info["seed"], 99]).permutation(info["n_configs"]).tolist()
        self._rows: list[int] | None = rows if pool and sampler.name == "random" else None
        self._limit = min(info.get("max_trials") or info["n_configs"], info["n_configs"])
        self._seen = Observations(self._space.dim)
        self._points: dict[int, tuple[float | None, ...]] = {}
        self._book = Book()
        self._started = 0
        self._running: set[int] = set()
        self._held: set[int] = set()
        self._budget, self._workers = info.get("budget_epochs"), info["workers"]
        self._spent = 0

    def ask(self) -> Message:
        """What a free worker does."""
        coming = self._started < self._limit
        if self._held and isinstance(self.pruner, Promoter):
            self._book.set_held(frozenset(self._held))
            answer = self._finisher(self._book.curves(), self._held | self._running)
            answer = answer or self.pruner.promote(self._book.curves(), closing=not coming)
            if answer is not None:
                self._held.discard(answer.number)
                self._running.add(answer.number)
                return {"resume": answer.number}
        if not coming:
            return {"wait": True} if self._running else {"done": True}
        number = self._started
        self._started += 1
        self._running.add(number)
        if self._rows is not None:
            return {"start": number, "row": self._rows[number]}
        # in a session, too, the sampler hears of a held trial as of one that was stopped: it may never go on
        curves = (replace(curve, kind=Kind.PRUNED) if curve.held else curve for curve in self.curves)
        history = replace(self._seen.history(), curves=tuple(curves))
        proposal = self._sampler.ask(history, number)
        if isinstance(proposal, Exhausted):
            return {"wait": True} if self._running else {"done": True}
        self._asked[number] = proposal.x
        return {"start": number, "config": self._space.values(proposal.x)}

    @property
    def curves(self) -> list[Curve]:
        return self._book.curves()

    def note_start(self, number: int, config: Config) -> None:
        """The configuration that is really trained."""
        trained = self._point(config)
        if self._unseen is not None:
            self._unseen.note(self._asked.pop(number), trained)
        self._points[number] = tuple(None if math.isnan(u) else float(u) for u in trained)
        self._book.place(number, self._points[number])
        self._observe(number, None, Kind.PENDING, -1)

    def report(self, number: int, epoch: int, loss: float, last: bool) -> str:
        """The verdict: continue, pause or stop."""
        self._book.write(number, [(epoch, loss)])
        self._spent += 1
        curve = self._book.curve(number)
        previous = int(curve.steps[-2]) if len(curve.steps) > 1 else -1
        if last:
            return self._end(number, Kind.COMPLETE if math.isfinite(loss) else Kind.INFEASIBLE, loss, epoch)
        if self._milestones is None or not self._milestones.reached(epoch, previous):
            return "continue"
        self._book.set_held(frozenset(self._held))
        curve, others = self._book.curve(number), self._book.others(number)
        match self.pruner.judge(curve, others):
            case Stop():
                return self._end(number, Kind.PRUNED, loss, epoch)
            case Hold():
                last = self._finisher([*others, replace(curve, held=True)], self._running)
                if last is not None and last.number == number:
                    return "continue"
                self._running.discard(number)
                self._held.add(number)
                self._observe(number, loss, Kind.PRUNED, epoch)
                return "pause"
            case _:
                return "continue"

    def _finisher(self, curves: list[Curve], asked: set[int]) -> Resume | None:
        """Who has to go on now to be complete before the budget ends, as a session with `total_steps` asks."""
        if not self._budget or not isinstance(self.pruner, Finisher):
            return None
        return self.pruner.finish(curves, dict.fromkeys(asked, (self._budget - self._spent) / self._workers))

    def _point(self, config: Config) -> Array:
        return self._space.point({name: value for name, value in config.items() if name in self._space.names})

    def _end(self, number: int, kind: Kind, loss: float, epoch: int) -> str:
        self._running.discard(number)
        self._book.close(number, kind)
        self._observe(number, loss, kind, epoch)
        return "stop"

    def _observe(self, number: int, loss: float | None, kind: Kind, epoch: int) -> None:
        self._seen.add(Observation(number, self._points[number], loss, kind, epoch))


def definitions(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The space as study files write it."""
    out: dict[str, Any] = {}
    for name, parameter in stated.items():
        if parameter["type"] in ("cat", "ordinal"):
            definition: dict[str, Any] = {"type": "categorical", "choices": parameter["choices"]}
        else:
            definition = {key: parameter[key] for key in ("type", "low", "high", "log") if key in parameter}
        if "when" in parameter:
            definition["when"] = parameter["when"]
        out[name] = definition
    return out


def serve(pruner: Chosen, sampler: Chosen) -> None:
    study: Study | None = None
    for line in sys.stdin:
        message = json.loads(line)
        answer: Message | None = None
        match message["op"]:
            case "init":
                study = Study(message, pruner, sampler)
                answer = {"ok": True, "name": f"hptui {sampler.name}+{pruner.name}"}
            case "end":
                return
            case _ if study is None:
                raise SystemExit("the first line must be init")
            case "ask":
                answer = study.ask()
            case "started":
                study.note_start(message["id"], message["config"])
            case "report":
                loss = message["metrics"]["val_loss"]
                loss = math.nan if loss is None else loss
                answer = {"decision": study.report(message["id"], message["epoch"], loss, message["last"])}
        if answer is not None:
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="One multi-fidelity search over JSON lines.")
    parser.add_argument("--pruner", default="auto")
    parser.add_argument("--sampler", default="auto")
    parser.add_argument("--pruner-option", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--sampler-option", action="append", default=[], metavar="NAME=NUMBER")
    asked = parser.parse_args()
    serve(
        Chosen(name=asked.pruner, options=options(asked.pruner_option)),
        Chosen(name=asked.sampler, options=options(asked.sampler_option)),
    )
