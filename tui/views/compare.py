"""What the screen of several sessions says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len

from hptui.core.review.compare import Contender, Row, bests, luck, spaces
from hptui.core.review.history import By, steps
from hptui.tui.charts.axes import Axis, limits
from hptui.tui.charts.band import Band
from hptui.tui.charts.figure import GUTTER, Curve
from hptui.tui.charts.figure import draw as draw_figure
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.reach import reach
from hptui.tui.glyphs import Glyphs, current, fit, fit_ends, harmless, wrapped
from hptui.tui.views.history import unit_of
from hptui.tui.views.numbers import duration, number, plain
from hptui.tui.views.parameters import range_of

Lines = list[tuple[Piece, ...]]
LETTERS = "abcd"
"""Lines are called so at their ends and in the table: digits choose tabs."""
_WIDE = 20.0  # how many times as long one session's line is as another's when the axis becomes logarithmic
_NUMBERS = f"{'best':>8} {'trial':>6} {'trials':>7} {'done':>6} {'device time':>11}"


def heading(contenders: Sequence[Contender], by: By, log: bool) -> str:
    over = f"{by.value} ({name})" if (name := units(contenders, by)[0]) else by.value
    return f"best {contenders[0].metric} so far{' · log' if log else ''} over {over}{' · log' * uneven(contenders, by)}"


def units(contenders: Sequence[Contender], by: By) -> tuple[str, float]:
    """The unit of the session that took longest."""
    found = [one.history(by) for one in contenders]
    return unit_of(max(found, key=lambda each: each.x[-1] if len(each.x) else 0.0), by)


def draw(
    contenders: Sequence[Contender], chosen: int, by: By, log: bool, width: int, height: int, glyphs: Glyphs
) -> Lines:
    """A line for each session, the band of the chosen one, and a table of what they took."""
    lines = table(contenders, chosen, width)
    _, size = units(contenders, by)
    curves, points = [], []
    for at, one in enumerate(contenders):
        found = one.history(by)
        best = one.columns.sign * found.best
        x, y = steps(found.x / size, best)
        points.append((x, y))
        curves.append(Curve(x, y, f"series-{at}", LETTERS[at]))
    band = _band(contenders[chosen]) if by is By.TRIALS else None
    seen = reach(points, band, log)
    if seen.low is None or seen.high is None:
        return [*lines, (), (Piece("  no complete trial" if not log else "  no value above 0", "muted"),)]
    tail = note(contenders[chosen], by)
    ends = [end for _, y in points if len(y) and np.isfinite(end := float(y[-1])) and (end > 0 or not log)]
    y_axis = limits(min(seen.low, *ends, seen.high), max(seen.high, *ends, seen.low), log)  # what each found is seen
    x_axis = _x_axis(points, seen.right, uneven(contenders, by), (width - GUTTER) / max(width - GUTTER - 4, 1))
    order = [*curves[:chosen], *curves[chosen + 1 :], curves[chosen]]
    chart = draw_figure(order, x_axis, y_axis, width, height - len(lines) - 1, glyphs, band=band, labels=True)
    return [*lines, *chart, (Piece(fit(f"  {tail}", width, cut=glyphs.cut), "muted"),)]


def uneven(contenders: Sequence[Contender], by: By) -> bool:
    """One session has many times as many trials as another, or took so much longer: then a log scale shows both."""
    ends = [float(found[-1]) for one in contenders if len(found := one.history(by).x) and found[-1] > 0]
    return len(ends) > 1 and max(ends) > _WIDE * min(ends)


def _x_axis(points: Sequence[tuple[Any, Any]], right: float, log: bool, room: float) -> Axis:
    """room: how much longer it is than the longest line, for the letter at that line's end."""
    if not log:
        return Axis(0.0, max(right, 1e-9) * room)
    firsts = [float(x[x > 0][0]) for x, _ in points if (x > 0).any()]
    low = min(firsts)
    return Axis(low, low * (right / low) ** room if right > low else 2 * low, True)


def _band(one: Contender) -> Band | None:
    found = luck(one)
    if not np.isfinite(found.low).any():
        return None
    ends = one.columns.sign * found.low, one.columns.sign * found.high
    return Band(found.x, np.minimum(*ends), np.maximum(*ends))


def note(one: Contender, by: By) -> str:
    if by is not By.TRIALS:
        return "x: over trials ended, where the shade shows luck"
    return f"shade: where {fit_ends(one.name, 22).rstrip()} would be in 9 of 10 other orders of its own trials"


def table(contenders: Sequence[Contender], chosen: int, width: int) -> Lines:
    """One line per session: which line is whose, what it found, what it took."""
    how = [", ".join(filter(None, (one.sampler, one.pruner))) for one in contenders]
    longest = max(7, *(cell_len(harmless(one.name)) for one in contenders))
    rest = width - 11 - len(_NUMBERS)  # for the names, and what they searched by
    wide = min(longest, max(14, rest - max(len("sampler, pruner"), *map(len, how))))
    titles = f"       {fit('session', wide)}  {_NUMBERS}  sampler, pruner"
    lines: Lines = [(Piece(fit(titles, width), "muted bold"),)]
    for at, one in enumerate(contenders):
        best = number(one.best.value) if one.best is not None else number(None)
        which = f"#{one.best.number}" if one.best is not None else ""
        done = int(one.columns.complete.sum())
        text = f"{best:>8} {which:>6} {len(one.columns):>7} {done:>6} {duration(one.device_s):>11}"
        lines.append(
            (
                Piece("> " if at == chosen else "  ", "strong bold"), Piece(f"{LETTERS[at]} ━━ ", f"series-{at} bold"),
                Piece(fit_ends(one.name, wide), "strong bold" if at == chosen else ""), Piece(f"  {text}", ""),
                Piece("  " + fit(how[at], max(rest - wide, 0), cut=current().cut).rstrip(), "muted"),
            )
        )  # fmt: skip
    return lines


def space_lines(contenders: Sequence[Contender], width: int) -> Lines:
    return grid(contenders, spaces(contenders), width, lambda cell: range_of(cell) if cell is not None else "")


def best_lines(contenders: Sequence[Contender], width: int) -> Lines:
    """The best trials' values and parameters, those that differ first."""
    values = Row("", tuple(None if one.best is None else one.best.value for one in contenders), True)
    named = Row(contenders[0].metric, values.cells, len(set(values.cells)) > 1)
    rows = sorted(bests(contenders), key=lambda row: not row.differs)
    return grid(contenders, [named, *rows], width, lambda cell: plain(cell, 5))


def agreed_lines(agreed: Sequence[str], width: int) -> Lines:
    """Below the best trials: what searches found again."""
    parts = [part for one in agreed for part in ("", *wrapped(one, max(width - 4, 10)))]
    return [(Piece(f"  {part}", ""),) for part in parts]


def grid(contenders: Sequence[Contender], rows: Sequence[Row], width: int, text: Any) -> Lines:
    """A column per session, a line per row; `≠` where they differ."""
    first = min(max([len(row.name) for row in rows] + [9]), 24)
    room = max((width - first - 4) // len(contenders) - 2, 6)
    head = [Piece(f"    {fit('parameter', first)}", "muted bold")]
    head += [Piece(f"  {fit_ends(one.name, room)}", f"series-{at} bold") for at, one in enumerate(contenders)]
    lines: Lines = [tuple(head)]
    for row in rows:
        mark = "≠" if row.differs else " "
        style = "" if row.differs else "muted"
        pieces = [Piece(f"  {mark} ", "warn bold"), Piece(fit(row.name, first), "strong" if row.differs else "muted")]
        shown = [text(cell) if cell is not None else plain(None) for cell in row.cells]
        pieces += [Piece(f"  {fit(cell, room)}", style) for cell in shown]
        lines.append(tuple(pieces))
    return lines
