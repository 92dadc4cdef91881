"""How often each red flag is raised on sessions that have it, and on healthy ones.

    python -m bench.advice [--sessions 200]

Sessions are made up: a smooth response over four parameters, curves that fall to it, random or concentrating search.
A planted one differs from a healthy one in one thing, which the rule should see.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hptui.core.advice.flags import red_flags
from hptui.core.advice.seen import Seen, SeenTrial
from hptui.core.review.held_out import held_out
from hptui.core.space.space import Space
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import TEST

SPACE = Space.parse(
    {
        "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
        "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
        "dropout": {"type": "float", "low": 0.0, "high": 0.6},
        "width": {"type": "int", "low": 8, "high": 256, "log": True},
    }
)


@dataclass(frozen=True)
class World:
    """What a made-up session is drawn from."""

    trials: int = 80
    steps: int = 30
    optimum: tuple[float, ...] | None = None  # None: anywhere well inside
    scale: float = 1.0  # of the response; 0: every point is as good
    noise: float = 0.01  # per report, of a way down of about 2
    drift: float = 0.0  # what is lost after the middle of training
    rate: tuple[float, float] = (6.0, 12.0)  # how often a curve falls by e over its length
    pruned: float = 0.4
    nan_above: float = 1.1  # lr coordinate beyond which trials diverge
    nan_step: int = 3
    oom_above: float = 1.1  # width coordinate beyond which trials don't fit
    lucky_baseline: bool = False
    lucky_one: bool = False  # one trial, far ahead of all
    repeats: float = 0.0
    stuck: bool = False
    focus: float | None = None  # how narrowly the second half of the search looks at the optimum
    spikes: float = 0.0  # share of curves that have one
    gap: bool = False  # training goes on falling after validation turns
    flat: bool = False  # training and validation stand still together


def session(world: World, rng: np.random.Generator) -> Seen:
    optimum = np.array(world.optimum if world.optimum else rng.uniform(0.25, 0.75, 4))
    weights = world.scale * rng.uniform(0.3, 2.0, 4)
    concentrates = world.focus is not None or rng.random() < 0.5
    points: list[np.ndarray] = []
    trials = []
    for number in range(world.trials):
        x = rng.random(4)
        if concentrates and number > 20:
            width = world.focus if world.focus is not None and number > world.trials // 2 else 5.0 / number + 0.05
            x = np.clip(optimum + rng.normal(0, width, 4), 0, 1)
        if world.stuck and number >= world.trials // 2:
            x = np.clip(optimum + 0.2 + rng.normal(0, 0.004, 4), 0, 1)
        if points and rng.random() < world.repeats:
            x = points[int(rng.integers(len(points)))]
        points.append(x)
        trials.append(_trial(world, number, x, float(1 + (weights * (x - optimum) ** 2).sum()), rng))
    if world.lucky_one:
        k = next(k for k, t in enumerate(trials) if k > 20 and t.end == "complete")
        trials[k] = replace(trials[k], loss=float(trials[k].loss or 0.0) - 2.0)
    return Seen(SPACE, tuple(trials), 1.0, "val_loss", world.steps)


def _trial(world: World, number: int, x: np.ndarray, level: float, rng: np.random.Generator) -> SeenTrial:
    steps = np.arange(1, world.steps + 1, dtype=float)
    t = steps / world.steps
    start = level + rng.uniform(1.5, 2.5)
    falling = np.exp(-rng.uniform(*world.rate) * t)
    losses = level + (start - level) * falling + world.drift * np.maximum(t - 0.45, 0)
    training = level + (start - level) * falling - (0.5 * t if world.gap else 0.0) - (0.0 if world.flat else 0.2)
    losses = losses + rng.normal(0, world.noise, len(steps))
    if rng.random() < world.spikes:
        losses[int(rng.integers(5, len(steps) - 2))] += 1.5
    origin = "baseline" if number == 0 else "sampler"
    base = SeenTrial(number, "complete", SPACE.values(x), tuple(x), None, origin)
    if number == 0:
        level_known = float(losses[-1]) - (5.0 if world.lucky_baseline else 0.0)
        return replace(base, loss=level_known, step=world.steps, steps=steps, losses=losses, training=training)
    if x[0] > world.nan_above and rng.random() < 0.95:
        return replace(base, end="nan", step=world.nan_step)
    if x[3] > world.oom_above and rng.random() < 0.95:
        return replace(base, end="infeasible", step=0)
    if number > 5 and rng.random() < world.pruned:
        k = int(rng.integers(4, 12))
        return replace(base, end="pruned", loss=float(losses[k]), step=k, steps=steps[:k], losses=losses[:k])
    return replace(base, loss=float(losses[-1]), step=world.steps, steps=steps, losses=losses, training=training)


HEALTHY = World()
PLANTED: dict[str, World] = {
    "all-alike": World(scale=0.001, noise=0.0005),
    "nearly-all-pruned": World(pruned=0.97, trials=120),
    "one-step-deaths": World(nan_above=0.6, nan_step=1),
    "baseline-wins": World(lucky_baseline=True),
    "duplicates": World(repeats=0.4),
    "sampler-stuck": World(stuck=True),
    "converged": World(trials=150, focus=0.01, noise=0.0003),
    "alone-at-the-top": World(lucky_one=True),
    "best-at-edge": World(optimum=(1.05, 0.5, 0.4, 0.5), scale=3.0, trials=120),
    "nan-region": World(nan_above=0.7, nan_step=5),
    "infeasible-frontier": World(oom_above=0.75),
    "noisy-curves": World(noise=0.6),
    "spikes": World(spikes=0.6),
    "still-improving": World(rate=(0.8, 1.6), noise=0.003),
    "best-early": World(drift=1.5),
    "overfitting": World(drift=1.5, gap=True),
    "underfitting": World(flat=True),
}


def raised(world: World, sessions: int, seed: int) -> Counter[str]:
    """rule -> in how many sessions it spoke."""
    count: Counter[str] = Counter()
    for k in range(sessions):
        count.update({finding.rule for finding in red_flags(session(world, np.random.default_rng([seed, k])))})
    return count


def table(sessions: int, say: Callable[[str], None] = print) -> None:
    healthy = raised(HEALTHY, sessions, 0)
    say("| rule | raised where planted | raised on healthy sessions |")
    say("|---|---|---|")
    for seed, (rule, world) in enumerate(PLANTED.items(), start=1):
        hits = raised(world, sessions, seed)[rule]
        say(f"| {rule} | {hits / sessions:.0%} | {healthy[rule] / sessions:.1%} |")


def held_out_session(luck: float, trials: int, rng: np.random.Generator) -> list[TrialRow]:
    """Trials whose true losses spread by 0.1; luck: how much of a validation value is that of its set alone."""
    true = rng.normal(0.3, 0.1, trials)
    values, tests = true + rng.normal(0, luck, trials), true + 0.01 + rng.normal(0, 0.5 * luck, trials)
    return [
        TrialRow(k, "COMPLETE", {"x": k}, value=float(values[k]), attrs={TEST: float(tests[k])}) for k in range(trials)
    ]


def held_out_table(sessions: int, say: Callable[[str], None] = print) -> None:
    """How often `hptui trust` says that validation was overfitted."""
    say("| luck of the validation set / spread of the trials | 20 trials | 60 trials | 200 trials |")
    say("|---|---|---|---|")
    for luck in (0.0005, 0.01, 0.05, 0.1):
        cells = []
        for trials in (20, 60, 200):
            rng = np.random.default_rng([int(luck * 1e4), trials])
            found = (held_out(held_out_session(luck, trials, rng), 1.0) for _ in range(sessions))
            cells.append(f"{np.mean([one is not None and one.is_overfitted for one in found]):.1%}")
        say(f"| {luck / 0.1:g} | {' | '.join(cells)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=200)
    asked = parser.parse_args().sessions
    table(asked)
    print()
    held_out_table(asked)
