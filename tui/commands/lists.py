"""`hptui gpus`, `hptui samplers`, `hptui pruners`: what there is to choose from."""

from __future__ import annotations

import click

from hptui.core.search.catalog import CatalogKind, entries
from hptui.core.search.entry import told
from hptui.tui.commands.answers import UNKNOWN, print_json, say, size, table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="[{id name kind index memory_total_bytes slots}]")
def gpus(as_json: bool) -> None:
    """List the devices that trials can run on, as a study without [resources] would use them."""
    from hptui.core.devices.inventory import inventory
    from hptui.core.study.study import Resources

    here = inventory(Resources())
    slots = {device.id: sum(place.device_id == device.id for place in here.slots) for device in here.devices}
    if as_json:
        print_json(
            [
                {
                    "id": device.id,
                    "name": device.name,
                    "kind": device.kind,
                    "index": device.index,
                    "memory_total_bytes": device.memory_total_bytes,
                    "slots": slots[device.id],
                }
                for device in here.devices
            ]
        )
        return
    rows = [
        (
            UNKNOWN if device.index is None else str(device.index),
            device.name,
            size(device.memory_total_bytes),
            str(slots[device.id]),
            device.id,
        )
        for device in here.devices
    ]
    print(table(("index", "name", "memory", "slots", "id"), rows, right=frozenset({0, 2, 3})))
    for note in here.notes:
        print(note)


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
