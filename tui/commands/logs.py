"""`hptui logs`: what a trial printed, or what its scheduler has to say."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import time
from pathlib import Path

import click

from hptui.core.errors import SessionError
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import State
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import print_json, say
from hptui.tui.commands.finding import look_at
from hptui.tui.commands.log_lines import LogLines

CHUNK = 1 << 16


@click.command()
@click.argument("name")
@click.argument("trial", type=click.IntRange(0), required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on printing until the trial (or the session) ends.")
@click.option("-n", "--lines", type=click.IntRange(0), help="Only the last so many lines.")
@click.option("--raw", is_flag=True, help="Bytes as they are: control characters, every state of a progress bar.")
@click.option("--json", "as_json", is_flag=True, help="{name trial path lines[]}")
def logs(name: str, trial: int | None, follow: bool, lines: int | None, raw: bool, as_json: bool) -> None:
    """Print what a trial wrote to stdout and stderr; without a trial, the scheduler's log.

    Control characters are made visible, and of a progress bar its last state is printed.
    """
    if as_json and (follow or raw):
        raise click.UsageError("--json is one document of lines: it goes without --follow and --raw")
    folder = look_at(name)
    if trial is None:
        path = folder.log
    else:
        with Reader(folder) as reader:
            if reader.trial(trial) is None:
                raise SessionError(
                    folder.name, f"there is no trial {trial}", f"`hptui show {folder.name}` lists trials"
                )
        path = folder.trial(trial).log
    try:
        file = open(path, "rb")  # noqa: SIM115 - opening is what may fail; the block below closes it
    except FileNotFoundError:
        problem = "has not written anything yet" if trial is None else f"trial {trial} has not printed anything yet"
        raise SessionError(folder.name, problem) from None
    with file:
        if lines is not None:
            file.seek(_start_of_last(path, lines))
        if as_json:
            said = file.read().decode("utf-8", "backslashreplace").splitlines()
            print_json({"name": folder.name, "trial": trial, "path": str(path), "lines": said})
            return
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")  # a character may span two reads
        in_place = follow and sys.stdout.isatty()
        printed = LogLines(shutil.get_terminal_size().columns if in_place else 0)
        while True:
            if data := file.read(CHUNK):
                if raw:
                    sys.stdout.buffer.write(data)
                else:
                    sys.stdout.write(printed.take(decoder.decode(data)))
                sys.stdout.flush()
            elif not follow or _over(folder, trial):
                sys.stdout.write(printed.rest())
                if not file.tell():
                    say(f"{folder.name}: {'the scheduler' if trial is None else f'trial {trial}'} has printed nothing")
                return
            else:
                time.sleep(0.1)


def _over(folder: SessionFolder, trial: int | None) -> bool:
    if trial is None:
        return not scheduler_of(folder.lock).alive
    with Reader(folder) as reader:
        row = reader.trial(trial)
    return row is None or State(row.state).ended


def _start_of_last(path: Path, lines: int) -> int:
    """Where the last `lines` lines of a file begin. Reads backwards, so that a huge log is no trouble."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        at, seen = end, -1 if end and _last_byte(path) == b"\n" else 0
        if not lines:
            return end
        while at > 0:
            step = min(CHUNK, at)
            at -= step
            file.seek(at)
            block = file.read(step)
            place = len(block)
            while (place := block.rfind(b"\n", 0, place)) >= 0:
                seen += 1
                if seen == lines:
                    return at + place + 1
    return 0


def _last_byte(path: Path) -> bytes:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
