"""What one `trial.report` costs between two milestones, beside Optuna's into a SQLite file."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

from bench.speed.peers import optuna_study
from bench.speed.table import Result, spread
from hptui.core.study.milestones import Rungs
from hptui.core.wire.request import Function, Start

REPORTS, PEER_REPORTS = 20_000, 60


def measure(home: Path) -> list[Result]:
    ours = spread([t / 1e3 for t in our_reports(home)])
    with_check = spread([t / 1e3 for t in our_reports(home, check=True)])
    theirs = optuna_reports(home)
    return [
        Result(
            "trial.report between milestones", "µs", ours.median, 5.0,
            peer="Optuna, SQLite file", peer_value=theirs and theirs[0] / 1e3, note=str(ours),
        ),
        Result(
            "trial.report + should_prune", "µs", with_check.median, None,
            peer="Optuna, SQLite file", peer_value=theirs and theirs[1] / 1e3, note=str(with_check),
        ),
    ]  # fmt: skip


def our_reports(home: Path, check: bool = False) -> list[int]:
    """Nanoseconds of each report of a trial whose next milestone is far away."""
    from hptui.core.worker.link import Link
    from hptui.core.worker.trial import Trial

    start = Start(
        session="bench", folder=str(home / f"reports-{check}"), number=0, params={}, seed=0,
        objective=Function("none.py"), cwd=str(home), milestones=Rungs((10**9,)),
    )  # fmt: skip
    trial = Trial(start, Link(start), lambda: None)
    times = []
    for step in range(REPORTS):
        begun = perf_counter_ns()
        trial.report(0.5, step)
        if check:
            trial.should_prune()
        times.append(perf_counter_ns() - begun)
    return times


def optuna_reports(home: Path) -> tuple[float, float] | None:
    """Median nanoseconds of report alone, and of report + should_prune; None without Optuna."""
    study = optuna_study(home / "reports.db")
    if study is None:
        return None
    trial = study.ask()
    alone, both = [], []
    for step in range(PEER_REPORTS):
        begun = perf_counter_ns()
        trial.report(0.5, step)
        between = perf_counter_ns()
        trial.should_prune()
        alone.append(between - begun)
        both.append(perf_counter_ns() - begun)
    study.tell(trial, 0.5)
    return spread(alone).median, spread(both).median
