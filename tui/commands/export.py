"""`hptui export`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import click

from hptui.core.errors import SessionError
from hptui.core.review.export import Format, What
from hptui.core.review.export import export as lines_of
from hptui.core.space.space import Space
from hptui.core.store.packed import pack
from hptui.core.store.reader import Reader
from hptui.core.study.file import load_study
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.answers import say
from hptui.tui.commands.finding import NAME, look_at

LINES = ("csv", "jsonl", "json")
WHOLE = ("optuna", "hparams", "zip", "wandb")  # of the session, whatever --what says


@click.command()
@NAME
@click.option("--what", type=click.Choice(["trials", "metrics", "events"]), default="trials", show_default=True)
@click.option("--format", "form", type=click.Choice([*LINES, *WHOLE]), default="csv", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
def export(name: str | None, what: str, form: str, output: str | None) -> None:
    """Write trials, metrics or events.

    trials: a line per trial, a column params_NAME per parameter and values_METRIC per further objective. metrics: trial
    metric step value. events: the ledger. Times are seconds since the epoch; csv writes nan and inf, json and jsonl
    have null for both.

    Of the whole session, where -o says: optuna, a study of its name in a SQLite file, for Optuna and optuna-dashboard;
    hparams, a folder of TensorBoard runs; zip, one file that `hptui review` opens; wandb, the space as a W&B sweep.
    """
    folder = look_at(name)
    if form in WHOLE:
        _whole(folder, form, output)
        return
    with Reader(folder) as reader:
        lines = lines_of(reader, cast(What, what), cast(Format, form))
        if output in (None, "-"):
            _write(sys.stdout, lines)
            return
        try:
            with open(str(output), "w", encoding="utf-8") as file:
                _write(file, lines)
        except OSError as error:
            raise SessionError(str(output), f"can't be written: {error.strerror}") from error


def _whole(folder: SessionFolder, form: str, output: str | None) -> None:
    if output is None:
        example = {"optuna": "study.db", "hparams": "runs/", "zip": f"{folder.name}.zip", "wandb": "sweep.yaml"}[form]
        hint = f"hptui export {folder.name} --format {form} -o {example}"
        raise SessionError("-o", "names what to write", hint)
    path = Path(output)
    if form == "zip":
        left_out = pack(folder, path)
    else:
        with Reader(folder) as reader:
            left_out = _written(reader, folder, form, path)
    for line in dict.fromkeys(left_out):
        say(f"not carried over: {line}")
    say(f"wrote study {folder.name} to sqlite:///{output}" if form == "optuna" else f"wrote {output}")


def _written(reader: Reader, folder: SessionFolder, form: str, path: Path) -> list[str]:
    if form == "optuna":
        from hptui.core.interop.optuna_write import write_optuna

        return write_optuna(reader, path, folder.name)
    if form == "hparams":
        from hptui.core.interop.hparams_write import write_hparams

        return write_hparams(reader, path)
    from hptui.core.interop.sweep_write import sweep_text

    try:
        study = load_study(folder.study.read_text(encoding="utf-8"), where=str(folder.study), folder=None)
        text, left_out = sweep_text(study, Space.parse(reader.parameters()), folder.name)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SessionError(error.filename or str(path), f"can't be opened: {error.strerror}") from error
    return left_out


def _write(file: IO[str], lines: Iterator[str]) -> None:
    for line in lines:
        file.write(line + "\n")
