"""`hptui samplers`, `hptui pruners`: what there is to choose from."""

from __future__ import annotations

import click

from hptui.core.search.catalog import CatalogKind, entries
from hptui.core.search.entry import told
from hptui.tui.commands.answers import print_json, say


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
        print(f"{name}\n    {entry.line}\n    use it for: {entry.when}")
        for option, o in entry.options.items():
            default = told(o.default)
            print(f"      {option:<18} {o.meaning} ({o.asked}; default {default})")
    guest = {"sampler": "GPSampler", "pruner": "WilcoxonPruner"}[kind]
    print(f'Optuna\'s are guests, by their names there: {kind} = "optuna:{guest}" (pip install \'hptui[optuna]\')')
