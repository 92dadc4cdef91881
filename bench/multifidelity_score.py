"""What a pruner and a sampler reach on recorded learning curves, beside random search, and what a decision costs.

    python -m bench.multifidelity_score --bench DIR [--tables-dir DIR] [--tables digits,charlm] [--seeds 10]
        [--workers 4] [--no-pool] [--pruner auto --sampler auto]
    python -m bench.multifidelity_score --bench DIR --saves      the same 100 random configurations: steps, same best
    python -m bench.multifidelity_score --bench DIR --coverage   how often predictions of a curve's end hold
    python -m bench.multifidelity_score --bench DIR --limit [--workers 4]    what an oracle could reach

DIR has `simulate.py` and the tables. FTE: so many epochs as one full training. Regret: the best loss seen so far, 0 at
the table's best and 1 at its median configuration; the ratio is to random search, 30 seeds, geometric mean over
tables (no less than 1e-4). Speed-up: 20 FTE over what is needed for the mean regret of random search after 20 FTE.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
import time
from collections.abc import Mapping
from typing import Any

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip
from numpy.typing import NDArray

from bench.multifidelity_adapter import Message, Study
from hptui.core.search.models.curve_coverage import without_later_halves
from hptui.core.search.models.curve_fit import settings
from hptui.core.search.models.curve_posterior import CurvePosterior
from hptui.core.search.models.curve_scale import LossScale
from hptui.core.search.pruners.thaw import Thaw
from hptui.core.study.study import Chosen

Array = NDArray[np.float64]
FTE = (5, 10, 20)
NORMAL = (0.6745, 1.2816, 1.96)  # so many deviations to both sides hold 50, 80 and 95 %


class InProcess:
    """The adapter without its pipe, with a clock: CPU seconds of each decision."""

    def __init__(self, pruner: Chosen, sampler: Chosen) -> None:
        self.chosen, self.took = (pruner, sampler), []  # type: tuple[Chosen, Chosen], list[float]
        self.rows: dict[int, int] = {}  # of the table, by trial

    def init(self, info: Mapping[str, Any]) -> None:
        self.study = Study(info, *self.chosen)

    def ask(self, now: float) -> Message:
        began = time.process_time()
        answer = self.study.ask()
        self.took.append(time.process_time() - began)
        return answer

    def started(self, number: int, row: int, config: dict[str, Any]) -> None:
        self.rows[number] = row
        self.study.note_start(number, config)

    def report(self, number: int, epoch: int, metrics: Mapping[str, float | None], last: bool) -> str:
        loss = metrics["val_loss"]
        began = time.process_time()
        answer = self.study.report(number, epoch, math.nan if loss is None else loss, last)
        self.took.append(time.process_time() - began)
        return answer

    def end(self) -> None:
        return None


def regrets(table: Any, trace: list[Any]) -> Array:
    """(20 R,) after each epoch."""
    out = np.ones(max(FTE) * table.R)
    for used, _, loss, *_ in trace:
        out[int(used) - 1 :] = table.nregret(loss)
    return out


def random_search(sim: Any, table: Any, workers: int) -> Array:
    """(20 R,) mean regrets of 30 seeds."""
    budget = max(FTE) * table.R
    done = [sim.simulate(table, sim.RandomMethod(), seed, workers, budget) for seed in range(30)]
    return np.asarray(np.mean([regrets(table, one["trace"]) for one in done], axis=0))


def marks_of(table: Any) -> list[int]:
    return [fte * table.R - 1 for fte in FTE]


def in_thousandths(values: Array) -> str:
    return " / ".join(f"{1000 * value:.0f}" for value in values)


def compare(sim: Any, tables: list[Any], asked: argparse.Namespace) -> None:
    print("| table | regret x1000 @5 / 10 / 20 FTE | random's | speed-up | CPU ms a decision, median / 99 % |")
    print("|---|---|---|---|---|")
    logs: list[Array] = []
    for table in tables:
        budget, methods, ours = max(FTE) * table.R, [], []
        for seed in range(asked.seeds):
            methods.append(InProcess(Chosen(name=asked.pruner), Chosen(name=asked.sampler)))
            done = sim.simulate(table, methods[-1], seed, asked.workers, budget, pool=not asked.no_pool)
            ours.append(regrets(table, done["trace"]))
        base, marks = random_search(sim, table, asked.workers), marks_of(table)
        mean, error = np.mean(ours, axis=0), np.std(ours, axis=0, ddof=1) / math.sqrt(len(ours))
        reached = np.flatnonzero(mean <= base[-1])
        faster = budget / (float(reached[0]) + 1) if len(reached) else math.nan
        logs.append(np.log([*(np.maximum(mean[marks], 1e-4) / base[marks]), faster]))
        took = 1000 * np.concatenate([method.took for method in methods])
        told = " / ".join(f"{1000 * mean[m]:.0f} ± {1000 * error[m]:.0f}" for m in marks)
        cost = f"{np.median(took):.1f} / {np.quantile(took, 0.99):.0f}"
        print(f"| {table.name} | {told} | {in_thousandths(base[marks])} | {faster:.1f}x | {cost} |", flush=True)
    ratios = np.exp(np.mean(logs, axis=0))
    print(f"\nratio to random {ratios[0]:.2f} / {ratios[1]:.2f} / {ratios[2]:.2f}, speed-up {ratios[3]:.1f}x")


def limit(sim: Any, tables: list[Any], asked: argparse.Namespace, draws: int = 2000) -> None:
    """Random configurations are trained for one epoch each, for as long as the clock leaves a full training after it;
    then an oracle names the one that ends best. With k workers a full training takes k of the F full trainings' worth
    of clock, so (F - k) R configurations are seen by then."""
    print("| table | regret x1000 @5 / 10 / 20 FTE | random's |\n|---|---|---|")
    rng, logs = np.random.default_rng(0), []
    for table in tables:
        seen = [min(max((fte - asked.workers) * table.R, 1), table.n) for fte in FTE]
        best = [[table.best_i[rng.permutation(table.n)[:k]].min() for _ in range(draws)] for k in seen]
        reached = table.nregret(np.array(best)).mean(axis=1)
        base = random_search(sim, table, asked.workers)[marks_of(table)]
        logs.append(np.log(np.maximum(reached, 1e-4) / base))
        print(f"| {table.name} | {in_thousandths(reached)} | {in_thousandths(base)} |", flush=True)
    print("\nratio to random " + " / ".join(f"{ratio:.2f}" for ratio in np.exp(np.mean(logs, axis=0))))


def saves(sim: Any, tables: list[Any], asked: argparse.Namespace, n: int = 100) -> None:
    print(f"| table | epochs used, of {n} full trainings | same best found |\n|---|---|---|")
    for table in tables:
        used, same = [], []
        for seed in range(asked.seeds):
            order = [int(i) for i in np.random.default_rng([seed, 7, n]).permutation(table.n)[:n]]
            part = sim.Table.__new__(sim.Table)
            part.__dict__.update(table.__dict__)
            part.configs, part.n = [table.configs[i] for i in order], n
            part.curves = {name: curves[order] for name, curves in table.curves.items()}
            for name in ("val", "test", "cost", "best_i", "X"):
                setattr(part, name, getattr(table, name)[order])
            method = InProcess(Chosen(name=asked.pruner), Chosen(name=asked.sampler))
            done = sim.simulate(part, method, seed, asked.workers, None, max_trials=n)
            used.append(done["consumed"] / (n * part.R))
            same.append(done["trace"][-1][3] == int(np.argmin(part.best_i)))
        print(f"| {table.name} | {np.mean(used):.3f}, at most {max(used):.3f} | {np.mean(same):.0%} |", flush=True)


def coverage(sim: Any, tables: list[Any], asked: argparse.Namespace) -> None:
    """At the end of 10 FTE: the later half of every long curve is left out, and its last value predicted; and the
    ends of all trials held, which the table knows and the search does not."""
    print("| table | asked | predictions | inside 50 / 80 / 95 %, as predicted | widened |\n|---|---|---|---|---|")
    for table in tables:
        found: dict[str, list[tuple[Array, float]]] = {"later halves": [], "ends of trials held": []}
        for seed in range(asked.seeds):
            method = InProcess(Chosen(name="auto"), Chosen(name=asked.sampler))
            sim.simulate(table, method, seed, asked.workers, 10 * table.R, pool=not asked.no_pool)
            pruner = method.study.pruner
            assert isinstance(pruner, Thaw)
            thought = pruner.mind.think(method.study.curves)
            if thought is None or thought.expected is None:
                continue
            # the widening knows the curves up to the last level: ask about those that have ended since as well
            seen, expected = thought.heard.seen, thought.expected
            kept, rows = without_later_halves(seen.trial)
            scale = LossScale.of(seen.trial, seen.loss)
            z = scale.forward(seen.loss)
            posterior = CurvePosterior(settings(seen), np.empty((0, seen.features.shape[1])), seen, kept)
            mean, sd = posterior.at(seen.trial[rows], seen.s[rows], z[kept])
            late = np.abs(z[rows] - mean) / np.sqrt(sd**2 + posterior.noise)
            found["later halves"].append((late, expected.widening))
            ends = scale.forward(np.array([table.val[method.rows[curve.number], -1] for curve in thought.heard.curves]))
            mean, sd = expected.trials
            miss = (np.abs(ends - mean) / np.sqrt(sd**2 + posterior.noise))[thought.free]
            found["ends of trials held"].append((miss, expected.widening))
        for what, parts in found.items():
            plain = np.concatenate([miss for miss, _ in parts])
            wide = np.concatenate([miss / factor for miss, factor in parts])
            shares = [" / ".join(f"{float((part <= limit).mean()):.0%}" for limit in NORMAL) for part in (plain, wide)]
            print(f"| {table.name} | {what} | {len(plain)} | {shares[0]} | {shares[1]} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, metavar="DIR")
    parser.add_argument("--tables-dir")
    parser.add_argument("--tables", default="digits,charlm")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-pool", action="store_true", help="free proposals, snapped to the nearest unused row")
    parser.add_argument("--pruner", default="auto")
    parser.add_argument("--sampler", default="auto")
    parser.add_argument("--saves", action="store_true")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--limit", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, asked.bench)
    simulator = importlib.import_module("simulate")
    chosen = [simulator.Table(name, asked.tables_dir) for name in asked.tables.split(",")]
    does = saves if asked.saves else coverage if asked.coverage else limit if asked.limit else compare
    does(simulator, chosen, asked)
