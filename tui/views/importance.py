"""What the bars of the importances say. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, fit
from hptui.tui.views.numbers import count, number, percent

if TYPE_CHECKING:
    from hptui.core.review.importance import Effect, Importance, Share

Lines = list[tuple[Piece, ...]]
_FIGURES = 15  # `0.71 0.66–0.75`
_MOST_NAME = 28


def heading(found: Importance | None) -> str:
    if found is None:
        return "importances"
    used = f"{found.drawn:,} drawn of {found.complete:,}" if found.drawn < found.complete else f"{found.complete:,}"
    return f"importances ─ of {used} complete trials"


def draw(found: Importance, chosen: str, width: int, height: int, glyphs: Glyphs) -> Lines:
    """Parameters by bars with an interval, PED-ANOVA beside them, then pairs, then how to read it."""
    tail = notes(found)
    room = max(height - 2 - len(tail), 1)
    main = found.main[: max(room - 2, 1)]
    pairs = [pair for pair in found.pairs if pair.share.mean >= 0.005][: max(0, room - len(main) - 2)]
    wide = min(max(cell_len(_name(effect, glyphs)) for effect in (*main, *pairs)), _MOST_NAME, max(width // 4, 8))
    with_ped = width >= 72 and any(effect.ped is not None for effect in main)
    bar = max(width - wide - 4 - _FIGURES * (2 if with_ped else 1) - (2 if with_ped else 0), 6)
    scale = max((effect.share.high for effect in (*main, *pairs)), default=1.0) or 1.0
    lines: Lines = [_titles(wide, bar, with_ped)]
    for effect in main:
        lines.append(_line(effect, effect.names == (chosen,), wide, bar, scale, with_ped, glyphs))
    if pairs:
        lines.append((Piece(fit("  together, beyond each by itself", width), "muted"),))
        lines += [_line(effect, False, wide, bar, scale, False, glyphs) for effect in pairs]
    lines += [()] * (height - len(tail) - len(lines))
    return [*lines, *[(Piece(fit(f"  {line}", width, cut=glyphs.cut), "muted"),) for line in tail]]


def _titles(wide: int, bar: int, with_ped: bool) -> tuple[Piece, ...]:
    text = f"  {fit('parameter', wide)}  {fit('fANOVA: of the variance', bar)}" + " mean, 90 %".ljust(_FIGURES)
    return (Piece(text + ("  PED: best 10 %" if with_ped else ""), "muted bold"),)


def _line(
    effect: Effect, here: bool, wide: int, bar: int, scale: float, with_ped: bool, glyphs: Glyphs
) -> tuple[Piece, ...]:  # fmt: skip
    ground = "cursor" if here else ""
    text = ("> " if here else "  ") + fit(_name(effect, glyphs), wide, cut=glyphs.cut) + "  "
    name = Piece(text, "strong" if here else "", ground)
    full, rest = bars(effect.share, bar, scale, glyphs)
    figures = Piece(f" {figure(effect.share, glyphs)}".ljust(_FIGURES), "", ground)
    pieces = [name, Piece(full, "info", ground), Piece(rest, "muted", ground), figures]
    if with_ped:
        pieces.append(Piece(f"  {figure(effect.ped, glyphs)}".ljust(_FIGURES + 2), "muted", ground))
    return tuple(pieces)


def _name(effect: Effect, glyphs: Glyphs) -> str:
    sign = " × " if glyphs.level != "ascii" else " x "
    return sign.join(effect.names)


def bars(share: Share, width: int, scale: float, glyphs: Glyphs) -> tuple[str, str]:
    """`█████` up to the mean, `├──┤` where nine tenths of the samples lie beyond it."""
    mean, high = (round(value / scale * width) for value in (share.mean, share.high))
    full = glyphs.bar * mean
    if high <= mean:
        return full, " " * (width - mean)
    return full, (glyphs.rule * (high - mean - 1) + glyphs.tick).ljust(width - mean)


def figure(share: Share | None, glyphs: Glyphs) -> str:
    """`0.71 0.66–0.75`"""
    if share is None:
        return glyphs.unknown
    return f"{share.mean:.2f} {share.low:.2f}{glyphs.unknown}{share.high:.2f}"


def notes(found: Importance) -> list[str]:
    main, pairs = found.explained
    rest = max(1 - main - pairs, 0.0)
    said = [f"of the variance: alone {percent(main)}, in pairs {percent(pairs)}, noise and the rest {percent(rest)}"]
    if found.is_thin:
        wanted = 10 * len(found.main)
        said.append(f"few trials: {wanted} complete ones would narrow the intervals")
    if found.clipped:
        said.append(f"{count(found.clipped, 'trial')} far behind the rest counted as {number(found.clipped_at)}")
    return said
