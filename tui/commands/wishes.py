"""`hptui pause`, `resume`, `prune`, `undo`, `retry`, `stop`: asking a scheduler, and hearing its answer."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from hptui.core.errors import SessionError
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, EventRow
from hptui.core.study.commands import UNDO_SECONDS, Wish
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import State
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import harmless, print_json, say
from hptui.tui.commands.finding import find, start

PATIENCE_S = 3.0

NAME = click.argument("name")
TRIALS = click.argument("trials", nargs=-1, type=click.IntRange(0), metavar="[TRIAL]...")
SOME_TRIALS = click.argument("trials", nargs=-1, type=click.IntRange(0), required=True, metavar="TRIAL...")
AS_JSON = click.option(
    "--json", "as_json", is_flag=True, help="[{wish trial answer reason}]; answer: wished, refused or null."
)


@click.command()
@NAME
@TRIALS
@AS_JSON
def pause(name: str, trials: tuple[int, ...], as_json: bool) -> int:
    """Pause running trials; without a number, the session: what runs is held and nothing new starts.

    A paused trial keeps its memory and goes on where it stood.
    """
    folder = live(name, "pause")
    return ask(folder, Wish.PAUSE, trials or (None,), as_json)


@click.command()
@NAME
@TRIALS
@click.option("-n", "--total", "n_trials", type=click.IntRange(1), metavar="N", help="A new total for the session.")
@AS_JSON
def resume(name: str, trials: tuple[int, ...], n_trials: int | None, as_json: bool) -> int:
    """Resume paused trials; without a number, the session, also one that stops, was stopped or was interrupted."""
    if trials:
        return ask(live(name, "resume"), Wish.RESUME, trials, as_json)
    folder = find(name)
    with Reader(folder) as reader:
        finished = reader.fact("finished") or {}
    if n_trials is not None:
        post(folder, CommandRow(Wish.BUDGET.value, None, {"n_trials": n_trials}, by(), time.time()))
    elif finished.get("final") and not scheduler_of(folder.lock).alive:
        hint = f"`hptui resume {folder.name} -n N` goes on to a larger total"
        raise SessionError(folder.name, f"it has ended: {finished.get('reason', '')}", hint)
    return ask(folder, Wish.RESUME, (None,), as_json)


@click.command()
@NAME
@SOME_TRIALS
@AS_JSON
def prune(name: str, trials: tuple[int, ...], as_json: bool) -> int:
    """Stop trials that are not worth their time. They count as pruned, with the values they reported."""
    folder = live(name, "prune")
    status = ask(folder, Wish.PRUNE, trials, as_json)
    if status == 0 and not as_json:
        say(f"within {UNDO_SECONDS:g} s: hptui undo {folder.name} {' '.join(map(str, trials))}")
    return status


@click.command()
@NAME
@TRIALS
@AS_JSON
def undo(name: str, trials: tuple[int, ...], as_json: bool) -> int:
    """Take back the prune of trials within its five seconds; without a number, the latest one."""
    return ask(live(name, "undo"), Wish.UNDO, trials or (None,), as_json)


@click.command()
@NAME
@SOME_TRIALS
@AS_JSON
def retry(name: str, trials: tuple[int, ...], as_json: bool) -> int:
    """Try the parameters of failed or pruned trials again, each as a new trial that does not count in the budget."""
    return ask(find(name), Wish.RETRY, trials, as_json)


@click.command()
@NAME
@click.option("--now", is_flag=True, help="End the running trials instead of letting them finish.")
@AS_JSON
def stop(name: str, now: bool, as_json: bool) -> int:
    """Stop a session: nothing new starts, running trials finish. `hptui resume` goes on with it later."""
    folder = live(name, "end" if now else "stop")
    return ask(folder, Wish.STOP, (None,), as_json, now=now)


def live(name: str, verb: str) -> SessionFolder:
    """The session. Raises SessionError for one that has ended."""
    folder = find(name)
    with Reader(folder) as reader:
        finished = reader.finished()
        frozen = verb == "end" and reader.counts().get(State.PAUSED, 0) > 0  # these still hold memory
    if finished is not None and not frozen and not scheduler_of(folder.lock).alive:
        total = " -n N" if finished.final else ""
        hint = f"`hptui resume {folder.name}{total}` goes on with it, `hptui best {folder.name}` prints what it found"
        raise SessionError(folder.name, f"it has ended ({finished.reason}): nothing to {verb}", hint)
    return folder


def ask(folder: SessionFolder, wish: Wish, trials: Sequence[int | None], as_json: bool, **args: Any) -> int:
    """Ask for each trial (None: the session), wait for the answers, print them. 1 when any was refused.

    The wish is written down before a scheduler is started: one with nothing else to do would end at once.
    """
    with Reader(folder) as reader:
        seen = max((event.id for event in reader.last_events(1)), default=0)
        asked = {post(folder, CommandRow(wish.value, trial, args, by(), time.time())): trial for trial in trials}
        start(folder)
        answers = wait_for(reader, set(asked), seen)
    return say_answers(folder, wish, asked, answers, as_json)


def say_answers(
    folder: SessionFolder, wish: Wish, asked: Mapping[int, int | None], answers: Mapping[int, EventRow], as_json: bool
) -> int:
    """asked: command -> trial. 1 when any was refused."""
    said = [(trial, answers.get(id_)) for id_, trial in asked.items()]
    if as_json:
        print_json(
            [
                {
                    "wish": wish.value,
                    "trial": trial,
                    "answer": event.kind if event else None,
                    "reason": event.reason if event else "",
                }
                for trial, event in said
            ]
        )
    else:
        for trial, event in said:
            what = folder.name if trial is None else f"trial {trial}"
            if event is None:
                say(f"{what}: no answer yet; it is written down and will be heeded (hptui logs {folder.name})")
            elif event.kind == "refused":
                say(f"{what}: refused: {harmless(event.reason)}")
            else:
                print(f"{what}: {harmless(event.reason)}")
    return int(any(event is not None and event.kind == "refused" for _, event in said))


def by() -> str:
    """Who asks, for the ledger."""
    return f"cli {os.environ.get('USER', '')}".strip()


def wait_for(reader: Reader, commands: set[int], after: int, patience_s: float = PATIENCE_S) -> dict[int, EventRow]:
    """The answers to these commands among the events after `after`, as far as they come in time."""
    answers: dict[int, EventRow] = {}
    deadline = time.monotonic() + patience_s
    while True:
        for event in reader.events(after):
            after = event.id
            command = event.data.get("command")
            if event.kind in ("wished", "refused") and command in commands:
                answers[command] = event
        if len(answers) == len(commands) or time.monotonic() > deadline:
            return answers
        time.sleep(0.02)
