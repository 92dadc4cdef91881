"""How a trial's state reads: a glyph, a word and a tone. Pure."""

from __future__ import annotations

from math import ceil

from hptui.core.store.rows import TrialRow
from hptui.tui.glyphs import current
from hptui.tui.views.cells import Cell

WORDS = {  # state -> word, style
    "WAITING": ("wait", "waiting"),
    "RUNNING": ("run", "running"),
    "PAUSED": ("paused", "paused"),
    "COMPLETE": ("done", "complete"),
    "PRUNED": ("pruned", "pruned"),
    "FAIL": ("failed", "fail"),
}
_PAUSED = {"user": "paused", "rung": "held", "undo": "pruning", "yielded": "yielded", "disk": "no disk"}
_CAUSES = {"oom": "no mem", "nan": "nan", "timeout": "timeout", "killed": "killed", "lost": "lost"}
_WISHED = {"pause": ("PAUSED", "pausing"), "resume": ("RUNNING", "resuming"), "prune": ("PRUNED", "pruning")}

STATE_WIDTH = 10


def state_cell(trial: TrialRow, at: float, wished: str | None = None) -> Cell:
    """`▸ run`, `‖ paused`, `╌ pruning 4s`; `wished`: what was asked for and is not answered yet."""
    if wished in _WISHED and trial.state in ("RUNNING", "PAUSED"):
        state, word = _WISHED[wished]
        return Cell(f"{current().state(state)} {word}", WORDS[state][1])
    state = trial.state
    word, style = WORDS.get(state, (state.lower(), ""))
    if state == "PAUSED":
        word = "resuming" if trial.resume_wanted else _PAUSED.get(trial.why or "", word)
        if trial.why == "undo":
            state, style = "PRUNED", "warn"
            left = remaining(trial, at)
            word = word if left is None else f"prune {left}s"
    if state == "FAIL":
        word = _CAUSES.get(trial.cause or "", word)
    return Cell(f"{current().state(state)} {word}", style)


def remaining(trial: TrialRow, at: float) -> int | None:
    """Whole seconds until a prune by hand becomes final; None when none is under way."""
    if trial.state != "PAUSED" or trial.why != "undo" or trial.until is None:
        return None
    return max(ceil(trial.until - at), 0)
