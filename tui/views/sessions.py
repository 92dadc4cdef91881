"""What a line of the sessions list says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rich.cells import cell_len

from hptui.core.store.library import SessionSummary
from hptui.core.study.remarks import note_of, tags_of
from hptui.tui.glyphs import current, harmless, short
from hptui.tui.views.cells import Cell, Cells
from hptui.tui.views.numbers import age, day, number, unknown
from hptui.tui.views.trials import Title

_NAME = 18  # cells of a name at least
TITLES = (
    Title("name", "session", _NAME, priority=9, grow=False),
    Title("state", "state", 10, priority=8),
    Title("best", "best", 9, "right", 7),
    Title("trial", "trial", 6, "right", 2),
    Title("done", "trials", 11, "right", 6),
    Title("counts", "of which", 22, priority=4),
    Title("hours", "ran for", 8, "right", 5),
    Title("changed", "changed", 8, "right", 6),
    Title("started", "started", 10, "right", 3),
    Title("why", "", 8, priority=1, grow=True),
)
_STATES = {
    "live": ("●", "live", "running"),
    "finished": ("✓", "finished", "complete"),
    "stopped": ("■", "stopped", "paused"),
    "interrupted": ("!", "interrupted", "failed"),
    "broken": ("!", "broken", "error"),
}
EMPTY = "\n".join(
    (
        "no session yet. From a shell:",
        "",
        "hptui run study.toml                  start a session and open its screen",
        "hptui run train.py:objective -n 50    the same without a study file",
        "hptui review FOLDER                   look at a session copied from elsewhere",
    )
)


def titles(names: Iterable[str], width: int) -> tuple[Title, ...]:
    """TITLES with as much room for names as the longest needs, but a third of the width."""
    longest = max((cell_len(harmless(name)) for name in names), default=0)
    name, *others = TITLES
    return (replace(name, width=max(_NAME, min(longest, width // 3))), *others)


def session_line(summary: SessionSummary, at: float, wide: int = _NAME) -> Cells:
    """One cell per title of TITLES. wide: cells for the name, which is cut in its middle."""
    glyph, word, style = _STATES.get(summary.state, ("·", summary.state, ""))
    if summary.state == "finished" and not (summary.ok and summary.counts.get("COMPLETE")):
        glyph, style = "✗", "failed"
    ended = sum(summary.counts.get(state, 0) for state in ("COMPLETE", "PRUNED", "FAIL"))
    total = f"{ended}/{summary.n_trials}" if summary.n_trials else str(ended)
    changed = unknown() if summary.updated_at is None else f"{age(at - summary.updated_at)} ago"
    return (
        Cell(short(summary.name, wide), "bold" if summary.state == "live" else ""),
        Cell(f"{glyph} {word}", style),
        Cell(best_of(summary), "best" if summary.best is not None or summary.front else "muted"),
        Cell(unknown() if summary.best_trial is None else f"#{summary.best_trial}", "muted"),
        Cell(total if summary.state != "broken" else unknown()),
        Cell(counted(summary.counts), "muted"),
        Cell(ran_for(summary), "muted"),
        Cell(changed, "muted"),
        Cell(day(summary.created_at), "muted"),
        Cell(f"{said_of(summary)}{summary.reason}", "error" if summary.state == "broken" else "muted"),
    )


def best_of(summary: SessionSummary) -> str:
    """The best value; of several objectives how many trials nobody beats: `front 5`."""
    return f"front {summary.front}" if summary.front else number(summary.best)


def ran_for(summary: SessionSummary) -> str:
    """Running time of its trials: `3.2h`, or `3.2h gpu` on GPUs."""
    seconds = summary.gpu_s or summary.busy_s
    if not seconds:
        return unknown()
    hours = seconds / 3600
    text = f"{hours:.0f}h" if hours >= 100 else f"{hours:.1f}h" if hours >= 1 else age(seconds)
    return f"{text} gpu" if summary.gpu_s else text


def said_of(summary: SessionSummary) -> str:
    """Its tags and note, before why it ended."""
    said = [f"#{tag}" for tag in tags_of(summary.remarks)]
    said += [f'"{note_of(summary.remarks)}"'] if note_of(summary.remarks) else []
    return f"{' '.join(said)} · " if said else ""


def counted(counts: dict[str, int]) -> str:
    """`2▸ 14✓ 9╌`"""
    order = ("RUNNING", "PAUSED", "WAITING", "COMPLETE", "PRUNED", "FAIL")
    return " ".join(f"{counts[state]}{current().state(state)}" for state in order if counts.get(state))
