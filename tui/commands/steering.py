"""`hptui enqueue`, `set`, `note`, `pin`, `priority`: steering a session from a shell."""

from __future__ import annotations

import time

import click

from hptui.core.errors import SessionError, StudyErrors
from hptui.core.scheduler.remarking import remark_at_rest
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish
from hptui.core.study.remarks import FACT, Remarks, note_of, remarks_of, tags_of
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import harmless, print_json
from hptui.tui.commands.finding import find
from hptui.tui.commands.wishes import AS_JSON, NAME, SOME_TRIALS, TRIALS, ask, by, live, say_answers, wait_for

_PAIRS = click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
_PRIORITY = click.option("--priority", type=click.IntRange(-99, 99), default=0, help="Higher starts sooner, of those that wait.")  # fmt: skip # noqa: E501


@click.command()
@NAME
@_PAIRS
@click.option("--like", type=click.IntRange(0), metavar="TRIAL", help="Take what is not named from this trial.")
@_PRIORITY
@click.option("-m", "--note", default="", help="Kept with the trial.")
@AS_JSON
def enqueue(name: str, pairs: tuple[str, ...], like: int | None, priority: int, note: str, as_json: bool) -> int:
    """Try a point of your own next: hptui enqueue digits lr=0.01 width=32.

    What is not named comes from --like, else from the defaults of the study. It counts in the budget, and is tried
    even when that is spent.
    """
    from hptui.core.space.space import Space
    from hptui.core.space.typed import text_of, typed_point

    folder = find(name)
    texts = split(pairs)
    with Reader(folder) as reader:
        space = Space.parse(reader.parameters())
        row = None if like is None else reader.trial(like)
    if like is not None:
        if row is None:
            raise SessionError(folder.name, f"there is no trial {like}", f"`hptui show {folder.name}` lists them")
        texts = {**{key: text_of(value) for key, value in row.params.items()}, **texts}
    params, problems = typed_point(space, texts, "point")
    if problems:
        raise StudyErrors("the point", problems)
    more = {"of": like, "priority": priority, "note": note}
    return ask(folder, Wish.ENQUEUE, (None,), as_json, params=params, **{k: v for k, v in more.items() if v})


@click.command("set")
@NAME
@_PAIRS
@AS_JSON
def set_(name: str, pairs: tuple[str, ...], as_json: bool) -> int:
    """Change the budget, the slots or the pruner of a session: hptui set digits budget.n_trials=200 slots=3.

    \b
    slots                       trials at once
    budget.n_trials             trials in all; none: no limit
    budget.wall_clock           of the session, such as 4h; none: no limit
    budget.trial_time           of one trial; none: no limit
    budget.max_steps            of one trial; it can only grow
    budget.gpu_hours            of all trials; none: no limit
    budget.total_steps          of all trials together; none: no limit
    budget.stop_after_failures  failures in a row that end the session; 0: never
    pruner, pruner.OPTION       the rule, its options; rules with rungs stay
    """
    from hptui.tui.settings import wishes_for

    folder = find(name)
    with Reader(folder) as reader:
        pruner = str(reader.fact("pruner") or "none")
    if not pairs:
        raise click.UsageError("name what to set, as in budget.n_trials=200")
    asked, problems = wishes_for(split(pairs), pruner)
    if problems:
        raise click.UsageError("; ".join(f"{key}: {problem}" for key, problem in problems.items()))
    return max(ask(folder, one.wish, (None,), as_json, **one.args) for one in asked)


@click.command()
@NAME
@TRIALS
@click.option("-m", "--text", default=None, help="The note; an empty one takes it away.")
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="A tag to add; may be repeated.")
@click.option("--untag", "untags", multiple=True, metavar="WORD", help="A tag to take away; may be repeated.")
@AS_JSON
def note(name: str, trials: tuple[int, ...], text: str | None, tags: tuple[str, ...], untags: tuple[str, ...],
         as_json: bool) -> int:  # fmt: skip
    """Keep a note and tags with trials, or with the session; without options, print them."""
    folder = find(name)
    if text is None and not tags and not untags:
        with Reader(folder) as reader:
            rows = [(number, reader.trial(number)) for number in trials]
            remarks: list[tuple[int | None, Remarks]] = [] if trials else [(None, reader.fact(FACT) or {})]
        for number, row in rows:
            if row is None:
                raise SessionError(folder.name, f"there is no trial {number}", f"`hptui show {folder.name}` lists them")
            remarks.append((number, remarks_of(row.attrs)))
        return _print(remarks, as_json)
    args = {"note": text, "add": list(tags), "remove": list(untags)}
    args = {key: value for key, value in args.items() if value is not None}
    if scheduler_of(folder.lock).alive:
        return ask(folder, Wish.NOTE, trials or (None,), as_json, **args)
    with Reader(folder) as reader:  # a session at rest stays at rest
        seen = max((event.id for event in reader.last_events(1)), default=0)
        asked = {post(folder, CommandRow(Wish.NOTE, n, args, by(), time.time())): n for n in trials or (None,)}
        remark_at_rest(folder, time.time())
        return say_answers(folder, Wish.NOTE, asked, wait_for(reader, set(asked), seen, 0.0), as_json)


def _print(remarks: list[tuple[int | None, Remarks]], as_json: bool) -> int:
    if as_json:
        print_json([{"trial": n, "note": note_of(one), "tags": list(tags_of(one))} for n, one in remarks])
        return 0
    for number, one in remarks:
        whom = "session" if number is None else f"trial {number}"
        print(harmless(f"{whom}: {' '.join(tags_of(one))}{'  ' if tags_of(one) else ''}{note_of(one) or '–'}"))
    return 0


@click.command()
@NAME
@SOME_TRIALS
@click.option("--off", is_flag=True, help="The pruner may stop them again.")
@AS_JSON
def pin(name: str, trials: tuple[int, ...], off: bool, as_json: bool) -> int:
    """Keep trials from being held or stopped by the pruner. Prunes by hand and time limits still end them."""
    return ask(live(name, "pin"), Wish.PIN, trials, as_json, on=not off)


@click.command(context_settings={"ignore_unknown_options": True})  # a negative N is no option
@NAME
@click.argument("priority", type=click.IntRange(-99, 99), metavar="N")
@SOME_TRIALS
@AS_JSON
def priority(name: str, priority: int, trials: tuple[int, ...], as_json: bool) -> int:
    """Say which waiting trials start first: the higher N, the sooner; 0 is ordinary."""
    return ask(live(name, "order"), Wish.PRIORITY, trials, as_json, priority=priority)


def split(pairs: tuple[str, ...]) -> dict[str, str]:
    """`name=value` words. Raises UsageError for any other."""
    wrong = [pair for pair in pairs if "=" not in pair or pair.startswith("=")]
    if wrong:
        raise click.UsageError(f"{wrong[0]!r} is not NAME=VALUE")
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}
