"""`hptui watch`: a session in six lines under the prompt."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

import click

from hptui.core.review.front import front
from hptui.core.store.library import summary
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.goals import goals_of
from hptui.core.study.session import SessionFolder
from hptui.tui.commands.answers import plain, say
from hptui.tui.commands.finding import NAME, look_at
from hptui.tui.views.watch import LINES, Watched, as_json, watch_lines

LOOK_S = 0.2
SECOND_S = 1.0
FIELDS = "A line for each change: {at name state counts n_trials best{} front[] running[]}"
INTERRUPTED, NOTHING_COMPLETE = 130, 3


@click.command()
@NAME
@click.option("--every", type=click.FloatRange(0.1), default=SECOND_S, show_default=True, help="Seconds between looks.")
@click.option("--json", "as_json_", is_flag=True, help=FIELDS)
def watch(name: str | None, every: float, as_json_: bool) -> int:
    """Show a session in six lines under the prompt, until it ends. Ctrl-C leaves; the session goes on.

    It takes no screen of its own, so what is above stays. Where no cursor can be moved (TERM=dumb, a pipe), a line is
    printed whenever a trial has ended.

    Exit status: 0 ended with a complete trial, 3 without one, 130 left while it was running.
    """
    folder = look_at(name)
    shown = _as_lines if as_json_ else _in_place if _can_move() else _as_text
    watcher = _Watcher(folder)
    try:
        with Reader(folder) as reader:
            last: Watched | None = None
            while True:
                now = watcher.look(reader)
                shown(now, last)
                last = now
                if now.state != "live":
                    break
                _wait(reader, every)
    except KeyboardInterrupt:
        say(f"\n{folder.name} goes on: hptui attach {folder.name}")
        return INTERRUPTED
    return 0 if now.counts["COMPLETE"] else NOTHING_COMPLETE


class _Watcher:
    """Reads what changed since it looked before."""

    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder
        self._trials: dict[int, TrialRow] = {}
        self._change = 0

    def look(self, reader: Reader) -> Watched:
        with reader.snapshot():
            facts, rows, events = reader.facts(), reader.trials(self._change, points=False), reader.last_events(1)
            goals = goals_of(facts)
            best = reader.best(1) if len(goals) == 1 else []
        for row in rows:
            self._trials[row.number] = row
            self._change = max(self._change, row.change)
        unbeaten = front(list(self._trials.values()), goals) if len(goals) > 1 else []
        at = time.time()
        state = summary(self._folder).state
        ended = (facts.get("finished") or {}).get("at") if state != "live" else None
        return Watched(
            self._folder.name, state, ended or at, facts.get("created_at"), facts.get("n_trials"),
            facts.get("max_steps"), goals[0].metric, goals[0].sign, dict(sorted(self._trials.items())),
            best[0] if best else None, tuple(sorted(row.number for row in unbeaten)), events[-1] if events else None,
        )  # fmt: skip


def _can_move() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


def _in_place(now: Watched, last: Watched | None) -> None:
    """Six lines, written over the six before. Lines are cut, never wrapped, so that six stay six."""
    up = "" if last is None else f"\x1b[{LINES}F"
    width = shutil.get_terminal_size().columns - 1
    print(up + "".join(f"\x1b[2K{line}\n" for line in watch_lines(now, width)), end="", flush=True)


def _as_text(now: Watched, last: Watched | None) -> None:
    """The first lines once, then one whenever another trial has ended, or the session has."""
    width = shutil.get_terminal_size().columns - 1
    head, best, *_ = watch_lines(now, width)
    ended = [sum(each.counts[s] for s in ("COMPLETE", "PRUNED", "FAIL")) for each in (now, last or now)]
    if last is None or ended[0] != ended[1] or now.state != last.state:
        print(head, flush=True)
        if last is None or (now.best and now.best != last.best):
            print(best, flush=True)


def _as_lines(now: Watched, last: Watched | None) -> None:
    if last is None or as_json(now) | {"at": 0} != as_json(last) | {"at": 0}:
        print(json.dumps(plain(as_json(now)), ensure_ascii=False, allow_nan=False), flush=True)


def _wait(reader: Reader, every: float) -> None:
    """A look's time; a little longer only if nothing was written."""
    before, until = reader.data_version(), time.monotonic() + every
    time.sleep(min(LOOK_S, every))
    while time.monotonic() < until and reader.data_version() == before:
        time.sleep(LOOK_S / 2)
