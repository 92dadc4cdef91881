"""`hptui import`: another tool's results as a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import click

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, make_session
from hptui.core.store.library import new_name
from hptui.core.study.checks import NAME_HINT, as_name, can_be_named
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.study.study import Direction
from hptui.tui.commands.answers import plural, print_json, say


@click.command(name="import")
@click.argument("source", metavar="FILE|FOLDER|sqlite:///FILE")
@click.option("--study", metavar="NAME", help="Which study of an Optuna storage that has several.")
@click.option("--name", metavar="NAME", help="The session's name; without it, the study's.")
@click.option("--metric", metavar="NAME", help="Of a table or a folder: which column or curve is the value.")
@click.option("--direction", type=click.Choice(["minimize", "maximize"]), default="minimize", help="Of the same.")
@click.option("--json", "as_json", is_flag=True, help="{name path trials left_out[]}")
def import_(
    source: str, study: str | None, name: str | None, metric: str | None, direction: str, as_json: bool
) -> None:
    """Make a session of another tool's results: to review, compare, advise on and export them as any other.

    Optuna: a SQLite file (or its sqlite:/// URL) or a journal file. Tables: CSV with a header, JSON lines or a JSON
    list, a trial a row. Folders: an experiment of Ray Tune, or TensorBoard event files, a trial a run. Nothing of it
    is changed. What can't be carried over is said.
    """
    if name and not can_be_named(name):
        raise SessionError("--name", f"{name!r} can't be a session folder's name", NAME_HINT)
    found = _read(source, study, metric, cast(Direction, direction))
    folder = SessionFolder(sessions_home() / (name or new_name(as_name(found.name), sessions_home())))
    left_out = list(make_session(found, folder))
    if as_json:
        print_json({"name": folder.name, "path": str(folder.path), "trials": len(found.trials), "left_out": left_out})
        return
    for line in left_out:
        say(f"not carried over: {line}")
    print(f"{folder.name}: {plural(len(found.trials), 'trial')} from {found.source}")
    say(f"hptui review {folder.name}")


def _read(source: str, study: str | None, metric: str | None, direction: Direction) -> Found:
    path = Path(os.path.expanduser(source.removeprefix("sqlite:///")))
    if path.is_dir():
        return _read_folder(path, metric, direction)
    from hptui.core.interop.optuna_read import read_optuna
    from hptui.core.interop.tables import is_table, read_table

    if is_table(path):
        return read_table(path, metric, direction)

    return read_optuna(source, study)


def _read_folder(path: Path, metric: str | None, direction: Direction) -> Found:
    from hptui.core.interop.ray_read import is_ray_results, read_ray
    from hptui.core.interop.tensorboard_read import has_events, read_tensorboard

    if is_ray_results(path):
        return read_ray(path, metric, direction)
    if has_events(path):
        return read_tensorboard(path, metric, direction)
    hint = "an experiment of Ray Tune has */params.json, a log folder of TensorBoard *.tfevents.* files"
    raise SessionError(str(path), "nothing in this folder is known", hint)
