"""`hptui rm`."""

from __future__ import annotations

import sys

import click

from hptui.core.errors import SessionError
from hptui.core.store.library import remove, size_bytes, summary
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import size
from hptui.tui.commands.finding import find
from hptui.tui.commands.listing import tally


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def rm(names: tuple[str, ...], yes: bool) -> None:
    """Delete sessions with everything in their folders: trials, logs, checkpoints. There is no way back."""
    for folder in {folder.path: folder for folder in map(find, names)}.values():
        if scheduler_of(folder.lock).alive:
            raise SessionError(folder.name, "it is running", f"`hptui stop {folder.name} --now` first")
        each = summary(folder)
        what = f"{folder.path}: {tally(each.counts, None)}, {size(size_bytes(folder))}"
        if not yes:
            if not sys.stdin.isatty():
                raise SessionError(folder.name, "not deleted: nobody is there to ask", "--yes deletes without asking")
            if not click.confirm(f"delete {what}?"):
                continue
        remove(folder)
        print(f"deleted {what}")
