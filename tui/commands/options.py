"""The options that change a study, for `run` and `check`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from hptui.core.search.catalog import PRUNERS, SAMPLERS

_OPTIONS = (
    click.option("-n", "--trials", "n_trials", type=int, metavar="N", help="Trials in all, earlier runs included."),
    click.option("--name", help="The session's name. [default: as the study says]"),
    click.option("--direction", type=click.Choice(["minimize", "maximize"]), help="Of the value. [default: minimize]"),
    click.option("--slots", type=int, metavar="N", help="Trials at once."),
    click.option("--gpus", type=float, metavar="N", help="GPUs that a trial takes: 1, 2, or a share such as 0.25."),
    click.option("--devices", metavar="LIST", help="Which GPUs: all, none, or 0,2 or UUIDs."),
    click.option("--seed", type=int, metavar="N", help="The same seed proposes the same trials."),
    click.option("--sampler", metavar="NAME", help=f"One of {', '.join(SAMPLERS)}."),
    click.option("--pruner", metavar="NAME", help=f"One of {', '.join(PRUNERS)}."),
    click.option(
        "-p",
        "--param",
        "params",
        multiple=True,
        metavar="NAME=LOW..HIGH[:log]|NAME=A,B",
        help="What may vary, for a command line. May be repeated.",
    ),
    click.option("--pattern", metavar="REGEX", help=r"How a command's lines are read: 'loss: (?P<value>\S+)'."),
)


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
