"""The two programs of bench/ that speak JSON lines to whoever measures: run as files, from any folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parents[2] / "bench"


def answers(program: str, lines: list[dict[str, Any]], folder: Path, *arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(BENCH / program), *arguments]
    said = "\n".join(json.dumps(line) for line in lines) + "\n"
    done = subprocess.run(command, input=said, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_search_answers_line_by_line_also_when_all_points_were_tried(tmp_path: Path) -> None:
    space = {"o": {"type": ["cat", ["a", "b"]]}, "n": {"type": ["int", 1, 2, False], "condition": ["o", ["a"]]}}
    asks: list[dict[str, Any]] = [{"space": space, "seed": 0, "trials": 9, "parallel": 1}]
    told = {"o": "a", "n": 1}

    ok, *given = answers("search_adapter.py", [*asks, {"ask": 3}, {"tell": [told, None]}, {"ask": 1}], tmp_path)

    every = given[0]["configs"] + given[2]["configs"]
    assert ok == {"ok": True} and told in every[:3]
    assert sorted(map(str, every[:3])) == sorted(map(str, [told, {"o": "a", "n": 2}, {"o": "b"}]))
    assert every[3] in every[:3]


def test_a_search_by_curves_starts_goes_on_and_ends(tmp_path: Path) -> None:
    space = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
    begin = {
        "op": "init", "protocol": 1, "table": "t", "max_epoch": 3, "objective": "val_loss", "mode": "min",
        "space": space, "n_configs": 9, "seed": 0, "workers": 1, "budget_epochs": 30, "cost": "epoch", "resume": "free",
        "max_trials": None, "pool": None,
    }  # fmt: skip
    report = {"op": "report", "id": 0, "epoch": 1, "metrics": {"val_loss": 0.5}, "last": False}
    asked = {"op": "ask", "time": 0.0}
    started = {"op": "started", "id": 0, "row": 0, "config": {"x": 0.5}}

    found = answers("multifidelity_adapter.py", [begin, asked, started, report, {"op": "end"}], tmp_path)

    assert found == [
        {"ok": True, "name": "hptui auto+auto"}, {"start": 0, "config": {"x": 0.5}}, {"decision": "pause"}
    ]  # fmt: skip
