"""Optuna's journal files: a line for each operation that some worker asked for, replayed as Optuna does.

Workers write first and look afterwards, so a line may ask for what can't be: a study that is there already (each
`create_study(load_if_exists=True)` writes one), or a word on a trial that has ended. Such a line counts for nothing
and takes no number. Source: `optuna/storages/journal/_storage.py`, `JournalStorageReplayResult`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hptui.core.interop.optuna_kept import KeptStudy, KeptTrial, seconds
from hptui.core.study.study import Direction

_STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
_OVER = ("COMPLETE", "PRUNED", "FAIL")


def read_journal(path: Path) -> list[KeptStudy]:
    """A last line that is still being written is left out."""
    replay = _Replay()
    for line in _whole_lines(path):
        replay.do(line)
    return list(replay.studies.values())


class _Replay:
    def __init__(self) -> None:
        self.studies: dict[int, KeptStudy] = {}  # by the number that lines know it by
        self._made = 0
        self._trials: list[KeptTrial] = []

    def do(self, line: Mapping[str, Any]) -> None:
        code = line["op_code"]
        if code == 0:
            self._create(line["study_name"], ["maximize" if d == 2 else "minimize" for d in line["directions"]])
        elif code <= 4:
            self._of_study(code, line)
        elif line["trial_id"] < len(self._trials):
            trial = self._trials[line["trial_id"]]
            if trial.state not in _OVER:
                _of_trial(code, trial, line)

    def _create(self, name: str, directions: list[Direction]) -> None:
        if all(study.name != name for study in self.studies.values()):
            self.studies[self._made] = KeptStudy(name, directions)
            self._made += 1

    def _of_study(self, code: int, line: Mapping[str, Any]) -> None:
        study = self.studies.get(line["study_id"])
        if study is None:
            return
        match code:
            case 1:
                del self.studies[line["study_id"]]
            case 2:
                study.user |= line["user_attr"]
            case 3:
                study.system |= line["system_attr"]
            case 4:
                study.trials.append(_created(line, len(study.trials)))
                self._trials.append(study.trials[-1])


def _of_trial(code: int, trial: KeptTrial, line: Mapping[str, Any]) -> None:
    match code:
        case 5:
            trial.params[line["param_name"]] = line["param_value_internal"]
            trial.distributions[line["param_name"]] = json.loads(line["distribution"])
        case 6:
            state = _STATES[line["state"]]
            if state == trial.state == "RUNNING":
                return  # it waited, and another worker was faster
            trial.state = state
            trial.values = dict(enumerate(line["values"] or [])) or trial.values
            trial.start = seconds(line.get("datetime_start")) or trial.start
            trial.end = seconds(line.get("datetime_complete")) or trial.end
        case 7:
            trial.curve[line["step"]] = float(line["intermediate_value"])
        case 8:
            trial.user |= line["user_attr"]
        case 9:
            trial.system |= line["system_attr"]


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").split("\n")
    for k, line in enumerate(lines):
        if not line:
            continue
        try:
            yield json.loads(line)
        except ValueError:
            if k == 0 or k < len(lines) - 1:
                raise


def _created(line: Mapping[str, Any], number: int) -> KeptTrial:
    trial = KeptTrial(number, _STATES[line.get("state", 0)], start=seconds(line.get("datetime_start")))
    trial.end = seconds(line.get("datetime_complete"))
    trial.distributions = {name: json.loads(text) for name, text in (line.get("distributions") or {}).items()}
    trial.params = dict(line.get("params") or {})
    trial.user, trial.system = dict(line.get("user_attrs") or {}), dict(line.get("system_attrs") or {})
    trial.curve = {int(step): float(value) for step, value in (line.get("intermediate_values") or {}).items()}
    given = line.get("values") or ([line["value"]] if line.get("value") is not None else [])
    trial.values = dict(enumerate(given))
    return trial
