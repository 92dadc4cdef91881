"""Which session a command means, and that somebody is there to answer it."""

from __future__ import annotations

import click

from hptui.core.errors import SessionError
from hptui.core.store.library import resolve, sessions
from hptui.core.study.session import SessionFolder, sessions_home
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
