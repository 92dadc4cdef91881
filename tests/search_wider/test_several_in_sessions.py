"""Studies with several objectives and constraints, from the file to the front."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hptui.core.errors import StudyErrors
from hptui.core.study.file import load_study
from hptui.core.study.study import Goal

HEAD = """
[objective]
script = "train.py"
[space]
x = {type = "float", low = -1.0, high = 2.0}
[budget]
n_trials = 5
"""


def problems(text: str) -> list[str]:
    with pytest.raises(StudyErrors) as caught:
        load_study(text, where="s.toml", folder=None)
    return [str(problem) for problem in caught.value.problems]


def test_metrics_and_directions_are_read_in_pairs() -> None:
    study = load_study('metric = ["a", "b"]\ndirection = ["maximize", "minimize"]\n' + HEAD, where="s", folder=None)

    assert study.goals == (Goal("a", "maximize"), Goal("b", "minimize"))
    assert (study.metric, study.direction, study.sign) == ("a", "maximize", -1.0)
    assert study.losses(2.0, {"objective_values": {"b": 3.0}}) == (-2.0, 3.0)


def test_one_direction_is_that_of_all_metrics() -> None:
    study = load_study('metric = ["a", "b"]\ndirection = "maximize"\n' + HEAD, where="s", folder=None)

    assert [goal.direction for goal in study.goals] == ["maximize", "maximize"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('metric = ["a", "b"]\ndirection = ["maximize"]\n', "direction: 1 directions for 2 metrics"),
        ('metric = ["a", "a"]\n', 'metric: "a" is there twice'),
        ("metric = []\n", "metric: it is empty"),
        ('metric = ["a", "b"]\n[stop]\ntarget = 0.1\n', "stop: these rules look at the best trial"),
        ('metric = ["a", "b"]\n[warm_start]\nsessions = ["x"]\n', "warm_start: past sessions tell of one objective"),
        ('metric = ["a", "b"]\npruner = "median"\n', "a pruner judges one objective, and this study has 2: a, b"),
    ],
)
def test_what_is_wrong_with_several_objectives_is_said(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text + HEAD))


SCRIPT = """
def objective(trial):
    x = trial.params["x"]
    trial.set_constraint("memory", 0.2 - x)
    if trial.number == 1:
        return {"loss": x * x, "latency": float("inf")}
    if trial.number == 2:
        return x * x
    trial.report(1.0, 0, latency=(x - 1) ** 2)
    return x * x
"""


def hptui(folder: Path, *args: str) -> Any:
    env = {**os.environ, "HPTUI_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "hptui", *args], cwd=folder, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done
    return json.loads(done.stdout) if "--json" in args else done.stdout


def test_a_session_keeps_every_objective_and_constraint_and_shows_the_front(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "s.toml").write_text('metric = ["loss", "latency"]\nsampler = "quasi_random"\n' + HEAD)

    hptui(tmp_path, "run", "s.toml", "--headless")
    shown, best = hptui(tmp_path, "show", "--json"), hptui(tmp_path, "best", "--json")

    trials = {trial["number"]: trial for trial in shown["trials"]}
    ends = {number: (trial["state"], trial["cause"]) for number, trial in trials.items()}
    assert ends == {0: ("COMPLETE", None), 1: ("FAIL", "nan"), 2: ("FAIL", "crash"), 3: ("COMPLETE", None),
                    4: ("COMPLETE", None)}  # fmt: skip
    assert trials[2]["reason"] == "gave no value for latency; the study's objectives are loss, latency"
    for number in (0, 3, 4):
        x, attrs = trials[number]["params"]["x"], trials[number]["attrs"]
        assert attrs["objective_values"] == {"latency": (x - 1) ** 2}
        assert attrs["constraint_values"] == {"memory": 0.2 - x}
    kept = [trials[n] for n in (0, 3, 4) if trials[n]["params"]["x"] >= 0.2]
    assert kept and {each["number"] for each in best} <= {each["number"] for each in kept}
    assert shown["front"] == [each["number"] for each in best]
    assert shown["objectives"] == [
        {"metric": "loss", "direction": "minimize"}, {"metric": "latency", "direction": "minimize"}
    ]  # fmt: skip
    assert all(set(each["values"]) == {"loss", "latency"} for each in best)
    assert [each["front_size"] for each in hptui(tmp_path, "ls", "--json")] == [len(best)]
    events = json.loads(hptui(tmp_path, "export", "s", "--what", "events", "--format", "json"))
    told = [event for event in events if event["kind"] == "front"]
    beaten = {number for event in told for number in event["data"]["beaten"]}
    assert {event["trial"] for event in told} - beaten == set(shown["front"])
    assert told[0]["reason"] == "begins the front"
    assert "breaks the constraint memory" in hptui(tmp_path, "show") or len(kept) == 3
