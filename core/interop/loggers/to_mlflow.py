"""An MLflow run for each trial, in the experiment of the session's name."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from hptui.core.interop.loggers.logger import Facts, plain
from hptui.core.store.rows import TrialRow

_MOST = 1000  # metrics in one batch: MLflow's own limit
_ENDS = {"COMPLETE": "FINISHED", "PRUNED": "KILLED", "FAIL": "FAILED"}


class ToMLflow:
    """destination: a folder (MLflow's file store), or a tracking URI such as sqlite:///mlflow.db."""

    at_end = False

    def __init__(self, destination: str, facts: Facts) -> None:
        from mlflow import MlflowClient

        if "://" not in destination:
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # MLflow asks, from 3.7 on, whether it is meant
            destination = Path(destination).absolute().as_uri()
        self._client = MlflowClient(tracking_uri=destination)
        self._facts = facts
        known = self._client.get_experiment_by_name(facts.name)
        self._experiment = known.experiment_id if known else self._client.create_experiment(facts.name)

    def begin(self, row: TrialRow) -> str:
        tags = {"hptui.session": self._facts.id, "hptui.trial": str(row.number), "hptui.proposal": row.proposal}
        at = None if row.started_at is None else int(row.started_at * 1000)
        run = self._client.create_run(self._experiment, start_time=at, tags=tags, run_name=f"trial-{row.number}")
        for name, value in plain(row.params).items():
            self._client.log_param(run.info.run_id, _name(name), value)
        return str(run.info.run_id)

    def points(self, handle: str, metric: str, points: Sequence[tuple[int, float]]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        batch = [Metric(_name(metric), value, now, step) for step, value in points]
        for at in range(0, len(batch), _MOST):
            self._client.log_batch(handle, metrics=batch[at : at + _MOST])

    def end(self, handle: str, row: TrialRow) -> None:
        self._client.set_tag(handle, "hptui.state", row.state)
        if row.reason:
            self._client.set_tag(handle, "hptui.reason", row.reason)
        if row.value is not None:
            self._client.log_metric(handle, f"{_name(self._facts.metric)}_final", row.value)
        at = None if row.ended_at is None else int(row.ended_at * 1000)
        self._client.set_terminated(handle, _ENDS.get(row.state, "FINISHED"), at)

    def close(self) -> None:
        """Everything is written when it is told."""


def _name(name: str) -> str:
    """What MLflow takes in a name."""
    return re.sub(r"[^\w\-. /:]", "_", name)
