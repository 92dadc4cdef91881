"""Our samplers against their real peers on the same problems and seeds; prints the tables.

    python -m bench.search_compare --bench DIR --ours tpe,cmaes --peers optuna_tpe,optuna_cmaes --seeds 0-4

DIR holds the problems with their `run.py`, `samplers.py` and `analyse.py` (numpy; `ioh` for the BBOB ones). Peers run
when they are installed; those that were measured before come from --known. Searches that are in --out are not run
again. Ours run in this process through `bench.search_adapter.Search`: real samplers, real History.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import bench.one_thread  # noqa: F401  every search is one thread

Run = dict[str, Any]
Key = tuple[str, str, int, int]  # sampler (with @k when several are outstanding), problem, seed, trials

FAMILIES = ("core", "core without f1", "hpo", "bbob_d2", "bbob_d5", "bbob_d10")


class Ours:
    """A sampler of the catalog with the face that the comparison's peers have."""

    def __init__(self, written: str, space: Any, seed: int) -> None:
        from bench.search_adapter import Search, options, space_from_lines
        from hptui.core.study.study import Chosen

        name, *stated = written.split(":")
        self._search = Search(Chosen(name=name, options=options(stated)), space_from_lines(space), seed)
        self.ask, self.tell, self.recommended = self._search.ask, self._search.tell, self._search.recommended

    def close(self) -> None:
        return

    def child_cpu(self) -> float:
        return 0.0


def offer(bench: Path, ours: list[str]) -> Any:
    """The comparison's `run` module, with our samplers among its peers as `hptui_NAME`, and those of `search_peers`."""
    sys.path.insert(0, str(bench))
    samplers = importlib.import_module("samplers")
    from bench.search_peers import more_peers

    samplers.PEERS.update(more_peers(samplers))
    for name in ours:
        samplers.PEERS[f"hptui_{name}"] = lambda space, seed, trials, parallel, name=name: Ours(name, space, seed)
    return importlib.import_module("run")


def key(run: Run) -> Key:
    label = run["sampler"] + (f"@k{run['parallel']}" if run["parallel"] > 1 else "")
    return label, run["problem"], run["seed"], run["trials"]


def read(path: Path) -> dict[Key, Run]:
    if not path.exists():
        return {}
    runs = [json.loads(line) for line in path.read_text().splitlines()]
    return {key(run): run for run in runs}


def measure(run: Any, asked: argparse.Namespace, known: dict[Key, Run], names: list[str]) -> dict[Key, Run]:
    """Every search that is asked for, from `known` or run now and added to --out."""
    runs = dict(known)
    for seed in seeds(asked.seeds):
        for problem in run.names(asked.problem):
            for name in names:
                label = name + (f"@k{asked.parallel}" if asked.parallel > 1 else "")
                if (label, problem, seed, asked.trials) in runs:
                    continue
                try:
                    done = run.search(name, problem, seed, asked.trials, asked.parallel)
                except ImportError as missing:
                    print(f"{name} on {problem}: {missing}", file=sys.stderr)
                    continue
                runs[key(done)] = done
                with asked.out.open("a") as out:
                    out.write(json.dumps(done) + "\n")
    return runs


def seeds(written: str) -> range:
    first, _, last = written.partition("-")
    return range(int(first), int(last or first) + 1)


def is_of(family: str, problem: str) -> bool:
    bbob = problem.startswith("bbob")
    if family.startswith("core"):
        in_core = not bbob or problem.endswith("_d5")
        return in_core and not (family.endswith("without f1") and problem.startswith("bbob_f1_"))
    return not bbob if family == "hpo" else bbob and problem.endswith(family.removeprefix("bbob"))


def tables(analyse: Any, runs: dict[Key, Run], labels: list[str], asked: argparse.Namespace) -> None:
    """One table per family of problems, over the cells that every sampler of it has."""
    for family in FAMILIES:
        cells = [
            {(p, seed) for (name, p, seed, n) in runs if name == label and n == asked.trials and is_of(family, p)}
            for label in labels
        ]
        common = sorted(c for c in set.intersection(*cells) if c[1] in seeds(asked.seeds)) if cells else []
        if common:
            analyse.table(runs, labels, common, family, asked.trials)
    print("\n#### CPU ms per suggestion: mean over the 10 trials before n\n")
    for label in labels:
        costs = [r["ask_tell_cpu"] for (name, *_), r in runs.items() if name == label and r["trials"] == asked.trials]
        at = [n for n in (25, 50, 100, 300, 1000) if n <= asked.trials]
        means = [sum(sum(c[n - 10 : n]) for c in costs) / len(costs) * 100 for n in at] if costs else []
        print(f"| {label} | " + " | ".join(f"n={n}: {ms:.2f}" for n, ms in zip(at, means, strict=False)) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Our samplers against their peers on the same problems and seeds.")
    parser.add_argument("--bench", type=Path, required=True, help="folder with the problems, run.py and analyse.py")
    parser.add_argument("--ours", default="", help="samplers of the catalog, comma separated; tpe:startup=5 sets one")
    parser.add_argument("--peers", default="", help="names in its samplers.py, comma separated")
    parser.add_argument("--problem", default="core")
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/search.jsonl"), help="where results are kept")
    parser.add_argument("--known", type=Path, help="results to take instead of running their searches again")
    asked = parser.parse_args()
    ours = [name for name in asked.ours.split(",") if name]
    names = [f"hptui_{name}" for name in ours] + [name for name in asked.peers.split(",") if name]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    run = offer(asked.bench, ours)
    known = {**(read(asked.known) if asked.known else {}), **read(asked.out)}
    problems = run.names(asked.problem)
    runs = {k: r for k, r in measure(run, asked, known, names).items() if r["problem"] in problems}
    labels = [name + (f"@k{asked.parallel}" if asked.parallel > 1 else "") for name in names]
    have = {name for (name, *_) in runs}
    tables(importlib.import_module("analyse"), runs, [label for label in labels if label in have], asked)


if __name__ == "__main__":
    main()
