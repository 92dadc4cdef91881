"""What a line of the front says: the trials that nobody beats in every objective. Pure."""

from __future__ import annotations

from hptui.core.review.front import values_of
from hptui.tui.glyphs import harmless
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, series
from hptui.tui.views.numbers import number, plain


def front_title(snapshot: Snapshot) -> str:
    """`front: val_loss, latency`, in the order of its columns."""
    return f"front: {', '.join(harmless(goal.metric) for goal in snapshot.facts.goals)}"


def front_line(snapshot: Snapshot, trial_number: int) -> Cells:
    """`  0.1829     3.4    987  lr 1.3e-3  width 16`, a number for each objective; its best one stands out."""
    trial, goals = snapshot.trials.get(trial_number), snapshot.facts.goals
    if trial is None:
        return ()
    rows = [values_of(snapshot.trials[each], goals) for each in snapshot.best]
    cells = []
    for j, (goal, value) in enumerate(zip(goals, values_of(trial, goals), strict=True)):
        best = min((goal.sign * (row[j] or 0.0) for row in rows), default=None)
        first = value is not None and goal.sign * value == best
        cells.append(Cell(f" {number(value):>8}", "best" if first else ""))
    params = "  ".join(f"{name} {plain(value)}" for name, value in trial.params.items())
    return (*cells, Cell(f" {trial.number:>5}", series(trial.number)), Cell(f"  {params}", "muted"))
