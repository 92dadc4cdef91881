"""Made the sessions in `sessions/`: run it once, with the program as it stood, before a schema version is left behind.

python tests/store/make_session.py tests/store/sessions/v1
"""

from __future__ import annotations

import math
import shutil
import sys
from pathlib import Path

from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow, DeviceRow, EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder


def make(place: Path) -> None:
    folder = SessionFolder(place)
    create_session(
        folder, 'name = "old"\n', {"name": "old", "direction": "maximize", "metric": "accuracy", "n_trials": 4}
    )
    post(folder, CommandRow("prune", 2, {}, "screen", 104.0))
    writer = Writer(folder)
    writer.save_parameters({"lr": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}})
    trials = [
        TrialRow(0, "COMPLETE", {"lr": 0.01}, (0.5,), 11, "baseline", "the study's own", value=0.8, best=0.9, step=2,
                 device="cpu", slot=0, created_at=100.0, started_at=100.5, ended_at=103.0, busy_s=2.5),
        TrialRow(1, "COMPLETE", {"lr": 0.02}, (0.6,), 12, "sampler", "random", value=0.9, best=0.9, step=2,
                 device="cpu", slot=1, created_at=100.0, started_at=100.5, ended_at=104.0, busy_s=3.5),
        TrialRow(2, "PRUNED", {"lr": 0.1}, (1.0,), 13, "sampler", "random", reason="pruned by hand", value=0.1,
                 best=0.2, step=1, created_at=100.0, started_at=103.5, ended_at=105.0, busy_s=1.5),
        TrialRow(3, "FAIL", {"lr": 1e-4}, (0.0,), 14, "sampler", "random", cause="nan", reason="reported nan",
                 may_retry=True, value=math.nan, step=0, created_at=100.0, started_at=104.5, ended_at=106.0,
                 attrs={"host": "box"}),
    ]  # fmt: skip
    for trial in trials:
        writer.save_trial(trial)
        values = [math.nan] if trial.number == 3 else [0.7, 0.8, 0.9][: (trial.step or 0) + 1]
        reports = [ReportRow(trial.number, "accuracy", step, value) for step, value in enumerate(values)]
        writer.save_reports(trial.number, reports, 100 + trial.number)
        writer.append(
            EventRow(trial.ended_at or 0.0, trial.state.lower(), trial.number, trial.reason, {"step": trial.step})
        )
    writer.save_device(DeviceRow("cpu", "CPU", 106.0, 2, 0))
    writer.set_fact("finished", {"at": 106.0, "reason": "all 4 trials have ended", "ok": True})
    writer.close()
    shutil.rmtree(folder.trials)  # empty; git keeps no empty folders


if __name__ == "__main__":
    make(Path(sys.argv[1]))
