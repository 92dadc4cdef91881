"""Which session a command means, and that somebody is there to answer it."""

from __future__ import annotations

import click

from hptui.core.errors import SessionError
from hptui.core.store.library import resolve, sessions, training
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import say

NAME = click.argument("name", required=False)
"""A session's name, the beginning of one, or a folder; without it, the session changed last."""


def find(name: str | None) -> SessionFolder:
    """The session named, or the one changed last. Raises SessionError when there is none."""
    if name is not None:
        return resolve(name, sessions_home())
    latest = sessions(sessions_home())
    if not latest:
        raise SessionError(str(sessions_home()), "there is no session yet", "hptui run study.toml starts one")
    return SessionFolder(latest[0].path)


def look_at(name: str | None) -> SessionFolder:
    """The session to read. Trials that train on without their scheduler get a new one, which adopts them."""
    folder = find(name)
    if not scheduler_of(folder.lock).alive and training(folder) and not _over(folder):
        wake(folder)
    return folder


def _over(folder: SessionFolder) -> bool:
    with Reader(folder) as reader:
        return reader.finished() is not None


def wake(folder: SessionFolder) -> None:
    """See that an unfinished session has a scheduler. One that replaces a killed one adopts its trials."""
    start(folder)


def start(folder: SessionFolder, *, resume: bool = False, quiet: bool = False) -> None:
    """Start a scheduler if none is alive and there is work. Raises SessionError when none comes up.

    resume: also when the session was stopped.
    """
    from hptui.core.scheduler.launch import ensure

    if ensure(folder, resume=resume) and not quiet:
        say(f"a scheduler was started for {folder.name}")
