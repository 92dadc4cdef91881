"""`hptui best`: the best trials, in the form they are needed."""

from __future__ import annotations

from typing import cast

import click

from hptui.core.review.config import Format, config_text
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.tui.commands.answers import number, print_json, say, setting, table
from hptui.tui.commands.finding import NAME, look_at

FORMATS = ("table", "json", "toml", "yaml", "args", "python")


@click.command()
@NAME
@click.option("-k", "count", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def best(name: str | None, count: int, form: str, as_json: bool) -> int:
    """Print the best complete trials, ready to paste.

    json: {number value params} for one trial, a list of these with -k. The other formats hold the parameters
    alone: toml and yaml as a file has them, args as `--lr 0.01` flags, python as a dict.
    """
    folder = look_at(name)
    with Reader(folder) as reader:
        rows = reader.best(count)
    if not rows:
        say(f"{folder.name} has no complete trial yet")
        return 3
    if as_json or form == "json":
        found = [{"number": row.number, "value": row.value, "params": row.params} for row in rows]
        print_json(found[0] if count == 1 else found)
    elif form == "table":
        print(best_table(rows))
    else:
        for row in rows:
            if count > 1:
                print(f"# trial {row.number}: {number(row.value)}")
            print(config_text(row.params, cast("Format", form)))
    return 0


def best_table(rows: list[TrialRow]) -> str:
    """The trials with a column per parameter; `–` where one was inactive."""
    names = list(dict.fromkeys(name for row in rows for name in row.params))
    lines = [
        (
            str(row.number),
            number(row.value),
            *(setting(row.params[n]) if n in row.params else "–" for n in names),
        )
        for row in rows
    ]
    return table(("trial", "value", *names), lines, right=frozenset({0, 1}))
