"""The rounds of a study on one page: what each asked, what it told, what was adopted, and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from hptui.core.errors import HptuiError
from hptui.core.review.adoption import told
from hptui.core.review.drawn import draw_isolated
from hptui.core.review.isolation import Isolated
from hptui.core.review.report import Block, Code, Picture, Section, Table, Text
from hptui.core.review.rounds import Round, difference
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder


def rounds_report(rounds: Sequence[Round]) -> list[Section]:
    """A table of all rounds, then each with its pictures. rounds: as `lineage` gives them."""
    first = rounds[0].link.summary
    lines = tuple(
        (
            "↳ " * one.depth + one.name,
            one.goal or "–",
            "–" if one.best is None else told(one.best),
            "–" if one.link.told.get("adopted") is None else f"trial {one.link.told['adopted']}",
        )
        for one in rounds
    )
    table = Table(("round", "goal", f"best {first.metric} ({first.direction})", "adopted from its parent"), lines)
    return [
        Section(f"Rounds of {rounds[0].name}", (table,)),
        *(Section(one.name, tuple(_blocks(one))) for one in rounds),
    ]


def _blocks(one: Round) -> Iterator[Block]:
    summary, story = one.link.summary, one.link.told
    if one.goal:
        yield Text(f"Goal: {one.goal}")
    if one.link.parent:
        adopted = "" if story.get("adopted") is None else f"; its trial {story['adopted']} is the baseline here"
        yield Text(f"Goes on from {one.link.parent}{adopted}.")
    if story.get("evidence"):
        yield Text(f"Evidence: {story['evidence']}.")
    roles = [f"{role}: {', '.join(names)}" for role in ("scientific", "nuisance", "fixed") if (names := one.role(role))]
    if roles:
        held = "; what is told holds for the fixed values alone" if one.role("fixed") else ""
        yield Text(f"{'; '.join(roles)}{held}.".capitalize())
    counts = ", ".join(f"{n} {state.lower()}" for state, n in sorted(summary.counts.items()))
    found = "no trial is complete" if one.best is None else f"best {told(one.best)}, trial {one.best.numbers[0]}"
    base = "" if one.baseline is None or one.baseline is one.best else f"; the baseline {told(one.baseline)}"
    yield Text(f"{summary.state.capitalize()}, {counts or 'no trials'}: {found}{base}.")
    sign = -1.0 if summary.direction == "maximize" else 1.0
    for name, values in one.compared.items():
        if drawn := draw_isolated(values, name, summary.metric):
            yield Picture(drawn, f"{summary.metric} by {name}, all others optimised away")
        if values:
            yield isolated_table(values, name)
        if said := difference(values, sign):
            yield Text(f"{name}: {said}.")
    yield from _again(SessionFolder(summary.path))


def isolated_table(values: Sequence[Isolated], name: str) -> Table:
    rows = tuple(
        (one.label, str(one.trials), _number(one.best), _number(one.expected), _between(one))
        for one in values
    )
    return Table((name, "trials", "best", f"best of {values[0].tried}", "95 %"), rows)


def _between(one: Isolated) -> str:
    return f"{_number(one.low)} .. {_number(one.high)}"


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.5g}"


def _again(folder: SessionFolder) -> Iterator[Block]:
    try:
        with Reader(folder) as reader:
            argv = reader.fact("argv")
    except HptuiError:
        return
    if isinstance(argv, list):
        yield Code(shlex.join(["hptui", *map(str, argv)]))
