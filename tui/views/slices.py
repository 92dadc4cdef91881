"""Each parameter against the metric: every complete trial, the best tenth, failures on the floor, and a tag. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len

from hptui.core.advice.regions import Edge, has_ends
from hptui.core.review.columns import Dimension, Ints
from hptui.core.review.slices import cell, edge, flat
from hptui.tui.charts.axes import Axis, limits
from hptui.tui.charts.axes import number as tick
from hptui.tui.charts.canvas import Canvas, binned
from hptui.tui.charts.figure import GUTTER, y_labels
from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import nearest, scaled
from hptui.tui.charts.reach import reach
from hptui.tui.glyphs import Glyphs, fit
from hptui.tui.material import Material
from hptui.tui.views.numbers import count, plain

Lines = list[tuple[Piece, ...]]
PANEL = (46, 13)
"""Cells that a panel needs to stand beside or above another one."""
CROWDED = 300


def panels(width: int, height: int, count: int) -> tuple[int, int]:
    """How many panels beside and above each other."""
    across = max(1, min(width // PANEL[0], count))
    return across, max(1, min(height // PANEL[1], -(-count // across)))


def heading(material: Material, dimensions: Sequence[Dimension], at: int) -> str:
    shown = int((material.shown & material.columns.complete).sum())
    seen = count(shown, "complete trial")
    return f"{material.facts.metric} over each parameter ─ {seen} ─ {at + 1} of {len(dimensions)}"


def draw(
    material: Material, dimensions: Sequence[Dimension], at: int, log: bool, width: int, height: int, glyphs: Glyphs
) -> Lines:
    """The panel of the chosen parameter, with as many neighbours as there is room for."""
    across, down = panels(width, height, len(dimensions))
    first = min(at // (across * down) * across * down, max(len(dimensions) - 1, 0))
    y_axis = value_axis(material, log)
    if y_axis is None:
        return []
    wide, high = width // across, height // down
    lines: Lines = []
    for row in range(down):
        here = [first + row * across + column for column in range(across)]
        drawn = [
            panel(material, dimensions[i], y_axis, i == at, wide, high, glyphs) if i < len(dimensions) else [()] * high
            for i in here
        ]
        lines += [tuple(piece for part in parts for piece in part) for parts in zip(*drawn, strict=True)]
    return lines


def value_axis(material: Material, log: bool) -> Axis | None:
    columns = material.columns
    values = np.where(columns.complete & material.shown, material.facts.sign * columns.loss, np.nan)
    seen = reach([(columns.number, values)], None, log)
    return None if seen.low is None or seen.high is None else limits(seen.low, seen.high, log)


def panel(
    material: Material, one: Dimension, y_axis: Axis, chosen: bool, width: int, height: int, glyphs: Glyphs
) -> Lines:
    """A title with the tag, the chart, the ends of the range."""
    w, h = width - GUTTER - 1, height - 3
    columns, sign = material.columns, material.facts.sign
    canvas = Canvas(w, h)
    known = material.shown & np.isfinite(one.values)
    good = np.flatnonzero(known & columns.complete & ((sign * columns.loss > 0) if y_axis.log else True))
    at = spread(one, columns.number[good], cell(one, good, w), w)
    row = np.clip((h - 1) - nearest(scaled(sign * columns.loss[good], y_axis, h)), 0, h - 1)
    if len(good) > CROWDED:
        canvas.density(binned(row, at, h, w))
    dot, top = ("•", "●") if glyphs.level == "braille" else ("o", "@")
    canvas.put(row, at, dot, "muted")
    best = np.isin(good, columns.ranked[: max(len(columns.ranked) // 10, 1)])
    canvas.put(row[best], at[best], top, "best bold")
    failed = np.flatnonzero(known & columns.is_("FAIL"))
    canvas.put(np.full(len(failed), h - 1), cell(one, failed, w), glyphs.fail, "fail")
    if material.cursor is not None:
        here = columns.number[good] == material.cursor
        canvas.put(row[here], at[here], top, "strong bold")
    labels = y_labels(y_axis, h)
    left = [
        Piece(labels.get(r, "").rjust(GUTTER - 2) + " " + (glyphs.tick if r in labels else glyphs.upright), "axis")
        for r in range(h)
    ]
    foot = Piece(" " * (GUTTER - 1) + glyphs.corner + glyphs.rule * w + " ", "axis")
    body = [(*line, Piece(" ", "")) for line in canvas.lines(left)]
    return [title(material, one, chosen, len(failed), width), *body, (foot,), (Piece(ends(one, w, width), "axis"),)]


def spread(one: Dimension, number: Ints, at: Ints, w: int) -> Ints:
    """Trials of one choice side by side within three fifths of its stretch, by their numbers."""
    if not one.choices:
        return at
    room = 0.6 * w / len(one.choices)
    shift = np.floor(((number * 0.6180339887) % 1.0 - 0.5) * room + 0.5).astype(np.int64)
    return np.asarray(at + shift)


def title(material: Material, one: Dimension, chosen: bool, failed: int, width: int) -> tuple[Piece, ...]:
    found = edge(material.columns, one)
    words, style = tag(found, one, flat(material.columns, one))
    name = fit(f"{one.name}{' · log' if one.log else ''}", min(max(cell_len(one.name) + 6, 8), width // 2)).rstrip()
    if failed:
        words += f"  {failed} failed"
    rest = width - GUTTER - cell_len(name) - 2
    return (
        Piece(" " * (GUTTER - 1), ""), Piece(name, "strong bold reverse" if chosen else "strong bold"),
        Piece("  ", ""), Piece(fit(words, max(rest + 1, 0)), style),
    )  # fmt: skip


def tag(found: Edge, one: Dimension, is_flat: bool | None) -> tuple[str, str]:
    """What is to be said of where the best lie, and its style."""
    if one.choices:
        return f"{len(one.choices)} choices", "muted"
    if not has_ends(one.count):
        return f"{one.count} values", "muted"
    if not found.of:
        return "too few trials to judge the edges", "muted"
    if found.at:
        bound = one.low if found.at == "low" else one.high
        way = "extend it downwards" if found.at == "low" else "extend it upwards"
        end = f"{found.at.upper()} EDGE {found.near} of the best {found.of} near {tick(bound)}"
        return f"{end}: {way}", "warn bold"
    return ("no effect seen", "muted") if is_flat else ("best in the interior", "good")


def ends(one: Dimension, w: int, width: int) -> str:
    """The ends of the range under the chart, or the choices under their places."""
    row = [" "] * width
    if one.choices:
        room = w / len(one.choices)
        for at, choice in enumerate(one.choices):
            text = _by_cell(fit(plain(choice), max(1, min(int(room) - 1, cell_len(plain(choice))))))
            start = GUTTER + max(0, int((at + 0.5) * room - len(text) / 2))
            row[start : start + len(text)] = text[: width - start]
        return "".join(row)[:width]
    low, middle, high = (_text(one.at(share)) for share in (0.0, 0.5, 1.0))
    row[GUTTER : GUTTER + len(low)] = low
    at = GUTTER + (w - len(middle)) // 2
    row[at : at + len(middle)] = middle
    row[GUTTER + w - len(high) : GUTTER + w] = high
    return "".join(row)[:width]


def _by_cell(text: str) -> list[str]:
    """What stands in each cell; the second one of a wide character has nothing of its own."""
    return [part for char in text for part in (char, *[""] * (cell_len(char) - 1))]


def _text(value: object) -> str:
    return tick(value) if isinstance(value, float) else plain(value)
