"""Several objectives and constraints, beside Optuna: `python -m bench.search_wider objectives|constraints [--seeds N]`.

Prints a Markdown table of means over seeds. Optuna has to be installed.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import bench.one_thread  # noqa: F401  before numpy

import numpy as np  # isort: skip

from hptui.core.search.assemble import assemble
from hptui.core.search.models.hypervolume import hypervolume
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Kind, Proposal
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

Point = Any  # (d,) in the unit cube


@dataclass(frozen=True)
class Problem:
    """losses: several, or one. outside: constraints, at most 0 where they hold. reference: of the hypervolume."""

    dim: int
    losses: Callable[[Point], Sequence[float]]
    reference: tuple[float, ...] = ()
    outside: Callable[[Point], Sequence[float]] = lambda x: ()


def zdt(shape: Callable[[float, float], float]) -> Callable[[Point], Sequence[float]]:
    """Zitzler, Deb & Thiele 2000, section 4."""

    def losses(x: Point) -> Sequence[float]:
        g = 1 + 9 * float(np.mean(x[1:]))
        return float(x[0]), g * shape(float(x[0]), g)

    return losses


def dtlz2(x: Point) -> Sequence[float]:
    """Deb, Thiele, Laumanns & Zitzler 2002, eq. 6.10; three objectives."""
    g, a, b = float(np.sum((x[2:] - 0.5) ** 2)), float(x[0]) * np.pi / 2, float(x[1]) * np.pi / 2
    return (1 + g) * np.cos(a) * np.cos(b), (1 + g) * np.cos(a) * np.sin(b), (1 + g) * np.sin(a)


OBJECTIVES = {
    "ZDT1": Problem(6, zdt(lambda f, g: 1 - np.sqrt(f / g)), (1.1, 6.0)),
    "ZDT2": Problem(6, zdt(lambda f, g: 1 - (f / g) ** 2), (1.1, 6.0)),
    "ZDT3": Problem(6, zdt(lambda f, g: 1 - np.sqrt(f / g) - f / g * np.sin(10 * np.pi * f)), (1.1, 6.0)),
    "DTLZ2": Problem(6, dtlz2, (2.0, 2.0, 2.0)),
}


def gardner(x: Point) -> Sequence[float]:
    """Gardner et al. 2014, section 4.1, the first simulation; the cube is [0, 6] squared."""
    u, v = 6 * x
    return (float(np.cos(2 * u) * np.cos(v) + np.sin(u)),)


def gardner_outside(x: Point) -> Sequence[float]:
    u, v = 6 * x
    return (float(np.cos(u) * np.cos(v) - np.sin(u) * np.sin(v) - 0.5),)


def gramacy_outside(x: Point) -> Sequence[float]:
    """Gramacy et al. 2016, eq. 1; the loss is the sum, 0.5998 at best."""
    u, v = float(x[0]), float(x[1])
    first = 1.5 - u - 2 * v - 0.5 * np.sin(2 * np.pi * (u * u - 2 * v))
    return first, u * u + v * v - 1.5


def disc_outside(x: Point) -> Sequence[float]:
    return (float(np.sum((x - 0.7) ** 2) - 0.1),)


CONSTRAINTS = {
    "Gardner": Problem(2, gardner, outside=gardner_outside),
    "Gramacy": Problem(2, lambda x: (float(x[0] + x[1]),), outside=gramacy_outside),
    "ball in 5": Problem(5, lambda x: (float(np.sum(x**2)),), outside=disc_outside),
}

Run = Callable[[Problem, int, int], tuple[Any, Any]]  # problem, trials, seed -> losses (n, k), which are feasible


def ours(sampler: str) -> Run:
    def run(problem: Problem, trials: int, seed: int) -> tuple[Any, Any]:
        space = Space.parse({f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(problem.dim)})
        k = len(problem.losses(np.full(problem.dim, 0.5)))
        made = assemble(Chosen(name=sampler), space, seed, [Goal(f"f{j}") for j in range(k)])
        seen, found, fair = Observations(problem.dim), [], []
        for number in range(trials):
            answer = made.ask(seen.history(), number)
            assert isinstance(answer, Proposal)
            losses = tuple(map(float, problem.losses(answer.x)))
            outside = {f"c{j}": float(c) for j, c in enumerate(problem.outside(answer.x))}
            x = tuple(answer.x.tolist())
            several = losses if k > 1 else ()
            seen.add(Observation(number, x, losses[0], Kind.COMPLETE, -1, several, outside))
            found.append(losses)
            fair.append(all(c <= 0 for c in outside.values()))
        return np.array(found), np.array(fair)

    return run


def optunas(name: str) -> Run:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore")

    def run(problem: Problem, trials: int, seed: int) -> tuple[Any, Any]:
        found, fair = [], []
        k = len(problem.losses(np.full(problem.dim, 0.5)))
        limited = bool(problem.outside(np.zeros(problem.dim)))
        limits = {"constraints_func": lambda trial: trial.user_attrs["c"]} if limited else {}
        sampler = getattr(optuna.samplers, name)(seed=seed, **limits)

        def objective(trial: Any) -> Any:
            x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(problem.dim)])
            losses = tuple(map(float, problem.losses(x)))
            trial.set_user_attr("c", tuple(map(float, problem.outside(x))))
            found.append(losses)
            fair.append(all(c <= 0 for c in trial.user_attrs["c"]))
            return losses if k > 1 else losses[0]

        optuna.create_study(directions=["minimize"] * k, sampler=sampler).optimize(objective, n_trials=trials)
        return np.array(found), np.array(fair)

    return run


def by_hypervolume(problem: Problem, losses: Any, fair: Any) -> float:
    return hypervolume(losses, np.array(problem.reference))


def by_best(problem: Problem, losses: Any, fair: Any) -> float:
    """The best loss that keeps the constraints; NaN while there is none."""
    return float(losses[fair].min()) if fair.any() else float("nan")


def told(values: Any) -> str:
    """The mean, and over how many of the seeds where some have none."""
    found = values[np.isfinite(values)]
    if not len(found):
        return "–"
    return f"{np.mean(found):.3f}" + (f" ({len(found)}/{len(values)})" if len(found) < len(values) else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["objectives", "constraints"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--at", type=int, nargs="+", default=[25, 50, 100])
    asked = parser.parse_args()
    several = asked.what == "objectives"
    problems, score = (OBJECTIVES, by_hypervolume) if several else (CONSTRAINTS, by_best)
    runs = {"auto": ours("auto"), "tpe": ours("tpe"), "random": ours("random")}
    runs |= {f"Optuna {name.removesuffix('Sampler')}": optunas(name) for name in ("TPESampler", "NSGAIISampler")}
    if several:
        print("Hypervolume, the higher the better")
    else:
        print("The best loss that keeps the constraints, the lower the better; then the share of trials that keep them")
    columns = [*(f"@{n}" for n in asked.at), *([] if several else ["kept"]), "CPU ms per trial"]
    print(f"{asked.seeds} seeds\n\n| problem | sampler | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for name, problem in problems.items():
        for who, run in runs.items():
            began, results = time.process_time(), []
            for seed in range(asked.seeds):
                losses, fair = run(problem, max(asked.at), seed)
                results.append([*(score(problem, losses[:n], fair[:n]) for n in asked.at), float(np.mean(fair))])
            ms = 1000 * (time.process_time() - began) / asked.seeds / max(asked.at)
            *at_each, kept = np.array(results).T
            cells = [*map(told, at_each), *([] if several else [f"{np.mean(kept):.0%}"]), f"{ms:.0f}"]
            print(f"| {name} | {who} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
