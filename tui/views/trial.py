"""What the top lines of a trial's own screen say. Pure."""

from __future__ import annotations

from hptui.core.store.rows import TrialRow
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, cells, squeeze
from hptui.tui.views.devices import place
from hptui.tui.views.numbers import clock, duration, number
from hptui.tui.views.states import state_cell
from hptui.tui.views.trials import busy, why


def trial_header(snapshot: Snapshot, trial: TrialRow | None, width: int, wished: str | None = None) -> Cells:
    """`trial 96  ▸ run  g4  0.6549 at step 415 of 500  best 0.6012  12m03s`"""
    if trial is None:
        return cells(("this trial is not there", "muted"))
    facts = snapshot.facts
    of = f" of {facts.max_steps}" if facts.max_steps else ""
    at = f" at step {trial.step}{of}" if trial.step is not None else ""
    started = f"started {clock(trial.started_at)}" if trial.started_at else "not started"
    best = cells((f"best {number(trial.best)}", "")) if trial.best is not None else ()
    ran = cells((duration(busy(trial, snapshot.now)), "muted")) if trial.started_at else ()
    rank = snapshot.rank(trial.number)
    retry = cells((f"again {trial.retry_of}", "info")) if trial.retry_of is not None else ()
    return squeeze(
        (
            (0, cells((f"trial {trial.number}", "strong bold"))),
            (0, (state_cell(trial, snapshot.at, wished),)),
            (1, cells((f"{facts.metric} {number(trial.value)}", "best" if rank == 0 else ""), (at, "muted"))),
            (2, cells((f"rank {rank + 1}", "best"))) if rank is not None else (2, ()),
            (4, best),
            (3, cells((f"on {place(snapshot, trial)}", "")) if trial.state in ("RUNNING", "PAUSED") else ()),
            (5, ran),
            (6, cells((started, "muted"))),
            (7, retry),
            (8, cells((facts.name, "muted"))),
        ),
        width,
    )


def why_lines(trial: TrialRow | None) -> Cells:
    """One line: where it stands and why; else why this point."""
    return () if trial is None else (Cell(why(trial), "muted"),)
