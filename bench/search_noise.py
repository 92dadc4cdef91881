"""Samplers on losses with seeded noise: how good the configuration that is recommended truly is.

    python -m bench.search_noise --bench DIR --ours auto,gp --peers optuna_gp,optuna_tpe --noise 0.05,0.2 --seeds 0-4

Every loss gets normal noise with a standard deviation of so much of the regret of one random guess; the noise of
trial i is the same for every sampler. Scored without noise: the configuration with the lowest loss seen, and, where
the sampler has one, its own recommendation. DIR as for `bench.search_compare`.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.search_compare import offer, seeds  # before numpy: one thread

import numpy as np  # isort: skip

AT = (25, 50, 100)
Key = tuple[str, str, int, float]


def search(
    run: Any, refs: Callable[[Any], Any], at: tuple[int, ...], name: str, problem: str, seed: int, noise: float
) -> dict[str, Any]:
    """One search: true regrets of the seen best and of the recommended configuration after `at` trials."""
    p = run.get_problem(problem, seed)
    about = {"sampler": name, "problem": problem, "seed": seed, "noise": noise, "optimum": p.optimum}
    spread = refs(about)[0]
    errors = np.random.default_rng([seed, 7]).standard_normal(AT[-1]) * noise * spread
    s = run.samplers.make(name, p.space, seed, AT[-1], 1)
    seen, recommended, lowest, best = [], [], float("inf"), float("nan")
    try:
        for n in range(1, at[-1] + 1):
            config = s.ask()
            truth = p(config)
            loss = truth + errors[n - 1]
            s.tell(config, float(loss))
            if loss < lowest:
                lowest, best = loss, truth - p.optimum
            if n in at:
                own = s.recommended() if hasattr(s, "recommended") else None
                seen.append(best)
                recommended.append(best if own is None else p(own) - p.optimum)
    finally:
        s.close()
    return {**about, "seen": seen, "recommended": recommended}


def key(run: dict[str, Any]) -> Key:
    return run["sampler"], run["problem"], run["seed"], run["noise"]


def ratios(analyse: Any, run: dict[str, Any], which: str) -> list[float]:
    """Regret / that of random search's best of 100 without noise, with the comparison's floors."""
    _, random_best, shift = analyse.refs(run)
    floor = analyse.FLOOR[run["problem"].startswith("bbob")]
    return [max((regret - shift) / random_best, floor) for regret in run[which]]


def table(analyse: Any, runs: dict[Key, dict[str, Any]], names: list[str], at: tuple[int, ...], noise: float) -> None:
    cells = sorted(set.intersection(*({k[1:] for k in runs if k[0] == name and k[3] == noise} for name in names)))
    if not cells:
        return
    problems = {cell[0] for cell in cells}
    print(f"\n#### noise {noise:.0%} of one random guess's regret: {len(problems)} problems, {len(cells)} cells\n")
    after = " | ".join(map(str, at))
    print(f"| sampler | lowest loss seen: ratio after {after} | recommended: after {after} | rank |")
    print("|---" * (2 * len(at) + 2) + "|")
    last = np.array([[ratios(analyse, runs[(n, *c)], "recommended")[len(at) - 1] for n in names] for c in cells])
    ranks = [np.mean((last < last[:, [i]]).sum(1) + ((last == last[:, [i]]).sum(1) + 1) / 2) for i in range(len(names))]
    for name, rank in zip(names, ranks, strict=True):
        cols = [mean(ratios(analyse, runs[(name, *c)], which) for c in cells) for which in ("seen", "recommended")]
        print(f"| {name} | " + " | ".join(f"{v:.2g}" for col in cols for v in col[: len(at)]) + f" | {rank:.2f} |")


def mean(rows: Iterable[list[float]]) -> list[float]:
    """Geometric means, column by column."""
    return [float(v) for v in np.exp(np.mean(np.log(np.array(list(rows))), axis=0))]


def main() -> None:
    parser = argparse.ArgumentParser(description="Samplers on losses with seeded noise.")
    parser.add_argument("--bench", type=Path, required=True, help="folder with the problems, run.py and analyse.py")
    parser.add_argument("--ours", default="", help="samplers of the catalog, comma separated")
    parser.add_argument("--peers", default="", help="names in its samplers.py, comma separated")
    parser.add_argument("--problem", default="core")
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--noise", default="0.05,0.2", help="standard deviations, shares of a random guess's regret")
    parser.add_argument("--trials", type=int, default=AT[-1], help="how many there are in a search: 25, 50 or 100")
    parser.add_argument("--out", type=Path, default=Path("build/search_noise.jsonl"), help="where results are kept")
    asked = parser.parse_args()
    ours = [name for name in asked.ours.split(",") if name]
    names = [f"hptui_{name}" for name in ours] + [name for name in asked.peers.split(",") if name]
    run = offer(asked.bench, ours)
    analyse = importlib.import_module("analyse")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    lines = asked.out.read_text().splitlines() if asked.out.exists() else []
    runs = {key(found): found for found in map(json.loads, lines)}
    levels = [float(level) for level in asked.noise.split(",")]
    cells = [(p, seed, level) for seed in seeds(asked.seeds) for p in run.names(asked.problem) for level in levels]
    wanted = [(name, *cell) for cell in cells for name in names]
    at = tuple(n for n in AT if n <= asked.trials)
    for one in wanted:
        if one not in runs or len(runs[one]["seen"]) < len(at):
            runs[one] = search(run, analyse.refs, at, *one)
            with asked.out.open("a") as out:
                out.write(json.dumps(runs[one]) + "\n")
    asked_for = {one: runs[one] for one in wanted}
    for level in levels:
        table(analyse, asked_for, names, at, level)


if __name__ == "__main__":
    main()
