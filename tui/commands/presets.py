"""`hptui presets`: the blocks of parameters that `hptui init --preset` writes."""

from __future__ import annotations

import click

from hptui.core.advice.presets import PRESETS, SETS, compose
from hptui.core.study.short import to_short
from hptui.tui.commands.answers import folded, print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="[{name group about space kept}]")
def presets(as_json: bool) -> int:
    """List blocks of parameters that many trainings share, with the ranges to search first.

    `hptui init train.py --preset adamw,cosine,layers` writes them into a study file; in the script,
    hptui.core.training builds the optimizer, the schedule and the layers from trial.params.
    """
    blocks = {name: compose([name]) for name in PRESETS}
    if as_json:
        print_json(
            [
                {"name": name, "group": preset.group, "about": preset.about, "space": blocks[name].space,
                 "kept": blocks[name].kept}
                for name, preset in PRESETS.items()
            ]
        )  # fmt: skip
        return 0
    for name, preset in PRESETS.items():
        print(f"{name}  ({preset.group})\n    {preset.about}")
        searched = {n: d for n, d in blocks[name].space.items() if n != preset.group}
        for parameter, definition in searched.items():
            print(f"      {parameter:<16} {to_short(definition)}{_when(definition)}")
        if blocks[name].kept:
            print(f"      rarely worth trials: {', '.join(blocks[name].kept)}")
    print("\nThe number after a range is the default: the point that is tried first.")
    print("Names that stand for several:")
    for name, members in SETS.items():
        if name != "regularization":
            print(f"    {name:<16} {', '.join(members)}")
    print(folded("Of several optimizers each has a rate of its own: sgd_lr and adamw_lr, active with their optimizer."))
    return 0


def _when(definition: dict[str, object]) -> str:
    when = definition.get("when")
    if not isinstance(when, dict):
        return ""
    return "   only when " + " and ".join(f"{n} is {' or '.join(map(str, values))}" for n, values in when.items())
