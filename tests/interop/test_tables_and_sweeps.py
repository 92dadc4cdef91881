"""Tables of trials in; sweeps of W&B and experiments of NNI as study files."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path

import pytest

from hptui.core.errors import SessionError, StudyErrors
from hptui.core.interop.sweeps import read_sweep
from hptui.core.interop.tables import is_table, read_table
from hptui.core.study.file import load_study
from hptui.core.study.study import Goal


def test_a_csv_is_read_with_the_ranges_that_were_seen(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("lr,bs,act,loss\n0.1,32,relu,0.5\n0.00001,64,tanh,0.25\n0.01,32,relu,\n")

    found = read_table(path, None, "minimize")

    assert found.goals == (Goal("loss", "minimize"),)
    assert found.definitions == {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "bs": {"type": "int", "low": 32, "high": 64},
        "act": {"type": "categorical", "choices": ["relu", "tanh"]},
    }
    assert [(t.state, t.values) for t in found.trials] == [
        ("COMPLETE", (0.5,)), ("COMPLETE", (0.25,)), ("FAIL", ())
    ]  # fmt: skip


def test_a_json_list_is_a_table_and_a_journal_of_that_name_is_none(tmp_path: Path) -> None:
    table, journal = tmp_path / "trials.json", tmp_path / "journal.json"
    table.write_text('[\n{"params": {"lr": 0.1}, "value": 2.5}, {"params": {"lr": 0.2}, "value": 1.5}]')
    journal.write_text('{"op_code": 0}\n')

    found = read_table(table, None, "minimize")

    assert [(dict(t.params), t.values) for t in found.trials] == [({"lr": 0.1}, (2.5,)), ({"lr": 0.2}, (1.5,))]
    assert [is_table(path) for path in (table, journal, tmp_path / "A.CSV", tmp_path / "no.json")] == [
        True, False, True, False,
    ]  # fmt: skip


def test_the_index_of_a_frame_is_no_parameter_and_texts_may_have_line_ends(tmp_path: Path) -> None:
    csv, lines = tmp_path / "runs.csv", tmp_path / "runs.jsonl"
    csv.write_text(',note,value\n0,"a\nb",1.5\n1,c,2.5\n')
    lines.write_text('{"note": "a\u2028b", "value": 1.5}\n{"note": "c", "value": 2.5}\n', encoding="utf-8")

    framed, listed = read_table(csv, None, "minimize"), read_table(lines, None, "minimize")

    assert framed.left_out == ("the column without a name",)
    assert [dict(t.params) for t in framed.trials] == [{"note": "a\nb"}, {"note": "c"}]
    assert [dict(t.params) for t in listed.trials] == [{"note": "a\u2028b"}, {"note": "c"}]


def test_json_lines_may_hold_their_parameters_in_an_object(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rows = [{"params": {"lr": 0.1, "deep": [1, 2]}, "score": 0.9, "host": "a"}, {"params": {"lr": 0.2}, "score": 0.7}]
    path.write_text("\n".join(map(json.dumps, rows)))

    found = read_table(path, None, "maximize")

    assert [dict(t.params) for t in found.trials] == [{"lr": 0.1, "deep": [1, 2]}, {"lr": 0.2}]
    assert found.left_out == ("column host",)


@pytest.mark.parametrize(
    ("text", "metric", "says"),
    [
        ("", None, "has no rows"),
        ("a,b\n1,2\n", None, "no column that is plainly the value"),
        ("a,loss\n1,2\n", "acc", "no column 'acc'"),
        ("a,loss\n1,high\n", None, "row 1: loss is 'high', no number"),
    ],
)
def test_a_table_that_says_nothing_is_refused(tmp_path: Path, text: str, metric: str | None, says: str) -> None:
    (tmp_path / "t.csv").write_text(text)

    with pytest.raises(SessionError, match=says):
        read_table(tmp_path / "t.csv", metric, "minimize")


SWEEP = """
program: train.py
method: bayes
metric: {name: val_loss, goal: maximize}
parameters:
  lr: {min: -9.0, max: -2.0, distribution: log_uniform}
  lr2: {min: 0.0001, max: 0.1, distribution: log_uniform_values}
  layers: {min: 1, max: 4}
  dropout: {min: 0.0, max: 0.5, distribution: q_uniform, q: 0.1}
  act: {values: [relu, tanh, null], probabilities: [0.5, 0.4, 0.1]}
  epochs: {value: 10}
early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3}
run_cap: 20
"""


def test_a_sweep_means_the_same_as_a_study(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP)

    text, left_out = read_sweep(tmp_path / "sweep.yaml")

    made = tomllib.loads(text)
    assert made["space"] == {
        "lr": {"type": "float", "low": math.exp(-9), "high": math.exp(-2), "log": True},
        "lr2": {"type": "float", "low": 1e-4, "high": 0.1, "log": True},
        "layers": {"type": "int", "low": 1, "high": 4},
        "dropout": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
        "act": {"type": "categorical", "choices": ["relu", "tanh"]},
        "epochs": {"type": "categorical", "choices": [10]},
    }
    assert (made["sampler"], made["direction"], made["metric"]) == ("auto", "maximize", "val_loss")
    assert made["pruner"] == {"name": "successive_halving", "min_resource": 3, "reduction_factor": 3}
    assert made["budget"] == {"n_trials": 20}
    assert made["objective"]["command"] == "/usr/bin/env python train.py"
    assert left_out[1:] == ["probabilities of act", "act: the choice null, which TOML can't write"]
    assert load_study(text, where="sweep.yaml", folder=None).name == "train"


def test_every_problem_of_a_sweep_is_told_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "metod: grid\nmethod: hope\nprogram: t.py\ncommand: [python, '${args_json_file}']\n"
        "parameters:\n  a: {parameters: {b: {value: 1}}}\n  c: {distribution: uniform}\n  d: 3\n"
    )

    with pytest.raises(StudyErrors) as refused:
        read_sweep(tmp_path / "s.yaml")

    assert [problem.where for problem in refused.value.problems] == [
        "metod", "method", "command", "parameters.a", "parameters.c", "parameters.d"
    ]  # fmt: skip


def test_an_nni_experiment_keeps_its_exclusive_bound(tmp_path: Path) -> None:
    space = {
        "lr": {"_type": "loguniform", "_value": [1e-4, 0.1]},
        "n": {"_type": "randint", "_value": [1, 10]},
        "act": {"_type": "choice", "_value": ["relu", "tanh"]},
    }
    (tmp_path / "search_space.json").write_text(json.dumps(space))
    (tmp_path / "exp.yml").write_text(
        "experimentName: mnist\ntrialCommand: python mnist.py\nsearchSpaceFile: search_space.json\n"
        "maxTrialNumber: 9\nmaxExperimentDuration: 1h\ntrialConcurrency: 2\n"
        "tuner: {name: TPE, classArgs: {optimize_mode: maximize}}\nassessor: {name: Medianstop}\n"
    )

    made = tomllib.loads(read_sweep(tmp_path / "exp.yml")[0])

    assert made["space"]["n"] == {"type": "int", "low": 1, "high": 9}
    assert made["space"]["lr"]["log"] is True
    assert (made["sampler"], made["pruner"]["name"], made["direction"]) == ("tpe", "median", "maximize")
    assert (made["budget"], made["resources"]) == ({"n_trials": 9, "wall_clock": "1h"}, {"slots": 2})
