"""The rounds of a study as a tree, and what each asked and told. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, fit, harmless

if TYPE_CHECKING:
    from hptui.core.review.rounds import Round

Lines = list[tuple[Piece, ...]]


def plain_lines(rounds: Sequence[Round], width: int | None = None) -> list[str]:
    """The tree for a shell: a line for each round, and below it what it asked, told and adopted.

    width: at which what is said of a round is broken; None: never.
    """
    return [line for k, one in enumerate(rounds) for line in _plain(one, _has_more(rounds, k), width)]


def _plain(one: Round, more: bool, width: int | None) -> list[str]:
    lead, below = _leads(one, more)
    said = [
        f"{below}    {label if k == 0 else '':<9}{part}"
        for label, text in facts(one)
        for k, part in enumerate(
            textwrap.wrap(harmless(text), max(width - len(below) - 13, 20)) if width else [harmless(text)]
        )
    ]
    return [f"{lead}{head(one)}", *said]


def head(one: Round) -> str:
    summary = one.link.summary
    n = sum(summary.counts.values())
    return f"{harmless(one.name)}  {summary.state}, {n} trial{'s' * (n != 1)}, {best(one)}"


def best(one: Round) -> str:
    """best val_loss 0.0971 ± 0.002 over 3 runs"""
    from hptui.core.review.adoption import told

    metric = harmless(one.link.summary.metric)
    return "nothing complete yet" if one.best is None else f"best {metric} {told(one.best)}"


def facts(one: Round) -> list[tuple[str, str]]:
    """(what, text): those that there are."""
    from hptui.core.review.adoption import told
    from hptui.core.review.rounds import difference

    story = one.link.told
    sign = -1.0 if one.link.summary.direction == "maximize" else 1.0
    found = [("goal", one.goal)]
    if story.get("adopted") is not None:
        evidence = f": {story['evidence']}" if story.get("evidence") else ""
        found.append(("adopted", f"trial {story['adopted']} of {one.link.parent}{evidence}"))
    found.append(("fixed", ", ".join(one.role("fixed"))))
    if one.baseline is not None and one.baseline is not one.best:
        found.append(("baseline", told(one.baseline)))
    for name, values in one.compared.items():
        said = difference(values, sign) or "too few trials of its values to compare them"
        found.append(("compared", f"{name}: {said}"))
    if one.depth == 0 and one.link.parent:
        found.append(("parent", f"{one.link.parent}, which is not here"))
    return [(what, text) for what, text in found if text]


def _has_more(rounds: Sequence[Round], k: int) -> bool:
    """Whether a round of its own comes below it."""
    return k + 1 < len(rounds) and rounds[k + 1].depth > rounds[k].depth


def _leads(one: Round, more: bool, bar: str = "│", fork: str = "├", end: str = "└") -> tuple[str, str]:
    """What stands before its first line and before the others."""
    above = "".join("   " if last else f"{bar}  " for last in one.last[:-1])
    lead = above + (f"{end if one.last[-1] else fork}─ " if one.last else "")
    below = above + ("   " if one.last and one.last[-1] else f"{bar}  " if one.last else "") + (bar if more else " ")
    return lead, below


def draw(rounds: Sequence[Round], chosen: int, width: int, height: int, glyphs: Glyphs) -> Lines:
    """The tree, moved so that the chosen round is seen whole."""
    ascii_only = glyphs.level == "ascii"
    marks = ("|", "+", "`") if ascii_only else ("│", "├", "└")
    blocks = [_block(one, _has_more(rounds, k), k == chosen, width, marks) for k, one in enumerate(rounds)]
    first = sum(len(block) for block in blocks[:chosen])
    top = max(0, min(first, first + len(blocks[chosen]) - height)) if blocks else 0
    return [line for block in blocks for line in block][top : top + height]


def _block(one: Round, more: bool, here: bool, width: int, marks: tuple[str, str, str]) -> Lines:
    lead, below = _leads(one, more, *marks)
    lead = lead.replace("─", "-") if marks[0] == "|" else lead
    ground = "cursor" if here else ""
    summary = one.link.summary
    n = sum(summary.counts.values())
    name = f"{harmless(one.name)}  "
    rest = f"{summary.state}, {n} trial{'s' * (n != 1)}, {best(one)}"
    room = max(width - 2 - len(lead) - len(name), 1)
    lines: Lines = [
        (
            Piece(f"{'>' if here else ' '} {lead}", "muted", ground),
            Piece(name, "strong bold", ground),
            Piece(fit(rest, room), "", ground),
        )
    ]
    for label, text in facts(one):
        wide = max(width - 2 - len(below) - 14, 20)
        for k, part in enumerate(textwrap.wrap(harmless(text), wide) or [""]):
            lines.append(
                (Piece(f"  {below}    {label if k == 0 else '':<9} ", "muted"), Piece(part, "info" * (label == "goal")))
            )
    return [*lines, (Piece(f"  {below}", "muted"),)]
