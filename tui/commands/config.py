"""`hptui config`: where the configuration is, and all that can be set there."""

from __future__ import annotations

from dataclasses import asdict

import click

from hptui.core.study.session import config_file
from hptui.tui.commands.answers import print_json, say
from hptui.tui.config import example, read_config


@click.command()
@click.option("--json", "as_json", is_flag=True, help="{path exists theme glyphs color mouse hide[] keys{}}")
def config(as_json: bool) -> int:
    """Print the configuration as it stands: theme, glyphs, colours, mouse and keys, each with its default.

    The output is such a file itself: hptui config > FILE, at the place it names ($HPTUI_CONFIG names another).
    """
    path = config_file()
    if as_json:
        print_json({"path": str(path), "exists": path.exists(), **asdict(read_config(path))})
        return 0
    print(example(read_config(path), path), end="")
    say(f"{path}: {'read' if path.exists() else 'there is no such file: these are the defaults'}")
    return 0
