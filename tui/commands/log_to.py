"""`hptui log-to`: a session in TensorBoard, MLflow or W&B, by a process beside it."""

from __future__ import annotations

import os
import sys
import time

import click

from hptui.core.interop.loggers.follow import Follower, kept_at
from hptui.core.interop.loggers.logger import logger_of
from hptui.core.store.reader import Reader
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import plural, say
from hptui.tui.commands.finding import look_at

LOOK_S = 1.0


@click.command(name="log-to")
@click.argument("logger", metavar="tensorboard|mlflow|wandb")
@click.argument("name")
@click.argument("destination", metavar="FOLDER")
@click.option("-f", "--follow", is_flag=True, help="Go on as the session does, until it ends.")
def log_to(logger: str, name: str, destination: str, follow: bool) -> int:
    """Write a session's trials as runs of TensorBoard, MLflow or W&B (offline: `wandb sync` sends them).

    It only reads the session, from a process of its own: whatever goes wrong with the logger, the search goes on. How
    far it came is kept in FOLDER, so that asked again it adds what is new and nothing twice. For mlflow, FOLDER may
    be a tracking URI such as sqlite:///mlflow.db; how far it came is then kept with hptui's own state. W&B gets a
    trial when it has ended, the others while it runs.
    """
    made = logger_of(logger)
    folder = look_at(name)
    with Reader(folder) as reader:
        kept = kept_at(logger, destination, folder, str(reader.fact("id") or folder.name))
    place = destination if "://" in destination else os.path.expanduser(destination)
    follower = Follower(folder, lambda facts: made(place, facts), kept)
    told = 0
    if sys.stderr.isatty():  # loading a tracker may take as long as a look at a session
        say(f"telling {logger} what {folder.name} {'reports, until it ends' if follow else 'has reported'} …")
    try:
        with Reader(folder) as reader:
            while True:
                live = scheduler_of(folder.lock).alive  # asked before: what is written until then is told
                told = follower.look(reader)
                if not (follow and live):
                    break
                time.sleep(LOOK_S)
    finally:
        follower.close()
    say(f"{plural(told, 'ended trial')} of {folder.name} in {destination}")
    return 0
