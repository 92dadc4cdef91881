"""Which trials that have not ended are ahead of the best that has. Pure.

Where trials are held, as by freeze-thaw, hours may pass before one is complete; what leads till then is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from hptui.core.store.rows import TrialRow
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, series
from hptui.tui.views.numbers import number, plain
from hptui.tui.views.trials import progress

SHOWN = 3  # above the complete ones
SHOWN_ALONE = 20  # while there are none


def by_best(rows: Iterable[TrialRow], sign: float) -> list[TrialRow]:
    """Trials by the best they have reported; those without a finite one, and that broke a constraint, are left out."""
    able = [row for row in rows if row.best is not None and isfinite(row.best) and not row.broken]
    return sorted(able, key=lambda row: (sign * (row.best or 0.0), row.number))


def ahead(snapshot: Snapshot) -> tuple[int, ...]:
    """Trials, best first, that have reported something better than the best complete one ended with; with several
    objectives none."""
    if snapshot.facts.also or not snapshot.alive:
        return ()
    sign, first = snapshot.facts.sign, [snapshot.trials[number].value for number in snapshot.best[:1]]
    mark = sign * (first[0] or 0.0) if first else float("inf")
    going = (snapshot.trials[number] for number in snapshot.active)
    found = [row.number for row in by_best(going, sign) if sign * (row.best or 0.0) < mark]
    return tuple(found[: SHOWN if first else SHOWN_ALONE])


def ahead_line(snapshot: Snapshot, trial_number: int) -> Cells:
    """`~  0.9911    12  15%  lr 1.3e-3 …`: the best it has reported, and how far it is."""
    trial = snapshot.trials.get(trial_number)
    if trial is None:
        return ()
    params = "  ".join(f"{name} {plain(value)}" for name, value in trial.params.items())
    return (
        Cell(" ~ ", "muted"),
        Cell(number(trial.best).rjust(8), "muted"),
        Cell(f" {trial.number:>5}", series(trial.number)),
        Cell(f" {progress(snapshot.facts, trial):>4}  {params}", "muted"),
    )
