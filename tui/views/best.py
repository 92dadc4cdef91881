"""What a line of the best trials says. Pure."""

from __future__ import annotations

from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, series
from hptui.tui.views.numbers import number, plain, unknown


def best_line(snapshot: Snapshot, trial_number: int) -> Cells:
    """`1  0.1829    987  lr 1.3e-3  dropout 0.16 …`"""
    trial, rank = snapshot.trials.get(trial_number), snapshot.rank(trial_number)
    if trial is None:
        return ()
    place = unknown() if rank is None else str(rank + 1)
    params = "  ".join(f"{name} {plain(value)}" for name, value in trial.params.items())
    return (
        Cell(place.rjust(2) + " ", "muted"),
        Cell(number(trial.value).rjust(8), "best" if rank == 0 else ""),
        Cell(f" {trial.number:>5}", series(trial.number)),
        Cell(f"  {params}", "muted" if rank else ""),
    )
