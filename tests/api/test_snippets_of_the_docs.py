"""What docs/python.md shows is run, as it stands there."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hptui
from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.study.study import Goal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
RUNNING, ASKING = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
LR = {"type": "float", "low": 1e-5, "high": 0.1, "log": True}


def test_a_session_is_read_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path))
    curve = ((1, 1.0), (2, 0.5))
    trials = [FoundTrial(n, "COMPLETE", {"lr": 0.01 + n / 1000}, (1 / (n + 1),), curve) for n in range(18)]
    digits = Found("digits", "here", "Optuna", (Goal("value", "minimize"),), {"lr": LR}, tuple(trials))
    make_session(digits, SessionFolder(sessions_home() / "digits"))
    names: dict[str, Any] = {"__name__": "imported_by_a_trial"}

    pandas = importlib.util.find_spec("pandas") is not None  # tests/api/test_reading_a_session.py has the frame
    exec(RUNNING if pandas else RUNNING.replace("session.trials_frame()", ""), names)

    steps, values = names["steps"], names["values"]
    assert (steps.tolist(), values.tolist()) == ([1, 2], [1.0, 0.5])
    assert names["session"].best.number == 17


def test_points_are_asked_and_told_as_the_page_says() -> None:
    names: dict[str, Any] = {"hptui": hptui, "space": {"lr": hptui.Float(low=1e-5, high=0.1, log=True)}}

    exec(ASKING, names)

    assert names["asking"].best.values == (0.31,)


def test_a_script_without_a_terminal_tunes_as_the_page_says_and_prints_no_progress(tmp_path: Path) -> None:
    objective = "def objective(trial):\n    return trial.params['lr'] + (trial.params['act'] == 'gelu')\n\n"
    (tmp_path / "tune.py").write_text(objective + RUNNING.partition("session = hptui.Session")[0].replace("50", "2"))

    done = subprocess.run(
        [sys.executable, "tune.py"], cwd=tmp_path, env={**os.environ, "HPTUI_HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("TrialRecord(") == 1 and "\r" not in done.stdout
