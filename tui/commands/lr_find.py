"""`hptui lr-find`: short trials at rising learning rates, drawn, and the range they suggest."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from hptui.core.advice.finding import Edit
from hptui.core.advice.rates import RateRange, rate_range
from hptui.core.advice.rewrite import rewrite
from hptui.core.advice.roles import Role, role_of
from hptui.core.errors import StudyError
from hptui.core.space.parameter import Categorical
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study
from hptui.core.study.trial import State
from hptui.tui.commands.advise import write_study
from hptui.tui.commands.answers import print_json, say
from hptui.tui.commands.finding import start
from hptui.tui.commands.run import find_or_create
from hptui.tui.commands.target import Target, read_study, read_target

LOOK_S = 0.2


@click.command(name="lr-find")
@click.argument("target", metavar="STUDY.toml")
@click.option("--param", metavar="NAME", help="The learning rate; without it, told by its name.")
@click.option("--low", type=float, default=1e-6, show_default=True, help="The first rate.")
@click.option("--high", type=float, default=10.0, show_default=True, help="The last rate.")
@click.option("-k", "points", type=click.IntRange(5), default=22, show_default=True, help="How many rates.")
@click.option("--steps", type=click.IntRange(1), default=1, show_default=True, help="Steps (epochs) of each trial.")
@click.option("--fix", type=click.Path(path_type=Path), metavar="FILE", help="Write the study with the range found.")
@click.option("--json", "as_json", is_flag=True, help="{rates losses steepest best diverges low high session}")
def lr_find(
    target: str, param: str | None, low: float, high: float, points: int, steps: int, fix: Path | None, as_json: bool
) -> int:
    """Find the range of learning rates worth searching, by one short trial at each of many rates.

    All other parameters keep their defaults. The trials are a session of their own, which can be looked at like
    any other. The objective should end after `trial.max_steps` steps; --steps sets it.
    """
    source = read_target(target)
    study = read_study(source, {})
    name = _rate_of(study, param)
    if not 0 < low < high:
        raise StudyError("--low", f"{low:g} is not between 0 and --high ({high:g})", "as in --low 1e-6 --high 10")
    sweep = _Sweep(name, tuple(float(f"{r:.3g}") for r in np.geomspace(low, high, points)), steps)
    folder = _run(_study_of(sweep, source, study), study.name)
    losses = _losses(folder, study.sign, points)
    try:
        found = rate_range(sweep.rates, losses)
    except ValueError as nothing:
        raise StudyError(
            f"space.{name}", str(nothing), f"hptui show {folder.name} tells how the trials ended"
        ) from None
    if fix is not None:
        edits = [Edit(("space", name, k), v) for k, v in (("low", _nice(found.low)), ("high", _nice(found.high)))]
        write_study(fix, source.text, [*edits, Edit(("space", name, "log"), True)])
    if as_json:
        print_json(_as_json(found, losses, folder))
    else:
        print("\n".join(_drawn(found, losses, study.sign)))
        print(f"{name} {found}")
    return 0


@dataclass(frozen=True)
class _Sweep:
    name: str
    rates: tuple[float, ...]
    steps: int


def _rate_of(study: Study, param: str | None) -> str:
    """The one numeric parameter that is the learning rate. Raises StudyError when it can't be told."""
    space = Space.parse(study.space)
    numeric = [n for n, p in space.parameters.items() if not isinstance(p, Categorical)]
    rates = [n for n in numeric if role_of(n) is Role.LEARNING_RATE]
    if param is not None:
        rates = [n for n in numeric if n == param]
    if len(rates) != 1:
        found = f"there are several: {', '.join(rates)}" if rates else "the space has none"
        hint = f"name it: --param {numeric[0] if numeric else 'lr'}" if study.space else "write a [space] with it"
        raise StudyError("space", f"which parameter is the learning rate? {found}", hint)
    return rates[0]


def _study_of(sweep: _Sweep, source: Target, study: Study) -> Target:
    """The study of the sweep: a trial at each rate, the other parameters at their defaults."""
    parameter = ("space", sweep.name)
    fixed = Space.parse(study.space).defaults()
    fixed.pop(sweep.name, None)
    points = [{**fixed, sweep.name: rate} for rate in sweep.rates]
    edits = [
        Edit(("name",), f"{study.name}-lr"),
        Edit((*parameter, "low"), sweep.rates[0]),
        Edit((*parameter, "high"), sweep.rates[-1]),
        Edit((*parameter, "log"), True),
        Edit((*parameter, "scaled_by"), None),
        Edit((*parameter, "step"), None),
        Edit(("sampler",), "random"),
        Edit(("pruner",), "none"),
        Edit(("stop",), None),
        Edit(("budget",), {"n_trials": len(points), "max_steps": sweep.steps, "stop_after_failures": len(points) + 1}),
        Edit(("enqueue",), points),
    ]
    return Target(rewrite(source.text, edits), source.where, source.folder)


def _run(source: Target, name: str) -> SessionFolder:
    """The session, when it is over. Ctrl-C leaves it running; asked again, it goes on."""
    study = read_study(source, {})
    folder = find_or_create(source, study, {})
    start(folder, quiet=True)
    say(f"{study.budget.n_trials} short trials in session {folder.name}")
    with Reader(folder) as reader:
        while reader.finished() is None:
            time.sleep(LOOK_S)
    return folder


def _losses(folder: SessionFolder, sign: float, points: int) -> list[float]:
    """The loss of each trial by its number; one that diverged or failed has none."""
    with Reader(folder) as reader:
        rows = {row.number: row for row in reader.trials()}
    known = [rows.get(number) for number in range(points)]
    return [
        sign * row.value if row is not None and row.state == State.COMPLETE and row.value is not None else math.nan
        for row in known
    ]


def _nice(value: float) -> float:
    return float(f"{value:.1g}")


def _as_json(found: RateRange, losses: list[float], folder: SessionFolder) -> dict[str, Any]:
    return {
        "rates": found.rates.tolist(),
        "losses": [loss if math.isfinite(loss) else None for loss in losses],
        "steepest": found.steepest,
        "best": found.best,
        "diverges": found.diverges,
        "low": _nice(found.low),
        "high": _nice(found.high),
        "session": folder.name,
    }


def _drawn(found: RateRange, losses: list[float], sign: float) -> list[str]:
    """The values over the rates. Those far beyond the first are left out: a diverged one would flatten the rest."""
    from hptui.tui.charts.axes import limits
    from hptui.tui.charts.figure import Curve, draw
    from hptui.tui.glyphs import current

    y = np.asarray(losses, dtype=float)
    least = float(np.nanmin(y))
    shown = np.isfinite(y) & (y <= least + 3 * (float(np.nanmedian(y)) - least))
    values, rates = sign * y[shown], found.rates[shown]
    width = min(shutil.get_terminal_size().columns, 100)
    x_axis = limits(float(found.rates[0]), float(found.rates[-1]), True)
    y_axis = limits(float(values.min()), float(values.max()), False)
    marks = (found.low, found.high)
    lines = draw([Curve(rates, values, "best")], x_axis, y_axis, width, 14, current(), marks=marks)
    return ["".join(piece.text for piece in line).rstrip() for line in lines]
