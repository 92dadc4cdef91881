"""A pruner of Optuna, over a study that is told of every curve as it grows.

It judges at every report. The study is a memory only: it follows from the curves, and is begun anew when they are no
longer what it was told. Rules that keep notes with the trials (successive halving, Hyperband) are asked again at each
report of each trial, so their notes follow from the curves too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hptui.core.search.guests.found import optuna
from hptui.core.search.guests.making import made, quiet
from hptui.core.search.protocol import Curve, Kind
from hptui.core.search.pruners.wording import number
from hptui.core.search.verdicts import Compared, Stop
from hptui.core.study.milestones import Every

FORGETFUL = ("MedianPruner", "NopPruner", "PatientPruner", "PercentilePruner", "ThresholdPruner", "WilcoxonPruner")
"""Of Optuna's own: those that look at nothing but the trials."""


@dataclass
class _Told:
    """What the study has heard of a trial."""

    at: int  # Optuna's id
    curve: Curve | None = None
    ended: bool = False


@dataclass(frozen=True)
class GuestPruner:
    sign: float
    name: str
    options: dict[str, Any]
    _memory: dict[str, _Memory] = field(default_factory=dict, compare=False, repr=False)

    def milestones(self) -> Every:
        return Every()

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Stop | None:
        """Stop when Optuna's rule would prune; it does not say why, so the reason has what it saw."""
        with quiet():
            memory = self._memory.get("") or self._begun()
            if not all(memory.grows(each) for each in (curve, *others)):
                memory = self._begun()
            for each in others:
                memory.hear(each)
            if not memory.would_prune(curve):
                return None
        beside = [loss for other in others if not math.isnan(loss := other.at(curve.last_step))]
        best = min(beside, default=math.nan)
        seen = f", the best of {len(beside)} others there is {number(best, self.sign)}" if beside else ""
        reason = f"{self.name} prunes it: {number(curve.last, self.sign)} at step {curve.last_step}{seen}"
        return Stop(reason, Compared(curve.last, None if not beside else best, len(beside)))

    def _begun(self) -> _Memory:
        package = optuna("pruner")
        pruner = made("pruner", self.name, self.options)
        way = "minimize" if self.sign > 0 else "maximize"
        study = package.create_study(direction=way, pruner=pruner, study_name="hptui")
        memory = _Memory(study, self.sign, self.name.removeprefix("optuna:") not in FORGETFUL)
        self._memory[""] = memory
        return memory


class _Memory:
    """A study of Optuna that holds the curves, in the user's sign."""

    def __init__(self, study: Any, sign: float, asked_again: bool) -> None:
        self._study, self._sign, self._asked_again = study, sign, asked_again
        self._storage = study._storage
        self._told: list[_Told] = []

    def grows(self, curve: Curve) -> bool:
        """Whether this is what the study was told, and perhaps more."""
        if curve.number >= len(self._told) or (before := self._told[curve.number].curve) is None:
            return True
        if before is curve:
            return True
        k = len(before.steps)
        same = len(curve.steps) >= k and bool((curve.steps[:k] == before.steps).all())
        unchanged = same and all(a == b or a != a for a, b in zip(before.losses, curve.losses, strict=False))
        return unchanged and (not self._told[curve.number].ended or curve.kind == before.kind)

    def hear(self, curve: Curve) -> None:
        told = self._place(curve.number)
        if told.curve is not curve:
            self._reports(told, curve, judged_last=False)
            told.curve = curve
        self._end(told, curve)

    def would_prune(self, curve: Curve) -> bool:
        told = self._place(curve.number)
        if told.curve is not curve:
            self._reports(told, curve, judged_last=True)
            told.curve = curve
        return bool(self._study.pruner.prune(self._study, self._storage.get_trial(told.at)))

    def _place(self, number: int) -> _Told:
        while len(self._told) <= number:  # Optuna counts from 0 without gaps
            self._told.append(_Told(self._storage.create_new_trial(self._study._study_id)))
        return self._told[number]

    def _reports(self, told: _Told, curve: Curve, judged_last: bool) -> None:
        """judged_last: it is asked about the last one by somebody else."""
        known = 0 if told.curve is None else len(told.curve.steps)
        if told.ended:
            return
        for i in range(known, len(curve.steps)):
            step, value = int(curve.steps[i]), self._sign * float(curve.losses[i])
            self._storage.set_trial_intermediate_value(told.at, step, value)
            if self._asked_again and not (judged_last and i == len(curve.steps) - 1):
                self._study.pruner.prune(self._study, self._storage.get_trial(told.at))

    def _end(self, told: _Told, curve: Curve) -> None:
        from optuna.trial import TrialState

        if told.ended or curve.kind == Kind.PENDING:
            return
        told.ended, last = True, self._sign * curve.last
        if curve.kind == Kind.COMPLETE and math.isfinite(last):
            self._storage.set_trial_state_values(told.at, TrialState.COMPLETE, [last])
        else:
            pruned = curve.kind == Kind.PRUNED
            self._storage.set_trial_state_values(told.at, TrialState.PRUNED if pruned else TrialState.FAIL)


def guest_pruner(name: str, *, sign: float, **options: Any) -> GuestPruner:
    """The pruner that the catalog hands out. Raises StudyError when Optuna refuses the options."""
    made("pruner", name, options)
    return GuestPruner(sign, name, options)
