"""`hptui drain`, `bring-back`, `slots`, `put-away`: where a live session's trials run, and how many at once."""

from __future__ import annotations

import re

import click

from hptui.core.store.reader import Reader
from hptui.core.study.commands import Wish
from hptui.tui.commands.wishes import AS_JSON, NAME, SOME_TRIALS, ask, live

_GPU = click.argument("gpu", metavar="GPU")


@click.command()
@NAME
@_GPU
@click.option("--now", is_flag=True, help="Its trials pause and leave it; else they may finish there.")
@AS_JSON
def drain(name: str, gpu: str, now: bool, as_json: bool) -> int:
    """Set a GPU aside: nothing new starts there until `hptui bring-back`, also after the scheduler was started anew.

    GPU: its index, 0 or g0, or the beginning of its UUID (`hptui gpus`).
    """
    return ask(live(name, "drain"), Wish.DRAIN, (None,), as_json, device=gpu, pause=now)


@click.command("bring-back")
@NAME
@_GPU
@AS_JSON
def bring_back(name: str, gpu: str, as_json: bool) -> int:
    """Use a GPU again that was drained, or set aside because trials died there or its memory did not come back."""
    return ask(live(name, "bring back"), Wish.BRING_BACK, (None,), as_json, device=gpu)


def _count(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, bool]:
    """`3`, `+1` or `-1`: the number, and whether it is a change."""
    if not re.fullmatch(r"[+-]?\d{1,18}", value):
        raise click.BadParameter(f"{value!r} is not a number of trials: 3, +1 or -1", ctx, param)
    return int(value), value[0] in "+-"


@click.command(context_settings={"ignore_unknown_options": True})
@NAME
@click.argument("count", callback=_count, metavar="N|+N|-N")
@AS_JSON
def slots(name: str, count: tuple[int, bool], as_json: bool) -> int:
    """Say how many trials run at once: hptui slots digits 3, or +1, or -1.

    With fewer, running trials finish; on GPUs with more, as many as there is room for.
    """
    folder = live(name, "change")
    number, is_change = count
    if is_change:
        with Reader(folder) as reader:
            number += reader.fact("slots") or sum(device.slots for device in reader.devices())
    return ask(folder, Wish.SLOTS, (None,), as_json, slots=max(0, number))


@click.command("put-away")
@NAME
@SOME_TRIALS
@AS_JSON
def put_away(name: str, trials: tuple[int, ...], as_json: bool) -> int:
    """End the processes of trials that saved a checkpoint: all they held is free; `hptui resume` goes on from there.

    What a trial did since its checkpoint is done again. One that has saved none is left alone: `hptui pause` keeps it.
    """
    return ask(live(name, "put away"), Wish.PUT_AWAY, trials, as_json)
