"""`hptui run`: a session begins, or goes on."""

from __future__ import annotations

import sys
from typing import Any

import click

from hptui.core.devices import host
from hptui.core.devices.inventory import inventory
from hptui.core.scheduler.begin import find_or_create
from hptui.core.scheduler.target import read_study
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.answers import say
from hptui.tui.commands.elsewhere import NAMES, cluster_options, executor_of
from hptui.tui.commands.finding import start
from hptui.tui.commands.options import study_options
from hptui.tui.commands.target import read_target
from hptui.tui.terminal import why_unsuitable


@click.command()
@click.argument("target", metavar="STUDY.toml|SCRIPT.py[:FUNCTION]|'COMMAND'")
@study_options
@click.option("--headless", is_flag=True, help="No screen; the default where there is no terminal.")
@click.option("--new", is_flag=True, help="Begin a new session even if this study has one.")
@click.option("--detach", is_flag=True, help="Start it, print its name, and return.")
@cluster_options
def run(target: str, params: tuple[str, ...], pattern: str | None, headless: bool, new: bool, detach: bool,
        on: str | None, **overrides: Any) -> int:  # fmt: skip
    """Start a session and open its screen; run again, it goes on.

    The same study goes on in its session until it has -n trials in all. A changed study begins a session of its
    own.
    `q` leaves the screen and Ctrl-C the progress line; the session goes on either way.

    Exit status: 0 ended with a complete trial, 1 an error, 2 a bad study, 3 ended without a complete trial,
    130 left while it was running.
    """
    executor = executor_of(on, {name: overrides.pop(name) for name in NAMES})
    source = read_target(target, params, pattern)
    study = read_study(source, overrides)
    if executor is None:
        here = inventory(study.resources)  # GPUs that are not here are said before anything starts
        if not here.on_gpus and (caution := host.crowding(here.at_once, host.cores())):
            say(caution)
    stated = {k: v for k, v in overrides.items() if v is not None}
    folder = find_or_create(source, study, stated, new=new, say=say, executor=executor)
    with Reader(folder) as reader:
        finished = reader.fact("finished") or {}
    start(folder, resume=finished.get("final") is False, quiet=True)
    if detach:
        print(folder.name)
        return 0
    trouble = why_unsuitable()
    if headless or trouble:
        if not headless and trouble and sys.stdin.isatty() and sys.stdout.isatty():
            say(f"no screen: {trouble}")
        from hptui.tui.commands.headless import follow

        return follow(folder)
    return _on_screen(folder)


def _on_screen(folder: SessionFolder) -> int:
    from hptui.tui.commands.screens import open_screen

    status = open_screen(folder, read_only=False)
    with Reader(folder) as reader:
        finished = reader.finished()
    if finished is not None and status == 0:
        from hptui.tui.commands.headless import summarise

        return summarise(folder, finished)
    return status
