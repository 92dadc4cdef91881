"""`hptui replicate` and `hptui trust`: how much of a result is luck."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from hptui.core.errors import SessionError
from hptui.core.review.held_out import held_out
from hptui.core.review.held_out import told as held_out_told
from hptui.core.review.isolation import BESIDE, MOST_COMBINATIONS, Isolated, compared
from hptui.core.review.paired import pair, paired
from hptui.core.review.paired import told as folds_told
from hptui.core.review.rounds import difference
from hptui.core.review.trust import (
    Repeated,
    against_baseline,
    repeat_args,
    repeated,
    repeats,
    smaller_budgets,
    why_none,
)
from hptui.core.review.trust import told as against_told
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, TrialRow
from hptui.core.study.commands import Wish
from hptui.core.study.goals import goals_of
from hptui.core.study.study import Goal
from hptui.tui.commands.answers import UNKNOWN, cut, folded, number, plural, print_json, say, settings, table
from hptui.tui.commands.finding import NAME as SOME_NAME
from hptui.tui.commands.finding import find, look_at, start
from hptui.tui.commands.wishes import AS_JSON, NAME, by, say_answers, wait_for

SHOWN = 8


@click.command()
@NAME
@click.option("-k", "best", type=click.IntRange(1), default=5, show_default=True, help="How many of the best.")
@click.option("--seeds", type=click.IntRange(2, 1000), default=3, show_default=True,
              help="Runs of each, with what it has.")  # fmt: skip
@click.option("--no-baseline", is_flag=True, help="Leave the baseline as it is; else it is repeated as well.")
@AS_JSON
def replicate(name: str, best: int, seeds: int, no_baseline: bool, as_json: bool) -> int:
    """Run the best trials again with other seeds, so that `hptui trust` can tell luck from merit.

    Each repeat is a trial of its own that no pruner stops. It is tried even when the budget is spent.
    """
    folder = find(name)
    with Reader(folder) as reader:
        sign = -1.0 if reader.fact("direction") == "maximize" else 1.0
        rows = reader.trials()
        _tell_first(folder.name, goals_of(reader.facts()))
        known = repeated(rows, sign)
        if not known:
            raise SessionError(folder.name, why_none(rows), "there is nothing to repeat")
        points = repeats(known, best, seeds, baseline=not no_baseline)
        seen = max((event.id for event in reader.last_events(1)), default=0)
        asked: dict[int, int | None] = {}
        for one in points:
            row = CommandRow(Wish.ENQUEUE.value, None, repeat_args(one), by(), time.time())
            asked[post(folder, row)] = one.numbers[0]
        if not asked:
            say(f"the best {min(best, len(known))} have {seeds} runs each already")
            return 0
        start(folder)
        answers = wait_for(reader, set(asked), seen)
    return say_answers(folder, Wish.ENQUEUE, asked, answers, as_json)


@click.command()
@SOME_NAME
@click.option("--isolate", "parameter", metavar="PARAM", help="Compare the values of one parameter, or of A,B.")
@click.option("--json", "as_json", is_flag=True, help="{repeated against smaller compared folds held_out}; isolated")
def trust(name: str | None, parameter: str | None, as_json: bool) -> int:
    """Tell how much of a result is luck.

    Repeated configurations with the 95 % interval of their mean, the chance that each is really the best, the best of
    them against the baseline, and what a smaller budget would have found. --isolate compares the values of a parameter
    at the best that all others allow, each with the same number of trials (of several, A,B, their combinations); those
    that the study calls scientific are compared anyway. With a held-out metric ([test] in the study): how the best
    does on it, and whether the validation set was overfitted.
    """
    folder = look_at(name)
    with Reader(folder) as reader:
        rows, sign = reader.trials(), -1.0 if reader.fact("direction") == "maximize" else 1.0
        both = pair(rows, sign)
        curves = reader.curves([row.number for row in both or ()], str(reader.fact("metric")))
        definitions, story, tested = reader.parameters(), reader.fact("round") or {}, reader.fact("test_metric")
        _tell_first(folder.name, goals_of(reader.facts()))
    if parameter is not None:
        return _isolated(folder.name, rows, definitions, sign, parameter, as_json)
    known = repeated(rows, sign)
    if not known:
        raise SessionError(folder.name, why_none(rows), f"hptui attach {folder.name} shows what runs")
    against, smaller = against_baseline(known, sign), smaller_budgets(rows, sign)
    asked = [name for name in story.get("scientific") or () if name in definitions]
    folds = None if both is None else paired(*both, curves, sign)
    shown, kept = _compared(rows, definitions, sign, asked), held_out(rows, sign)
    if as_json:
        told = [{**asdict(one), "values": one.values.tolist()} for one in known]
        document = {
            "repeated": told, "against": against and asdict(against), "smaller": [asdict(s) for s in smaller],
            "compared": {name: [asdict(one) for one in found] for name, found in shown.items()},
            "folds": folds and asdict(folds),
            "held_out": kept and {**asdict(kept), "overfitted": kept.is_overfitted},
        }  # fmt: skip
        print_json(document)
        return 0
    several = [one for one in known if len(one.values) > 1]
    print(cut(_table(several or known[:SHOWN])))
    if not several:
        print(f"nothing is repeated yet: hptui replicate {folder.name}")
    if against is not None:
        print(folded(against_told(against), "  "))
    if folds is not None:
        print(folded(folds_told(folds), "  "))
    for less in smaller:
        found = f"{number(less.expected)} on average, the very best with a chance of {less.chance:.0%}"
        of = f"{plural(less.trials, 'complete trial')} instead of {_complete(known)} would have found {found}"
        print(folded(of, "  "))
    for name, found_of in shown.items():
        print(f"\n{isolated_table(found_of, name)}")
        if said := difference(found_of, sign):
            print(folded(f"{name}: {said}", "  "))
    if kept is not None:
        print("\n" + "\n".join(folded(line, "  ") for line in held_out_told(kept, str(tested or "test value"))))
    elif tested:
        print(f"\nno complete trial has reported {tested}: trial.report_test(value), once at the end")
    return 0


def _tell_first(session: str, goals: Sequence[Goal]) -> None:
    if len(goals) > 1:
        say(f"{session} has {len(goals)} objectives: this is about the first, {goals[0].metric}, by itself")


def _complete(known: Sequence[Repeated]) -> int:
    return sum(len(one.values) for one in known)


def _table(known: Sequence[Repeated]) -> str:
    rows = [
        (
            " ".join(map(str, one.numbers[:6])) + (" …" if len(one.numbers) > 6 else ""),
            str(len(one.values)),
            number(one.mean),
            UNKNOWN if math.isnan(one.half) else f"± {one.half:.3g}",
            UNKNOWN if math.isnan(one.first) else f"{one.first:.0%}",
            ("baseline  " if one.baseline else "") + settings(one.params),
        )
        for one in known
    ]
    return table(("trials", "runs", "mean", "95 %", "best", "parameters"), rows, right=frozenset({1, 2, 3, 4}))


def _isolated(
    session: str, rows: Sequence[TrialRow], definitions: dict[str, Any], sign: float, parameter: str, as_json: bool
) -> int:
    from hptui.core.space.reading import nearest

    names = [parameter] if parameter in definitions else [name.strip() for name in parameter.split(",")]
    for name in names:
        if name not in definitions:
            hint = nearest(name, definitions) or f"it has {', '.join(definitions)}"
            raise SessionError(session, f"has no parameter {name!r}", hint)
    found = _compared(rows, definitions, sign, names).get(BESIDE.join(names), [])
    if len(names) > 1 and not found:
        many = f"has more than {MOST_COMBINATIONS} combinations of {', '.join(names)}, or no trial that has them all"
        raise SessionError(session, many, "name fewer parameters")
    if as_json:
        print_json({"isolated": [asdict(one) for one in found]})
        return 0
    print(isolated_table(found, BESIDE.join(names)))
    if said := difference(found, sign):
        print(folded(said, "  "))
    return 0


def _compared(
    rows: Sequence[TrialRow], definitions: dict[str, Any], sign: float, names: Sequence[str]
) -> dict[str, list[Isolated]]:
    from hptui.core.review.columns import columns

    if not names:
        return {}
    seen = columns(sorted(rows, key=lambda row: row.number), definitions, sign)
    return compared(seen, names)


def isolated_table(found: Sequence[Isolated], parameter: str) -> str:
    lines = [
        (one.label, str(one.trials), number(one.best), number(one.expected), _between(one.low, one.high))
        for one in found
    ]
    tried = found[0].tried if found else 0
    heads = (parameter, "trials", "best", f"best of {tried}", "95 %")
    return cut(table(heads, lines, right=frozenset({1, 2, 3})))


def _between(low: float, high: float) -> str:
    return UNKNOWN if math.isnan(low) else f"{number(low)} .. {number(high)}"
