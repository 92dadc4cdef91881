"""`hptui lr-find`: short trials at rising learning rates, drawn, and the range they suggest."""

from __future__ import annotations

import math
import os
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
from hptui.core.errors import StudyError
from hptui.core.scheduler.begin import existing, find_or_create
from hptui.core.scheduler.target import Target, read_study
from hptui.core.space.parameter import Categorical
from hptui.core.space.roles import Role, role_of
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study
from hptui.core.study.trial import State
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.advise import write_study
from hptui.tui.commands.answers import folded, print_json, say
from hptui.tui.commands.finding import start
from hptui.tui.commands.target import read_target

LOOK_S = 0.2


@click.command(name="lr-find")
@click.argument("target", metavar="STUDY.toml")
@click.option("--param", metavar="NAME", help="The learning rate; without it, told by its name.")
@click.option("--low", type=float, default=1e-6, show_default=True, help="The first rate.")
@click.option("--high", type=float, default=10.0, show_default=True, help="The last rate.")
@click.option("-k", "points", type=click.IntRange(5, 1000), default=22, show_default=True, help="How many rates.")
@click.option("--steps", type=click.IntRange(1), default=1, show_default=True, help="Steps (epochs) of each trial.")
@click.option("--write", is_flag=True, help="Write the range found into STUDY.toml.")
@click.option("--fix", type=click.Path(path_type=Path), metavar="FILE", help="Write the study with it to a new FILE.")
@click.option("--json", "as_json", is_flag=True, help="{rates losses steepest best diverges low high session}")
def lr_find(
    target: str, param: str | None, low: float, high: float, points: int, steps: int, write: bool, fix: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Find the range of learning rates worth searching, by one short trial at each of many rates.

    All other parameters keep their defaults. The trials are a session of their own, which can be looked at like
    any other; each call makes a new one, but goes on with one that was left unfinished. The objective should end
    after `trial.max_steps` steps; --steps sets it.
    """
    source = read_target(target)
    if write and not target.endswith(".toml"):
        raise StudyError("--write", f"{target} is no study file", "--fix FILE writes one")
    study = read_study(source, {})
    name = _rate_of(study, param)
    if not 0 < low < high < math.inf:
        raise StudyError("--low", f"{low:g} is not between 0 and --high ({high:g})", "as in --low 1e-6 --high 10")
    sweep = _Sweep(name, tuple(float(f"{r:.3g}") for r in np.geomspace(low, high, points)), steps)
    folder = _run(_study_of(sweep, source, study))
    losses = _losses(folder, study.sign, points)
    try:
        found = rate_range(sweep.rates, losses)
    except ValueError as nothing:
        hint = f"hptui show {folder.name} tells how its trials ended"
        raise StudyError(f"space.{name}", _none_ran(folder) or str(nothing), hint) from None
    if as_json:
        print_json(_as_json(found, losses, folder))
    else:
        print("\n".join(_drawn(found, losses, study.sign)))
        print(folded(f"{name} {found}", "  "))
    edits = _edits(Space.parse(study.space), name, found)
    if fix is not None:
        write_study(fix, source.text, edits)
    if write:
        _write(Path(os.path.expanduser(target)), edits)
    elif fix is None and not as_json and target.endswith(".toml"):
        say(f"--write puts that range into {target}")
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


def _edits(space: Space, name: str, found: RateRange) -> list[Edit]:
    """The range in the study file's own unit: before it is scaled by another parameter."""
    parameter = space.parameters[name]
    assert not isinstance(parameter, Categorical)
    tied = parameter.scaled_by
    others = space.defaults()
    factor = tied.factor(others[tied.parameter]) if tied and tied.parameter in others else 1.0
    low, high = _nice(found.low / factor), _nice(found.high / factor)
    edits = [Edit(("space", name, "low"), low), Edit(("space", name, "high"), high), Edit(("space", name, "log"), True)]
    if parameter.step is not None:
        edits.append(Edit(("space", name, "step"), None))
    if isinstance(parameter.default, int | float) and not low <= parameter.default <= high:
        edits.append(Edit(("space", name, "default"), min(max(_nice(found.steepest / factor), low), high)))
    return edits


def _write(path: Path, edits: list[Edit]) -> None:
    """Into the study file itself, as it is by now: all of it, or the old one stays. A session keeps its own copy."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(rewrite(path.read_text(encoding="utf-8"), edits), encoding="utf-8")
        shutil.copymode(path, draft)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StudyError(str(path), f"can't be written: {error.strerror}", "--fix FILE writes another") from error
    said = ", ".join(f"{edit.path} = {'–' if edit.value is None else edit.value}" for edit in edits)
    say(f"wrote {path}: {said}")


def _study_of(sweep: _Sweep, source: Target, study: Study) -> Target:
    """The study of the sweep: a trial at each rate, the other parameters at their defaults."""
    parameter = ("space", sweep.name)
    fixed = beside(Space.parse(study.space), sweep.name)
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


def beside(space: Space, name: str) -> dict[str, Any]:
    """All other parameters at their defaults, and those that `name` depends on at a value that lets it be."""
    when = space.parameters[name].when
    chosen = {parent: values[0] for parent, values in when.items()}
    definitions = space.definitions()
    for parent, value in chosen.items():
        chosen |= {p: v[0] for p, v in space.parameters[parent].when.items() if p not in chosen}
        definitions[parent] = {**definitions[parent], "default": value}
    fixed = Space.parse(definitions).defaults()
    fixed.pop(name, None)
    return fixed


def _run(source: Target) -> SessionFolder:
    """The session, when it is over. Ctrl-C leaves it running; asked again, it goes on."""
    study = read_study(source, {})
    folder = existing(source, study, {})
    unfinished = folder is not None and not _over(folder)
    if folder is None or not unfinished:
        folder = find_or_create(source, study, {}, new=True, say=say)
    start(folder, resume=unfinished, quiet=True)
    say(f"{study.budget.n_trials} short trials in session {folder.name}")
    try:
        with Reader(folder) as reader:
            while reader.finished() is None:
                if not scheduler_of(folder.lock).alive and reader.finished() is None:
                    start(folder)  # it was killed; the trials are still there
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        say(f"\n{folder.name} goes on without this terminal; asked again, lr-find takes it up")
        raise
    return folder


def _over(folder: SessionFolder) -> bool:
    """Whether nothing more will come of it. One that was stopped by hand goes on."""
    with Reader(folder) as reader:
        finished = reader.finished()
    return finished is not None and finished.final


def _losses(folder: SessionFolder, sign: float, points: int) -> list[float]:
    """The loss of each trial by its number; one that diverged or failed has none."""
    with Reader(folder) as reader:
        rows = {row.number: row for row in reader.trials()}
    known = [rows.get(number) for number in range(points)]
    return [
        sign * row.value if row is not None and row.state == State.COMPLETE and row.value is not None else math.nan
        for row in known
    ]


def _none_ran(folder: SessionFolder) -> str:
    """Why no rate was tried at all, where that is so: no low enough rate would help."""
    with Reader(folder) as reader:
        ended = any(State(row.state).ended for row in reader.trials())
        reason = reader.finished()
    return "" if ended else f"no trial ran: {reason.reason if reason else 'no reason is known'}"


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
    """The values over the rates, and what the marks are. A value far beyond the first would flatten the rest."""
    from hptui.tui.charts.axes import limits
    from hptui.tui.charts.figure import Curve, draw
    from hptui.tui.glyphs import current

    glyphs = current()
    y = np.asarray(losses, dtype=float)
    least = float(np.nanmin(y))
    shown = np.isfinite(y) & (y <= least + 3 * (float(np.nanmedian(y)) - least))
    values, rates = sign * y[shown], found.rates[shown]
    width = min(shutil.get_terminal_size().columns, 100)
    x_axis = limits(float(found.rates[0]), float(found.rates[-1]), True)
    y_axis = limits(float(values.min()), float(values.max()), False)
    marks = (found.low, found.high)
    lines = draw([Curve(rates, values, "best")], x_axis, y_axis, width, 14, glyphs, marks=marks)
    left_out = len(y) - int(shown.sum())
    said = f"{glyphs.milestone} the range proposed, {_nice(found.low):g} to {_nice(found.high):g}"
    said += f"; {left_out} of {len(y)} rates diverged, failed or are off the chart" if left_out else ""
    return [*("".join(piece.text for piece in line).rstrip() for line in lines), folded(said, "  ")]
