"""The study of `examples/digits.toml`, really trained: samplers with 60 trials each, many times over.

    python -m bench.search_digits --ours auto,random --seeds 0-9

Trials run one after another in this process, with few epochs each, seeded by search and number. At the end of a
search its choice is trained again with seeds that no search has seen: that mean is what the user keeps. The choice
is the sampler's own recommendation where it has one, else the trial with the highest accuracy.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from bench.search_compare import seeds  # before numpy: one thread

import numpy as np  # isort: skip

from bench.search_adapter import Config, Search
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

EXAMPLES = Path(__file__).parent.parent / "examples"
AGAIN = 5  # trainings of a search's choice


class Training:
    """What the objective of the example asks of its trial."""

    device = "cpu"

    def __init__(self, params: Config, shared: Any, epochs: int) -> None:
        self.params, self.shared, self.max_steps = params, shared, epochs

    def report(self, *_: Any, **__: Any) -> None:
        return

    def should_prune(self) -> bool:
        return False


class Digits:
    """The example's objective: accuracy on the validation pictures."""

    def __init__(self, epochs: int) -> None:
        import torch

        torch.set_num_threads(1)
        sys.path.insert(0, str(EXAMPLES))
        self._seed = torch.manual_seed
        self._script = importlib.import_module("digits")
        self._shared = self._script.load_data()
        self._epochs = epochs
        self.space = Space.parse(tomllib.loads((EXAMPLES / "digits.toml").read_text())["space"])

    def accuracy(self, params: Config, seed: int) -> float:
        self._seed(seed)
        with contextlib.redirect_stdout(io.StringIO()):
            return float(self._script.objective(Training(params, self._shared, self._epochs)))


def search(digits: Digits, name: str, seed: int, trials: int) -> dict[str, Any]:
    run = Search(Chosen(name=name), digits.space, seed)
    told: list[tuple[float, Config]] = []
    for number in range(trials):
        params = run.ask()
        accuracy = digits.accuracy(params, 1000 * seed + number)
        run.tell(params, -accuracy)
        told.append((accuracy, params))
    best = max(told, key=lambda one: one[0])
    choice = run.recommended() or best[1]
    again = [digits.accuracy(choice, 10**6 + i) for i in range(AGAIN)]
    seen = np.maximum.accumulate([accuracy for accuracy, _ in told]).tolist()
    return {"sampler": name, "seed": seed, "trials": trials, "seen": seen, "again": float(np.mean(again))}


def table(runs: list[dict[str, Any]], names: list[str]) -> None:
    print("| sampler | searches | best seen: mean error | worst search | choice trained again: mean | worst search |")
    print("|---|---|---|---|---|---|")
    for name in names:
        mine = [run for run in runs if run["sampler"] == name]
        seen, again = ([100 * (1 - run[what]) for run in mine] for what in ("best", "again"))
        cells = [np.mean(seen), np.max(seen), np.mean(again), np.max(again)]
        print(f"| {name} | {len(mine)} | " + " | ".join(f"{cell:.2f} %" for cell in cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Samplers on the study of examples/digits.toml, really trained.")
    parser.add_argument("--ours", default="auto,random", help="samplers of the catalog, comma separated")
    parser.add_argument("--seeds", default="0-9")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("build/search_digits.jsonl"), help="where results are kept")
    asked = parser.parse_args()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    lines = asked.out.read_text().splitlines() if asked.out.exists() else []
    runs = [run for run in map(json.loads, lines) if run["trials"] == asked.trials]
    known = {(run["sampler"], run["seed"]) for run in runs}
    names = asked.ours.split(",")
    wanted = [(name, seed) for seed in seeds(asked.seeds) for name in names if (name, seed) not in known]
    digits = Digits(asked.epochs) if wanted else None
    for name, seed in wanted:
        assert digits is not None
        runs.append(search(digits, name, seed, asked.trials))
        with asked.out.open("a") as out:
            out.write(json.dumps(runs[-1]) + "\n")
    chosen = [run for run in runs if run["sampler"] in names and run["seed"] in seeds(asked.seeds)]
    table([{**run, "best": run["seen"][-1]} for run in chosen], names)


if __name__ == "__main__":
    main()
