"""`hptui config`: where the configuration is, and all that can be set there."""

from __future__ import annotations

import click

from hptui.core.study.session import config_file
from hptui.tui.commands.answers import say
from hptui.tui.config import example, read_config


@click.command()
def config() -> int:
    """Print the configuration as it stands: theme, glyphs, colours, mouse and keys, each with its default.

    The output is such a file itself: hptui config > FILE, at the place it names ($HPTUI_CONFIG names another).
    """
    path = config_file()
    print(example(read_config(path), path), end="")
    say(f"{path}: {'read' if path.exists() else 'there is no such file: these are the defaults'}")
    return 0
