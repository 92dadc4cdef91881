"""`hptui what-if`: another pruner over the curves of a session."""

from __future__ import annotations

import math
from dataclasses import asdict

import click

from hptui.core.errors import SessionError
from hptui.core.store.reader import Reader
from hptui.core.study.study import Chosen, Direction
from hptui.tui.commands.answers import harmless, number, plural, print_json, table
from hptui.tui.commands.finding import NAME, look_at

SHOWN = 12


@click.command(name="what-if")
@NAME
@click.option("--pruner", required=True, metavar="NAME", help="As in a study file; `hptui pruners` lists them.")
@click.option("-o", "--option", "options", multiple=True, metavar="KEY=NUMBER", help="Of the pruner; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="{trials[] reports known winner kept best open_ended[]}")
def what_if(name: str | None, pruner: str, options: tuple[str, ...], as_json: bool) -> int:
    """Say what another pruner would have cut and saved, and whether it would have cut the best. Nothing is run.

    It judges the stored curves, in the order in which their reports came. Sessions whose trials ran to their end tell
    most: how a pruned trial would have gone on is not known.
    """
    from hptui.core.review.what_if import what_if as replay
    from hptui.core.search.catalog import make_pruner

    folder = look_at(name)
    with Reader(folder) as reader:
        facts, rows = reader.facts(), reader.trials()
        direction: Direction = "maximize" if facts.get("direction") == "maximize" else "minimize"
        metric = str(facts.get("metric", "value"))
        curves = reader.curves([row.number for row in rows], metric)
    steps = [step for curve in curves.values() for step, _ in curve]
    if not steps:
        raise SessionError(folder.name, f"no trial has reported {metric}", "there is nothing to judge by")
    limit = facts.get("max_steps") or max(steps) + 1
    rule = make_pruner(Chosen(name=pruner, options=dict(map(_pair, options))), direction, int(limit))
    sign = -1.0 if direction == "maximize" else 1.0
    found = replay(rows, curves, rule, sign)
    if as_json:
        print_json({**asdict(found), "best": None if math.isnan(found.best) else sign * found.best})
        return 0
    saved = 1 - found.reports / found.known
    did = f"{found.reports} of {found.known} reports, {saved:.0%} saved"
    print(f"{pruner} cuts {len(found.cut)} of {plural(len(rows), 'trial')}: {did}")
    if found.winner is not None:
        fate = "keeps" if found.kept else "CUTS"
        left = "" if found.kept else f"; the best that is left has {number(sign * found.best)}"
        print(f"it {fate} the best, trial {found.winner}{left}")
    if found.open_ended:
        who = ", ".join(map(str, found.open_ended[:SHOWN])) + (", …" if len(found.open_ended) > SHOWN else "")
        print(f"it lets {plural(len(found.open_ended), 'pruned trial')} live: {who} (how they end is not known)")
    if found.cut:
        lines = [(str(one.number), str(one.cut), harmless(one.reason)) for one in found.cut[:SHOWN]]
        print(table(("trial", "step", "why"), lines, right=frozenset({0, 1})))
    return 0


def _pair(text: str) -> tuple[str, float | str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is not KEY=NUMBER")
    try:
        return key, int(value) if value.lstrip("+-").isdigit() else float(value)
    except ValueError:
        return key, value
