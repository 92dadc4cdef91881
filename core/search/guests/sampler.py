"""A sampler of Optuna, rebuilt from the history whenever it is asked.

Most of Optuna's samplers look at nothing but the trials: such a one is made anew for each ask, over a study that
holds the history. Others keep notes with the trials (CMA-ES its distribution, NSGA-II its generations, grid and
quasi-random search what they have handed out) or in themselves. These are led through the history once more, trial by
trial in the order of their numbers: asked, then told what the trial really was and how it ended. So what they note
follows from the history alone, and is the same after a crash. What they were led through is kept as long as it
stands.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hptui.core.search.guests.axes import Axis, axes_of, suggested
from hptui.core.search.guests.found import optuna
from hptui.core.search.guests.making import made, quiet
from hptui.core.search.guests.told import Row, rows_of
from hptui.core.search.protocol import Array, Exhausted, History, Kind, Proposal
from hptui.core.space.space import Space

FORGETFUL = ("BruteForceSampler", "GPSampler", "PartialFixedSampler", "RandomSampler", "TPESampler")
"""Of Optuna's own: those that look at nothing but the trials."""

FINITE = ("optuna:BruteForceSampler", "optuna:GridSampler")


@dataclass
class _Led:
    """A study that a sampler was led through, up to the first trial that has not ended."""

    study: Any
    rows: list[Row]


@dataclass(frozen=True)
class GuestSampler:
    space: Space
    seed: int
    name: str
    options: dict[str, Any]
    _led: dict[int, _Led] = field(default_factory=dict, compare=False, repr=False)

    def ask(self, history: History, number: int) -> Proposal | Exhausted:
        """Raises HptuiError when Optuna's sampler refuses its options or fails."""
        objectives = history.objectives.shape[1] or 1
        rows = rows_of(history, objectives)
        forgetful = self.name.removeprefix("optuna:") in FORGETFUL
        with quiet():
            study = self._told(rows, number, objectives) if forgetful else self._led_to(rows, objectives)
        with quiet(self._seed_of(number)):
            _fill(study, number)
            x = suggested(self.space, self._axes, study.ask())
        if self.name in FINITE and self._tried(history, x):
            return Exhausted(f"{self.name} has been everywhere")
        complete = int(np.sum(history.kind == Kind.COMPLETE))
        return Proposal(x, why=f"after {complete} complete trial{'s' * (complete != 1)}")

    @cached_property
    def _axes(self) -> tuple[Axis, ...]:
        return axes_of(self.space)

    def _seed_of(self, number: int) -> int:
        return int(np.random.default_rng([self.seed, number]).integers(2**31))

    def _study(self, objectives: int, seed: int) -> Any:
        package = optuna("sampler")
        sampler = made("sampler", self.name, self.options, seed)
        return package.create_study(directions=["minimize"] * objectives, sampler=sampler, study_name="hptui")

    def _told(self, rows: list[Row], number: int, objectives: int) -> Any:
        study = self._study(objectives, self._seed_of(number))
        for row in rows:
            _fill(study, row.number)
            study.add_trial(row.frozen(self._axes, objectives))
        return study

    def _led_to(self, rows: list[Row], objectives: int) -> Any:
        """A study of one's own to ask, its sampler led through all of `rows`."""
        led = self._led.get(objectives)
        if led is None or led.rows != rows[: len(led.rows)]:
            led = self._led[objectives] = _Led(self._study(objectives, self.seed), [])
        ended = next((i for i, row in enumerate(rows) if not row.settled), len(rows))
        for row in rows[len(led.rows) : ended]:
            self._lead(led.study, row, objectives)
        led.rows += rows[len(led.rows) : ended]
        study = copy.deepcopy(led.study)
        for row in rows[ended:]:
            self._lead(study, row, objectives)
        return study

    def _lead(self, study: Any, row: Row, objectives: int) -> None:
        """Ask for this trial again, and tell what it really was."""
        _fill(study, row.number)
        with quiet(self._seed_of(row.number)):
            trial, storage = study.ask(), study._storage
            assert trial.relative_params is not None  # Optuna 5 does not sample them before they are looked at
            for axis in self._axes:  # its generator goes on as if it had been asked for all of them
                frozen = storage.get_trial(trial._trial_id)
                study.sampler.sample_independent(study, frozen, axis.name, axis.distribution)
        at, (params, distributions) = trial._trial_id, row.told(self._axes)
        for name, value in params.items():
            storage.set_trial_param(at, name, distributions[name].to_internal_repr(value), distributions[name])
        for step, loss in row.reports:
            storage.set_trial_intermediate_value(at, step, loss)
        for key, value in row.attrs.items():
            storage.set_trial_system_attr(at, key, value)
        if row.settled:
            state = row.state(objectives)
            values = list(row.losses) if state.name == "COMPLETE" else None
            study.sampler.after_trial(study, storage.get_trial(at), state, values)
            storage.set_trial_state_values(at, state, values)

    def _tried(self, history: History, x: Array) -> bool:
        params = self.space.values(x)
        return any(self.space.values(row) == params for row in history.x)


def _fill(study: Any, number: int) -> None:
    """Failed trials for those that the history lacks: Optuna counts from 0 without gaps."""
    from optuna.trial import TrialState, create_trial

    while len(study.get_trials(deepcopy=False)) < number:
        study.add_trial(create_trial(state=TrialState.FAIL))


def guest_sampler(name: str, *, space: Space, seed: int, grows: bool, **options: Any) -> GuestSampler:
    """The sampler that the catalog hands out. Raises StudyError when Optuna refuses the options.

    grows: makes no difference; Optuna's samplers take a space as it comes.
    """
    made("sampler", name, options, seed)
    return GuestSampler(space, seed, name, options)
