"""What the advice on a session says, line by line. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from hptui.core.advice.finding import Finding
from hptui.tui.acting import act_on
from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import Glyphs, fit, harmless

Lines = list[tuple[Piece, ...]]
_STYLES = {"warning": "warn", "hint": "info", "good": "good"}


def heading(found: Sequence[Finding] | None, dismissed: int = 0) -> str:
    """dismissed: how many more there are that are not shown."""
    if found is None:
        return "advice"
    counts = [(sum(f.level == level for f in found), word) for level, word in _WORDS]
    said = ", ".join(f"{n} {word}{'s' if n > 1 and word != 'good' else ''}" for n, word in counts if n)
    said += f"{', ' if said else ''}{dismissed} dismissed (u shows the last one again)" if dismissed else ""
    return f"advice ─ {said}" if said else "advice"


_WORDS = (("warning", "warning"), ("hint", "hint"), ("good", "good sign"))


def draw(found: Sequence[Finding], chosen: int, width: int, height: int, glyphs: Glyphs) -> Lines:
    """Each finding with what to do and why; moved so that the chosen one is seen whole."""
    if not found:
        text = "nothing to object to so far: no red flag is up"
        return [(Piece(fit(f"  {text}", width), "muted"),)]
    blocks = [_block(finding, k == chosen, width, glyphs) for k, finding in enumerate(found)]
    first = sum(len(block) for block in blocks[:chosen])
    last = first + len(blocks[chosen])
    top = max(0, min(first, last - height))
    return [line for block in blocks for line in block][top : top + height]


def _block(finding: Finding, here: bool, width: int, glyphs: Glyphs) -> Lines:
    ground = "cursor" if here else ""
    marks = {"warning": "!", "hint": glyphs.waiting, "good": glyphs.complete}
    head = f"{'>' if here else ' '} {marks[finding.level]} "
    lines: Lines = []
    for k, text in enumerate(_wrapped(finding.says, width - 4)):
        lead = Piece(head if k == 0 else "    ", _STYLES[finding.level], ground)
        lines.append((lead, Piece(fit(text, width - 4), "strong" if here else "", ground)))
    key = act_on(finding).says
    more = [("do   ", finding.do, ""), ("why  ", finding.why, "muted")]
    more += [("key  ", f"enter {key} · d dismisses it" if key else "d dismisses it", "info")] if here else []
    for label, text, style in more:
        for k, part in enumerate(_wrapped(text, width - 9) if text else []):
            lines.append((Piece(f"    {label if k == 0 else '     '}", "muted"), Piece(fit(part, width - 9), style)))
    return [*lines, ()]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(harmless(text), max(width, 10)) or [""]
