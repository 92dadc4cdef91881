"""One search over JSON lines: the project's own samplers, asked as a session asks them.

    python bench/search_adapter.py [--sampler tpe --option startup=10]

One object per line on standard input, one answer per line on standard output; the end of input ends it.

    {"space": {name: {"type": ["float",lo,hi,log] | ["int",lo,hi,log] | ["cat",[..]], "condition": [parent,[values]]?}},
     "seed": 0, "trials": 100, "parallel": 1}   -> {"ok": true}
    {"ask": n}                                   -> {"configs": [{...}, ...]}   active parameters only
    {"tell": [config, value]}                    -> {"ok": true}                lower is better; null: it failed

When all points of a finite space were tried, further ones are repeats.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from hptui.core.scheduler.one_thread import one_thread

with one_thread():  # as in a session; before anything else imports them
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401

from hptui.core.search.catalog import make_sampler
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Exhausted, Kind, Proposal, Recommender, Sampler
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

Config = dict[str, Any]


class Search:
    """A sampler, and the trials it has proposed: pending until they are told."""

    def __init__(self, chosen: Chosen, space: Space, seed: int) -> None:
        self._space = space
        self._sampler: Sampler = make_sampler(chosen, space, seed)
        self._again = make_sampler(Chosen(name="random"), space, seed, grows=True)
        self._seen = Observations(space.dim)
        self._pending: list[tuple[int, Config]] = []
        self._asked = 0
        self.whys: list[str] = []

    def ask(self) -> Config:
        answer = self._sampler.ask(self._seen.history(), self._asked)
        if isinstance(answer, Exhausted):
            answer = self._again.ask(self._seen.history(), self._asked)
        assert isinstance(answer, Proposal)
        config = self._space.values(answer.x)
        self._pending.append((self._asked, config))
        self._note(self._asked, config, None, Kind.PENDING)
        self._asked += 1
        self.whys.append(answer.why)
        return config

    def tell(self, config: Config, value: float | None) -> None:
        """value: None, or what is not finite: it can't be evaluated. Raises KeyError for one that is not pending."""
        known = value is not None and math.isfinite(value)
        for place, (number, pending) in enumerate(self._pending):
            if pending == config:
                del self._pending[place]
                return self._note(number, config, value, Kind.COMPLETE if known else Kind.INFEASIBLE)
        raise KeyError(f"{config} is not pending")

    def recommended(self) -> Config | None:
        """What the sampler itself holds for best among the told; None for one that has no opinion."""
        if not isinstance(self._sampler, Recommender):
            return None
        history = self._seen.history()
        number = self._sampler.recommend(history)
        return self._space.values(history.x[history.numbers == number][0])

    def _note(self, number: int, config: Config, value: float | None, kind: Kind) -> None:
        x = tuple(None if math.isnan(u) else float(u) for u in self._space.point(config))
        self._seen.add(Observation(number, x, value if kind is Kind.COMPLETE else None, kind, -1))


def space_from_lines(stated: Mapping[str, Mapping[str, Any]]) -> Space:
    """The space as the lines state it: `{"lr": {"type": ["float", 1e-5, 1.0, true]}}`."""
    return Space.parse({name: _definition(parameter) for name, parameter in stated.items()})


def _definition(parameter: Mapping[str, Any]) -> dict[str, Any]:
    kind, *rest = parameter["type"]
    if kind == "cat":
        definition: dict[str, Any] = {"type": "categorical", "choices": rest[0]}
    else:
        definition = {"type": kind, "low": rest[0], "high": rest[1], "log": rest[2]}
    if "condition" in parameter:
        parent, values = parameter["condition"]
        definition["when"] = {parent: values}
    return definition


def serve(chosen: Chosen) -> None:
    search: Search | None = None
    for line in sys.stdin:
        message = json.loads(line)
        answer: dict[str, Any] = {"ok": True}
        if "space" in message:
            search = Search(chosen, space_from_lines(message["space"]), message["seed"])
        elif search is None:
            raise SystemExit("the first line must state the space")
        elif "ask" in message:
            answer = {"configs": [search.ask() for _ in range(message["ask"])]}
        else:
            search.tell(*message["tell"])
        print(json.dumps(answer), flush=True)


def options(written: list[str]) -> dict[str, float | str]:
    """`["startup=10", "kernel=additive"]` as a dict of numbers and words."""
    stated = {name: value for name, _, value in (one.partition("=") for one in written)}
    return {name: value if value.isalpha() else float(value) for name, value in stated.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="One search over JSON lines, with a sampler of the catalog.")
    parser.add_argument("--sampler", default="auto")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    serve(Chosen(name=asked.sampler, options=options(asked.option)))
