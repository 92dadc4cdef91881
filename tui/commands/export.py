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
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.answers import say
from hptui.tui.commands.finding import NAME, look_at

FORMATS = ("csv", "jsonl", "json", "optuna")


@click.command()
@NAME
@click.option("--what", type=click.Choice(["trials", "metrics", "events"]), default="trials", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
def export(name: str | None, what: str, form: str, output: str | None) -> None:
    """Write trials, metrics or events.

    trials: a line per trial, a column params_NAME per parameter. metrics: trial metric step value. events: the
    ledger. Times are seconds since the epoch; csv writes nan and inf, json and jsonl have null for both.
    optuna: a study named as the session, in the SQLite file that -o names, for Optuna and optuna-dashboard.
    """
    folder = look_at(name)
    if form == "optuna":
        _to_optuna(folder, output)
        return
    with Reader(folder) as reader:
        lines = lines_of(reader, cast(What, what), cast(Format, form))
        if output is None:
            _write(sys.stdout, lines)
            return
        try:
            with open(output, "w", encoding="utf-8") as file:
                _write(file, lines)
        except OSError as error:
            raise SessionError(output, f"can't be written: {error.strerror}") from error


def _to_optuna(folder: SessionFolder, output: str | None) -> None:
    from hptui.core.interop.optuna_write import write_optuna

    if output is None:
        raise SessionError("-o", "names the SQLite file to write", "hptui export NAME --format optuna -o study.db")
    with Reader(folder) as reader:
        left_out = write_optuna(reader, Path(output), folder.name)
    for line in left_out:
        say(f"not carried over: {line}")
    say(f"wrote study {folder.name} to sqlite:///{output}")


def _write(file: IO[str], lines: Iterator[str]) -> None:
    for line in lines:
        file.write(line + "\n")
