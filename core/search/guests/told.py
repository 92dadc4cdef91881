"""What Optuna is told of a trial: our history, row by row, in its words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hptui.core.search.guests.axes import Axis
from hptui.core.search.protocol import History, Kind


@dataclass(frozen=True)
class Row:
    """One trial of a history, by value: equal rows tell Optuna the same.

    An infeasible point is told as pruned without a report, which Optuna's samplers take for worse than all others;
    where there are several objectives, as failed. A complete one without a finite loss has failed.
    """

    number: int
    x: tuple[float | None, ...]  # None where a parameter is inactive
    kind: Kind
    losses: tuple[float, ...]
    reports: tuple[tuple[int, float], ...]
    constraints: tuple[float, ...]

    @property
    def settled(self) -> bool:
        return self.kind != Kind.PENDING

    def told(self, axes: tuple[Axis, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Optuna's params and distributions."""
        known = [(axis, u) for axis in axes if (u := self.x[axis.index]) is not None]
        return {axis.name: axis.value(u) for axis, u in known}, {axis.name: axis.distribution for axis, _ in known}

    def state(self, objectives: int) -> Any:
        from optuna.trial import TrialState

        match self.kind:
            case Kind.COMPLETE:
                return TrialState.COMPLETE if len(self.losses) == objectives else TrialState.FAIL
            case Kind.PRUNED | Kind.INFEASIBLE:
                return TrialState.PRUNED if objectives == 1 else TrialState.FAIL
            case Kind.PENDING:
                return TrialState.RUNNING
            case _:
                return TrialState.FAIL

    def frozen(self, axes: tuple[Axis, ...], objectives: int) -> Any:
        """The whole trial, as Optuna keeps one."""
        from optuna.trial import TrialState, create_trial

        params, distributions = self.told(axes)
        state = self.state(objectives)
        return create_trial(
            state=state,
            values=list(self.losses) if state == TrialState.COMPLETE else None,
            params=params,
            distributions=distributions,
            system_attrs=self.attrs,
            intermediate_values=dict(self.reports),
        )

    @property
    def attrs(self) -> dict[str, Any]:
        return {"constraints": list(self.constraints)} if self.constraints else {}


def rows_of(history: History, objectives: int) -> list[Row]:
    """By ascending number."""
    curves = {curve.number: curve for curve in history.curves}
    names = sorted(history.constraints)
    rows = []
    for i, number in enumerate(history.numbers.tolist()):
        several = history.objectives.shape[1] == objectives > 1
        losses = history.objectives[i].tolist() if several else [float(history.y[i])]
        curve, y, step = curves.get(number), float(history.y[i]), int(history.steps[i])
        if curve is not None:
            reports = zip(curve.steps.tolist(), curve.losses.tolist(), strict=True)
        else:
            reports = zip([step], [y], strict=True) if step >= 0 and y == y else zip((), (), strict=True)
        kind = Kind(int(history.kind[i]))
        limits = [float(history.constraints[name][i]) for name in names]
        rows.append(
            Row(
                number,
                tuple(None if u != u else u for u in history.x[i].tolist()),
                kind,
                tuple(losses) if all(map(math.isfinite, losses)) else (),
                tuple(reports) if objectives == 1 and kind != Kind.INFEASIBLE else (),
                () if any(map(math.isnan, limits)) else tuple(limits),
            )
        )
    return rows
