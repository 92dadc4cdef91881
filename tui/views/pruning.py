"""What giving up early did: how many came to each step, went on, wait there or were cut, and what it saved. Pure."""

from __future__ import annotations

from hptui.core.review.pruning import Cut, Pruning
from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, fit, wrapped
from hptui.tui.views.numbers import count, number
from hptui.tui.views.rungs import ahead_line, saved_line

Lines = list[tuple[Piece, ...]]
_NUMBERS = 40  # cells of a line's numbers, right of its bar
_LEAD = 9  # ... and left of it


def heading(found: Pruning | None, pruner: str) -> str:
    if found is None:
        return "pruning"
    return f"pruning by {pruner or 'none'} ─ {count(found.pruned, 'trial')} pruned"


def head(found: Pruning, width: int) -> Lines:
    """The lines above the steps: what was saved, and whether the best may have been cut."""
    said = [saved_line(found) or "nothing was saved", ahead_line(found)]
    styled = [(part, "strong" if at == 0 else "") for at, line in enumerate(said) for part in wrapped(line, width - 3)]
    return [*((Piece(f"  {part}", style),) for part, style in styled), ()]


def nothing(held: int, pruner: str) -> str:
    """held: trials that wait where their rule holds them by a prediction, at no rung."""
    rule = f"the pruner is {pruner or 'none'}"
    if not held:
        return f"nobody was held or cut: {rule}"
    many = count(held, "trial is", "trials are")
    return f"nobody was cut so far, and {many} held: {rule}; 7 of the session ranks them"


def draw(found: Pruning, first: int, width: int, height: int, glyphs: Glyphs) -> Lines:
    """The head, then a bar for each step from the `first` one on."""
    lines = head(found, width)
    room = max(width - _LEAD - _NUMBERS, 8)
    most = max((one.came for one in found.cuts), default=0)
    titles = f"{'came':>8}{'went on':>9}{'held':>6}{'cut':>6}{'asked for':>11}"
    lines.append((Piece(fit(f"  {'step':>5}  " + " " * room + titles, width), "muted"),))
    for one in found.cuts[first : first + max(height - len(lines), 0)]:
        lines.append(step_line(one, most, room, glyphs))
    return lines


def step_line(one: Cut, most: int, room: int, glyphs: Glyphs) -> tuple[Piece, ...]:
    """`      9  ████████▒▒▒░░       21        7     2    12      0.412`"""
    parts = [(one.went_on, "complete"), (one.held, "paused"), (one.cut, "pruned")]
    chars = "█▒░" if glyphs.level != "ascii" else "#=-"
    bar, drawn, seen = [], 0, 0
    for (n, style), char in zip(parts, chars, strict=True):
        seen += max(n, 0)
        cells = round(seen / max(most, 1) * room) - drawn
        drawn += cells
        bar.append(Piece(char * cells, style))
    numbers = f"{one.came:>8}{one.went_on:>9}{one.held:>6}{one.cut:>6}{number(one.threshold):>11}"
    step = Piece(f"  {one.step:>5}  ", "strong" if one.rung else "muted")
    return (step, *bar, Piece(" " * (room - drawn), ""), Piece(numbers, ""))
