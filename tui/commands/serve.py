"""`hptui serve`: the screen in a browser."""

from __future__ import annotations

import secrets

import click

from hptui.tui.commands.finding import find


@click.command()
@click.argument("name", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True)
@click.option("--read-only", is_flag=True, help="Without the keys that change anything.")
def serve(name: str | None, port: int, read_only: bool) -> int:
    """Show the screen of a session, or the list of sessions, in a browser on this machine.

    Only this machine can reach it, and only with the token of the address that is printed. From elsewhere:
    ssh -L 8765:127.0.0.1:8765 HOST. Needs the extra: pip install 'hptui[web]'.
    """
    from hptui.tui.web import serve as run

    more = ["--read-only"] if read_only else []
    arguments = more if name is None else ["attach", find(name).name, *more]
    run(arguments, port, secrets.token_urlsafe(16), lambda text: print(text, flush=True))
    return 0
