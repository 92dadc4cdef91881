"""`hptui`, `hptui attach`, `hptui review`: opening the screen."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from hptui.core.errors import HptuiError
from hptui.core.store.library import is_session
from hptui.core.store.packed import has_sessions
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.finding import NAME, find, wake
from hptui.tui.terminal import why_unsuitable
from hptui.tui.visiting import visited


class NoScreen(HptuiError):
    """The screen can't be shown here."""


@click.command()
@NAME
@click.option("--read-only", is_flag=True, help="Without the keys that change anything.")
def attach(name: str | None, read_only: bool) -> int:
    """Open the screen of a session. `q` leaves it, and the session goes on."""
    folder = find(name)
    _check_terminal(folder)
    if not read_only:
        wake(folder)
    return open_screen(folder, read_only=read_only)


@click.command()
@NAME
def review(name: str | None) -> int:
    """Look at a session, live or past, without changing anything.

    NAME may be a copied folder, a folder with several sessions, or a zip of either (unpacked for as long as it is
    looked at).
    """
    with contextlib.ExitStack() as stack:
        path = Path(os.path.expanduser(name or ""))
        if name and path.suffix == ".zip" and path.is_file():
            _check_terminal(None)
            path = stack.enter_context(visited(path))
        elif not (name and path.is_dir() and has_sessions(path)):
            return open_screen(find(name), read_only=True)
        if is_session(path):
            return open_screen(SessionFolder(path), read_only=True)
        return open_screen(None, read_only=True, shelf=path)


def open_screen(folder: SessionFolder | None, *, read_only: bool, shelf: Path | None = None) -> int:
    """The screen of a session, or the list of those in `shelf`. Returns its exit status once it is left."""
    _check_terminal(folder)
    from hptui.tui.app import run

    return run(folder, read_only=read_only, shelf=shelf)


def _check_terminal(folder: SessionFolder | None) -> None:
    if trouble := why_unsuitable():
        instead = "hptui ls" if folder is None else f"hptui show {folder.name}"
        raise NoScreen("no screen here", trouble, f"{instead} prints the same as text, and --json for programs")
