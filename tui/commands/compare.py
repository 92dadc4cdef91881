"""`hptui compare`: sessions beside each other, on the screen or as text."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hptui.core.errors import HptuiError
from hptui.core.store.library import resolve
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.tui.commands.answers import cut, duration, folded, number, print_json, say, setting, table
from hptui.tui.terminal import why_unsuitable

if TYPE_CHECKING:
    from hptui.core.review.compare import Contender

MOST = 4


class CompareError(HptuiError):
    """These sessions can't be compared."""

    exit_status = 2


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME NAME [NAME [NAME]]")
@click.option("--text", "as_text", is_flag=True, help="Print tables instead of opening the screen.")
@click.option("--json", "as_json", is_flag=True, help="One document.")
def compare(names: tuple[str, ...], as_text: bool, as_json: bool) -> int:
    """Compare two to four sessions: how their bests came along, their spaces, their best parameters.

    Without a terminal it prints tables. json: problem, sessions[{name metric direction sampler pruner trials
    complete device_s best{number value params}}], parameters[{name space best differs}], the last three lists in
    the order of the sessions, and agreements[{first second share same}]: of two that searched the same parameters,
    whether their bests are the same.
    """
    if not 2 <= len(names) <= MOST:
        raise CompareError("compare", f"{len(names)} session{'s' if len(names) > 1 else ''} named", "name two to four")
    folders = [resolve(name, sessions_home()) for name in names]
    if as_json or as_text or why_unsuitable():
        found = read(folders)
        if as_json:
            print_json(document(found))
        else:
            show(found)
        return 0
    from hptui.tui.app import run

    return run(beside=folders)


def read(folders: list[SessionFolder]) -> list[Contender]:
    from hptui.core.review.compare import contender
    from hptui.core.store.reader import Reader

    found = []
    for folder in folders:
        with Reader(folder) as reader:
            found.append(contender(reader))
    return found


def document(found: list[Contender]) -> dict[str, Any]:
    from hptui.core.review.compare import bests, mismatch, spaces
    from hptui.core.review.found_again import agreements

    best = {row.name: row for row in bests(found)}
    sessions = [
        {
            "name": one.name, "metric": one.metric, "direction": one.direction, "sampler": one.sampler,
            "pruner": one.pruner, "trials": len(one.columns), "complete": int(one.columns.complete.sum()),
            "device_s": one.device_s,
            "best": one.best and {"number": one.best.number, "value": one.best.value, "params": one.best.params},
        }
        for one in found
    ]  # fmt: skip
    parameters = [
        {
            "name": row.name, "space": list(row.cells), "space_differs": row.differs,
            "best": list(best[row.name].cells) if row.name in best else [None] * len(found),
        }
        for row in spaces(found)
    ]  # fmt: skip
    again = [{**asdict(one), "same": one.same} for one in agreements(found)]
    return {"problem": mismatch(found), "sessions": sessions, "parameters": parameters, "agreements": again}


def show(found: list[Contender]) -> None:
    from hptui.core.review.compare import bests, mismatch
    from hptui.core.review.found_again import agreements

    if problem := mismatch(found):
        say(folded(problem, "  "))
    lines = [
        (
            one.name, number(one.best.value) if one.best else "–", str(one.best.number) if one.best else "–",
            str(len(one.columns)), str(int(one.columns.complete.sum())), duration(one.device_s), one.sampler,
            one.pruner,
        )
        for one in found
    ]  # fmt: skip
    titles = ("session", "best", "trial", "trials", "complete", "device time", "sampler", "pruner")
    print(cut(table(titles, lines, right=frozenset(range(1, 6)))))
    print()
    rows = sorted(bests(found), key=lambda row: not row.differs)
    cells = [
        ("≠" if row.differs else "", row.name, *("–" if cell is None else setting(cell) for cell in row.cells))
        for row in rows
    ]
    print(cut(table(("", "best trial's", *(one.name for one in found)), cells)))
    for agreement in agreements(found):
        print("\n" + folded(str(agreement)))
