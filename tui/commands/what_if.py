"""`hptui what-if`: another pruner over the curves of a session, or its trials ranked by something else."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import click

from hptui.core.errors import SessionError
from hptui.core.review.rerank import By, Reranked
from hptui.core.space.reading import nearest
from hptui.core.store.reader import Reader
from hptui.core.study.goals import goals_of
from hptui.core.study.study import Chosen, Direction
from hptui.tui.commands.answers import cut, folded, harmless, number, plural, print_json, table
from hptui.tui.commands.finding import NAME, look_at

SHOWN = 12


@click.command(name="what-if")
@NAME
@click.option("--pruner", metavar="NAME", help="As in a study file; `hptui pruners` lists them.")
@click.option("-o", "--option", "options", multiple=True, metavar="KEY=VALUE", help="Of the pruner; may be repeated.")
@click.option("--metric", metavar="NAME", help="Rank the trials by another metric that they reported.")
@click.option("--direction", type=click.Choice(["minimize", "maximize"]),
              help="Of that metric; default: the study's, or guessed from its name.")
@click.option("--by", type=click.Choice(["best", "last"]), help="Rank by the best or by the last value of each curve.")
@click.option("--json", "as_json", is_flag=True, help="{trials reports known winner kept best} or {places agreement}")
def what_if(name: str | None, pruner: str | None, options: tuple[str, ...], metric: str | None, direction: str | None,
            by: By | None, as_json: bool) -> int:  # fmt: skip
    """Say what another pruner would have cut, or how the trials rank by something else. Nothing is run.

    --pruner judges the stored curves, in the order in which their reports came: what it cuts and saves, and whether it
    cuts the best. Sessions whose trials ran to their end tell most: how a pruned trial would have gone on is not known.

    --metric and --by rank the complete trials anew: by another metric, by the best value of their curves (which a
    checkpoint kept then would have) or by the last one.
    """
    if (pruner is None) == (metric is None and by is None):
        raise click.UsageError("say what should be otherwise: --pruner NAME, or --metric NAME and --by best|last")
    if pruner is None:
        return _reranked(name, metric, direction, by or "last", as_json)
    return _replayed(name, pruner, options, as_json)


def _reranked(name: str | None, metric: str | None, direction: str | None, by: By, as_json: bool) -> int:
    from hptui.core.review.rerank import rerank

    folder = look_at(name)
    with Reader(folder) as reader:
        facts, rows, known = reader.facts(), reader.trials(), reader.metric_names()
        directions: dict[str, str] = {goal.metric: goal.direction for goal in goals_of(facts)}
        own = next(iter(directions))
        if metric is not None and metric not in known:
            hint = nearest(metric, known) or f"reported: {', '.join(known) or 'nothing yet'}"
            raise SessionError(folder.name, f"no trial has reported {metric!r}", hint)
        curves = reader.curves([row.number for row in rows], metric or own)
    other = _sign_of(metric or own, direction or directions.get(metric or own))
    found = rerank(rows, curves, _sign_of(own, directions[own]), other, by)
    if as_json:
        print_json(asdict(found))
        return 0
    if not found.places:
        raise SessionError(folder.name, f"no complete trial has reported {metric or own}", "there is nothing to rank")
    first = found.places[0]
    what = f"the {by} {metric or own}"
    same = "the same trial is the best" if first.before == 0 else _other_best(found, what)
    agree = f"they agree at {number(found.agreement)} (Kendall's tau: 1 the same order, 0 unrelated, -1 the reverse)"
    print("\n".join(folded(line, "  ") for line in (f"ranked by {what}: {same}", agree)))
    lines = [
        (str(one.place + 1), str(one.before + 1), str(one.number), number(one.now), str(one.step), number(one.was))
        for one in found.places[:SHOWN]
    ]
    print(cut(table(("place", "was", "trial", what, "step", own), lines, right=frozenset(range(6)))))
    if found.missing:
        print(f"{plural(len(found.missing), 'complete trial')} reported nothing of it")
    return 0


def _other_best(found: Reranked, what: str) -> str:
    first, old = found.places[0], next(one for one in found.places if one.before == 0)
    return (
        f"trial {first.number} is the best ({number(first.now)}), before in place {first.before + 1}; "
        f"trial {old.number}, the best before, is in place {old.place + 1} ({number(old.now)})"
    )


_LOW = (
    "loss", "err", "rmse", "mse", "mae", "mape", "perplexity", "ppl", "time", "latency", "seconds", "memory", "nll",
    "bpc",
)  # fmt: skip
_HIGH = ("acc", "f1", "auc", "score", "precision", "recall", "r2", "bleu", "rouge", "iou", "map", "reward", "ndcg")


def _sign_of(metric: str, direction: str | None) -> float:
    """1.0 where low values are good."""
    low, high = (any(word in metric.lower() for word in words) for words in (_LOW, _HIGH))
    if direction is None and low == high:
        raise click.UsageError(f"is a low or a high {metric} good? --direction minimize or maximize")
    return 1.0 if direction == "minimize" or (direction is None and low) else -1.0


def _replayed(name: str | None, pruner: str, options: tuple[str, ...], as_json: bool) -> int:
    from hptui.core.review.what_if import what_if as replay
    from hptui.core.search.catalog import make_pruner

    chosen = _chosen(pruner, options)
    folder = look_at(name)
    with Reader(folder) as reader:
        facts, rows = reader.facts(), reader.trials()
        direction: Direction = "maximize" if facts.get("direction") == "maximize" else "minimize"
        metric = str(facts.get("metric", "value"))
        curves = reader.curves([row.number for row in rows], metric)
    steps = [step for curve in curves.values() for step, _ in curve]
    if not steps:
        raise SessionError(folder.name, f"no trial has reported {metric}", "there is nothing to judge by")
    limit = facts.get("max_steps") or max(steps) + 1
    rule = make_pruner(chosen, direction, int(limit))
    sign = -1.0 if direction == "maximize" else 1.0
    found = replay(rows, curves, rule, sign)
    if as_json:
        print_json({**asdict(found), "best": None if math.isnan(found.best) else sign * found.best})
        return 0
    saved = 1 - found.reports / found.known
    did = f"{found.reports} of {found.known} reports, {saved:.0%} saved"
    print(f"{pruner} cuts {len(found.cut)} of {plural(len(rows), 'trial')}: {did}")
    if found.winner is not None:
        fate = "keeps" if found.kept else "CUTS"
        best = f"the best that is left has {number(sign * found.best)}"
        left = "" if found.kept else "; no other is left" if math.isnan(found.best) else f"; {best}"
        print(f"it {fate} the best, trial {found.winner}{left}")
    if found.open_ended:
        who = ", ".join(map(str, found.open_ended[:SHOWN])) + (", …" if len(found.open_ended) > SHOWN else "")
        many = plural(len(found.open_ended), "pruned trial")
        print(folded(f"it lets {many} live: {who} (how they end is not known)", "  "))
    if found.cut:
        lines = [(str(one.number), str(one.cut), harmless(one.reason)) for one in found.cut[:SHOWN]]
        print(cut(table(("trial", "step", "why"), lines, right=frozenset({0, 1}))))
    return 0


def _chosen(pruner: str, options: tuple[str, ...]) -> Chosen:
    """With each option read as its rule asks for it; what can't be is left for `make_pruner` to refuse."""
    from hptui.core.search.catalog import options_of

    for text in options:
        if "=" not in text:
            raise click.UsageError(f"{text!r} is not KEY=VALUE")
    typed = dict(text.split("=", 1) for text in options)
    known = options_of("pruner", Chosen(name=pruner, options=typed))
    read: dict[str, Any] = dict(typed)
    for key, text in typed.items():
        with suppress(ValueError):
            read[key] = known[key].read(text) if key in known else text
    return Chosen(name=pruner, options=read)
