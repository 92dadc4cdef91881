"""`hptui samplers`, `hptui pruners`: what there is to choose from."""

from __future__ import annotations

import click

from hptui.core.search.catalog import CatalogKind, entries
from hptui.core.search.entry import told
from hptui.tui.commands.answers import folded, print_json, say


@click.command()
@click.option("--json", "as_json", is_flag=True, help="[{name line when options[{name meaning asked default}]}]")
def samplers(as_json: bool) -> None:
    """List the samplers and their options: what may stand in a study's [sampler]."""
    _catalog("sampler", as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="[{name line when options[{name meaning asked default}]}]")
def pruners(as_json: bool) -> None:
    """List the pruners and their options: what may stand in a study's [pruner]."""
    _catalog("pruner", as_json)


def _catalog(kind: CatalogKind, as_json: bool) -> None:
    found, problems = entries(kind)
    for problem in problems:
        say(str(problem))
    if as_json:
        print_json(
            [
                {
                    "name": name,
                    "line": entry.line,
                    "when": entry.when,
                    "options": [
                        {"name": option, "meaning": o.meaning, "asked": o.asked, "default": o.default}
                        for option, o in entry.options.items()
                    ],
                }
                for name, entry in found.items()
            ]
        )
        return
    for name, entry in found.items():
        print(name)
        for line in (entry.line, f"use it for: {entry.when}"):
            print(folded(f"    {line}", " " * 6))
        for option, o in entry.options.items():
            default = told(o.default)
            print(folded(f"      {option:<18} {o.meaning} ({o.asked}; default {default})", " " * 25))
    guest = {"sampler": "GPSampler", "pruner": "WilcoxonPruner"}[kind]
    named = f"{kind} = \"optuna:{guest}\" (pip install 'hptui[optuna]')"
    print(folded(f"Optuna's are guests, by their names there: {named}", "  "))
