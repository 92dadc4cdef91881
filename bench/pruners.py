"""Our rules beside their peers' on recorded learning curves; prints the tables that pruners.md keeps.

    python -m bench.pruners --bench DIR [--seeds 10] [--only asha+random,...] [--workers 1]

DIR holds the simulator (`simulate.py`), the tables of recorded curves and what the peers reached on them
(`results/peers_public.json`). Ours run in this process: real pruners and samplers, asked as a session asks them.
Regret: of the best validation loss seen after 5, 10 and 20 full trainings' worth of epochs, relative to the distance
between the table's best and median row; x1000, mean of the seeds with its standard error. One worker.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402 - its threads are set above

TABLES = ("digits", "charlm")
MARKS = (5, 10, 20)
RULES: dict[str, list[tuple[str, str]]] = {  # what is compared: (ours, "") or ("", the peer's name in the results)
    "ASHA": [
        ("asha+random", ""), ("", "syne13/asha-promo"), ("", "syne13/asha-stop"), ("", "syne16/asha"),
        ("successive_halving+random", ""), ("", "optuna/random+sha3"),
    ],
    "Hyperband": [
        ("hyperband+random", ""), ("", "syne13/hyperband-promo"), ("", "syne13/synchb"),
        ("", "optuna/random+hyperband"),
    ],
    "PASHA": [("pasha+random", ""), ("", "syne13/pasha")],
    "BOHB": [("hyperband+bohb", ""), ("", "syne16/bohb")],
    "synchronous halving": [("synchronous_halving+random", "")],
    "median": [
        ("median+random", ""), ("", "optuna/random+median"), ("", "optuna/random+median_early"), ("", "syne16/median"),
    ],
    "none": [("none+random", ""), ("", "ref/random")],
}  # fmt: skip


class InProcess:
    """A pruner and a sampler with the face that the simulator's methods have."""

    def __init__(self, written: str) -> None:
        self._pruner, _, self._sampler = written.partition("+")

    def init(self, info: dict[str, Any]) -> None:
        from bench.multifidelity_adapter import Study
        from hptui.core.study.study import Chosen

        options = {"n_warmup_steps": info["max_epoch"] // 3} if self._pruner == "median" else {}
        self._study = Study(info, Chosen(name=self._pruner, options=options), Chosen(name=self._sampler))

    def ask(self, now: float) -> dict[str, Any]:
        return self._study.ask()

    def started(self, id: int, row: int, config: dict[str, Any]) -> None:
        self._study.note_start(id, config)

    def report(self, id: int, epoch: int, metrics: dict[str, float], last: bool) -> str:
        return self._study.report(id, epoch, metrics["val_loss"], last)

    def end(self) -> None:
        return


def regrets(sim: Any, table: Any, written: str, seeds: int, workers: int) -> np.ndarray[Any, Any]:
    """(seeds, marks)."""
    rows = []
    for seed in range(seeds):
        run = sim.simulate(table, InProcess(written), seed, workers, max(MARKS) * table.R)
        seen = [[value for used, _, value, *_ in run["trace"] if used <= mark * table.R] for mark in MARKS]
        rows.append([table.nregret(min(values)) if values else 1.0 for values in seen])
    return np.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Our rules beside their peers'.")
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", default="", help="of ours: comma-separated")
    asked = parser.parse_args()
    sys.path.insert(0, str(asked.bench))
    sim = importlib.import_module("simulate")
    tables = {name: sim.Table(name) for name in TABLES}
    known = json.loads((asked.bench / "results" / "peers_public.json").read_text())
    peers = {row["method"]: row["tables"] for row in known if row["workers"] == asked.workers}
    marks = "/".join(str(mark) for mark in MARKS)
    print(f"regret x1000 at {marks} full trainings, {asked.seeds} seeds, {asked.workers} worker(s)\n")
    print("| rule | " + " | ".join(TABLES) + " |\n|---|" + "---|" * len(TABLES), flush=True)
    for rule, lines in RULES.items():
        for ours, peer in lines:
            if ours and (not asked.only or ours in asked.only.split(",")):
                cells = [_ours(regrets(sim, tables[name], ours, asked.seeds, asked.workers)) for name in TABLES]
                print(f"| {rule}: **hptui {ours}** | " + " | ".join(cells) + " |", flush=True)
            elif peer in peers:
                cells = [" / ".join(_known(peers[peer][name].get(str(mark))) for mark in MARKS) for name in TABLES]
                print(f"| {rule}: {peer} | " + " | ".join(cells) + " |", flush=True)


def _ours(found: np.ndarray[Any, Any]) -> str:
    error = 1000 * found.std(axis=0, ddof=1) / len(found) ** 0.5 if len(found) > 1 else np.zeros(len(MARKS))
    return " / ".join(f"{1000 * m:.0f} ± {e:.0f}" for m, e in zip(found.mean(axis=0), error, strict=True))


def _known(value: float | None) -> str:
    return "–" if value is None else f"{1000 * abs(value):.0f}"


if __name__ == "__main__":
    main()
