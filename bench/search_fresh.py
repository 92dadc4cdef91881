"""Samplers on problems that none of them was tuned on (`bench.search_fresh_problems`); prints the table.

    python -m bench.search_fresh --ours auto,gp,tpe --peers gp,tpe --seeds 0-2 [--parallel 4] [--noise 0.05]

Ratio: regret / that of random search's best of 100, geometric mean over searches, at least 1e-4. Peers are Optuna's.
With --noise each loss gets normal noise with a standard deviation of so much of the median regret of a random guess;
scored is what the configuration is truly worth: the recommended one, or the one with the lowest loss seen.
Searches that are in --out are not run again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from bench.search_compare import seeds  # before numpy: one thread

import numpy as np  # isort: skip

from bench.search_adapter import Search, options
from bench.search_fresh_problems import NAMES, Problem, problem
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

AT = (25, 50, 100)
FLOOR = 1e-4
Run = dict[str, Any]


class Optuna:
    """A sampler of Optuna, asked as ours are."""

    def __init__(self, name: str, space: dict[str, Any], seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        made = {
            "gp": lambda: optuna.samplers.GPSampler(seed=seed, deterministic_objective=False),
            "tpe": lambda: optuna.samplers.TPESampler(
                seed=seed, multivariate=True, group=True, constant_liar=True, warn_independent_sampling=False
            ),
            "cmaes": lambda: optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False),
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        }[name]
        self._space, self._study, self._open = space, optuna.create_study(sampler=made()), list[tuple[Any, Any]]()

    def ask(self) -> dict[str, Any]:
        trial, config = self._study.ask(), dict[str, Any]()
        for name, at in self._space.items():
            if any(config.get(parent) != value for parent, value in at.get("when", {}).items()):
                continue
            if at["type"] == "categorical":
                config[name] = trial.suggest_categorical(name, at["choices"])
            elif at["type"] == "int":
                config[name] = trial.suggest_int(name, at["low"], at["high"], log=at.get("log", False))
            else:
                config[name] = trial.suggest_float(name, at["low"], at["high"], log=at.get("log", False))
        self._open.append((config, trial))
        return config

    def tell(self, config: dict[str, Any], loss: float) -> None:
        place = next(i for i, (known, _) in enumerate(self._open) if known == config)
        self._study.tell(self._open.pop(place)[1], loss)

    def recommended(self) -> dict[str, Any] | None:
        return None


def searcher(name: str, of: Problem, seed: int) -> Any:
    owner, _, called = name.partition("_")
    if owner == "optuna":
        return Optuna(called, of.space, seed)
    chosen, *stated = called.split(":")
    return Search(Chosen(name=chosen, options=options(stated)), Space.parse(of.space), seed)


def guesses(of: Problem) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(21, 100) losses of random points: what a guess, and a random search, is worth."""
    space, rng = Space.parse(of.space), np.random.default_rng(99)
    return np.array([[of.loss(space.values(rng.random(space.dim))) for _ in range(100)] for _ in range(21)])


def search(name: str, called: str, seed: int, parallel: int, noise: float) -> Run:
    """One search: for each trial in the order of their ends, the true regret of what would be chosen then."""
    of = problem(called, seed)
    by_chance = guesses(of)
    errors = np.random.default_rng([seed, 7]).standard_normal(AT[-1]) * noise * float(np.median(by_chance))
    s, rng = searcher(name, of, seed), np.random.default_rng(10_000 + seed)
    out, truths, losses, own, asked = list[Any](), list[float](), list[float](), dict[int, float](), 0
    began = time.process_time()
    while len(truths) < AT[-1]:
        while len(out) < parallel and asked < AT[-1]:
            out.append(s.ask())
            asked += 1
        config = out.pop(int(rng.integers(len(out))) if len(out) > 1 else 0)
        truths.append(of.loss(config))
        losses.append(truths[-1] + float(errors[len(losses)]))
        s.tell(config, losses[-1])
        if noise and len(truths) in AT:
            choice = s.recommended()
            own[len(truths)] = truths[int(np.argmin(losses))] if choice is None else of.loss(choice)
    regrets = [own[n] if noise else min(truths[:n]) for n in AT]
    lowest = [truths[int(np.argmin(losses[:n]))] for n in AT]
    r100 = float(np.median(by_chance.min(axis=1)))
    ms = 1e3 * (time.process_time() - began) / AT[-1]
    about = {"sampler": name, "problem": called, "seed": seed, "parallel": parallel, "noise": noise, "ms": ms}
    return {**about, "ratio": [r / r100 for r in regrets], "lowest": [r / r100 for r in lowest]}


def key(run: Run) -> tuple[Any, ...]:
    return run["sampler"], run["problem"], run["seed"], run["parallel"], run["noise"]


def told(runs: dict[Any, Run], names: list[str], cells: list[Any], each: bool) -> None:
    print("| sampler | ratio after 25 | 50 | 100 | mean rank after 25 | 50 | 100 | ms |\n|" + "---|" * 8)
    values = np.array([[np.maximum(runs[(name, *c)]["ratio"], FLOOR) for c in cells] for name in names])  # (s, c, 3)
    ranks = (values[:, None] > values[None]).sum(1) + 0.5 * (values[:, None] == values[None]).sum(1) + 0.5
    for i, name in enumerate(names):
        means = " | ".join(f"{v:.2g}" for v in np.exp(np.log(values[i]).mean(axis=0)))
        ms = np.mean([runs[(name, *c)]["ms"] for c in cells])
        print(f"| {name} | {means} | " + " | ".join(f"{v:.2f}" for v in ranks[i].mean(axis=0)) + f" | {ms:.0f} |")
    for called in sorted({c[0] for c in cells}) if each else ():
        rows = [i for i, c in enumerate(cells) if c[0] == called]
        means = np.exp(np.log(values[:, rows]).mean(axis=1))
        cells_of = (f"{name} " + " / ".join(f"{v:.2g}" for v in row) for name, row in zip(names, means, strict=True))
        print(f"{called:>16}: " + "; ".join(cells_of))


def main() -> None:
    parser = argparse.ArgumentParser(description="Samplers on problems that none was tuned on.")
    parser.add_argument("--ours", default="", help="samplers of the catalog, comma separated")
    parser.add_argument("--peers", default="", help="Optuna's: gp, tpe, cmaes, random")
    parser.add_argument("--problem", default=",".join(NAMES))
    parser.add_argument("--seeds", default="0-2")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--each", action="store_true", help="problem by problem too")
    parser.add_argument("--out", type=Path, default=Path("build/search_fresh.jsonl"), help="where results are kept")
    asked = parser.parse_args()
    names = [f"hptui_{n}" for n in asked.ours.split(",") if n] + [f"optuna_{n}" for n in asked.peers.split(",") if n]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    lines = asked.out.read_text().splitlines() if asked.out.exists() else []
    runs = {key(run): run for run in map(json.loads, lines)}
    cells = [(p, s, asked.parallel, asked.noise) for s in seeds(asked.seeds) for p in asked.problem.split(",")]
    for cell in cells:
        for name in names:
            if (name, *cell) not in runs:
                runs[(name, *cell)] = search(name, *cell)
                with asked.out.open("a") as out:
                    out.write(json.dumps(runs[(name, *cell)]) + "\n")
    told(runs, names, cells, asked.each)


if __name__ == "__main__":
    main()
