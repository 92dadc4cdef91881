"""Sweep files as people have them: every bound means what its tool means by it, and whatever is wrong is named."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hptui.core.errors import StudyError, StudyErrors
from hptui.core.interop.sweeps import read_sweep
from hptui.core.study.file import load_study


def wandb(tmp_path: Path, **keys: Any) -> Path:
    path = tmp_path / "sweep.yaml"
    path.write_text(json.dumps({"program": "t.py", "parameters": {"a": {"values": [1]}}, **keys}))  # JSON is YAML
    return path


def nni(tmp_path: Path, space: Any, **keys: Any) -> Path:
    path = tmp_path / "exp.yml"
    path.write_text(json.dumps({"trialCommand": "python t.py", "searchSpace": space, **keys}))
    return path


def problems(path: Path) -> dict[str, str]:
    with pytest.raises(StudyErrors) as refused:
        read_sweep(path)
    return {problem.where: problem.problem for problem in refused.value.problems}


LOG = {"type": "float", "log": True}
TENTHS = {"type": "float", "low": 0.1, "high": 0.5, "step": 0.1}
Q_LOG = "q_log_uniform"


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ({"distribution": "log_uniform", "min": -3, "max": 0}, LOG | {"low": math.exp(-3), "high": 1.0}),
        ({"distribution": "log_uniform_values", "min": "1e-5", "max": 0.1}, LOG | {"low": 1e-5, "high": 0.1}),
        ({"distribution": "inv_log_uniform", "min": 0, "max": 3}, LOG | {"low": math.exp(-3), "high": 1.0}),
        ({"distribution": "inv_log_uniform_values", "min": 0.01, "max": 1}, LOG | {"low": 0.01, "high": 1.0}),
        ({"distribution": "q_uniform", "min": 0.14, "max": 0.52, "q": 0.1}, TENTHS),
        ({"distribution": "q_uniform", "min": 0.6, "max": 9.4}, {"type": "int", "low": 1, "high": 9}),
        ({"distribution": Q_LOG, "min": 0, "max": 3, "q": 1}, {"type": "int", "low": 1, "high": 20, "log": True}),
        ({"distribution": "q_log_uniform_values", "min": 8, "max": 256, "q": 8}, LOG | {"low": 8.0, "high": 256.0}),
        ({"distribution": "log_normal", "mu": 0, "sigma": 1}, LOG | {"low": math.exp(-3), "high": math.exp(3)}),
        ({"distribution": "int_uniform", "min": 1, "max": 4}, {"type": "int", "low": 1, "high": 4}),
        ({"min": 1, "max": 4}, {"type": "int", "low": 1, "high": 4}),
        ({"min": 1, "max": 4.0}, {"type": "float", "low": 1.0, "high": 4.0}),
        ({"min": 3, "max": 3}, {"type": "categorical", "choices": [3]}),
    ],
)  # fmt: skip
def test_the_bounds_of_a_sweep_mean_what_wandb_means(tmp_path: Path, given: dict[str, Any], means: dict[str, Any]):
    text, _ = read_sweep(wandb(tmp_path, parameters={"p": given}))

    assert tomllib.loads(text)["space"]["p"] == (means if "choices" in means else pytest.approx(means))
    load_study(text, where="sweep.yaml", folder=None)


@pytest.mark.parametrize(
    ("keys", "where", "says"),
    [
        ({"metric": "loss"}, "metric", "expected a table of keys"),
        ({"metric": {"name": "loss", "goal": "max"}}, "metric.goal", "'max' is neither"),
        ({"method": ["grid"]}, "method", "none of grid"),
        ({"parameters": ["lr"]}, "parameters", "expected a table of keys"),
        ({"parameters": {"lr": {"min": "low", "max": 1}}}, "parameters.lr.min", "'low' is no number"),
        ({"parameters": {"lr": {"min": 0.1, "max": 0.001}}}, "parameters.lr", "min (0.1) is above max (0.001)"),
        ({"parameters": {"a": {"distribution": "log_uniform_values", "min": 0, "max": 1}}}, "parameters.a", "at 0"),
        ({"parameters": {"lr": {"distribution": "log_uniform", "min": 1, "max": 1000}}}, "parameters.lr", "too large"),
        ({"parameters": {"lr": {"distribution": "beta", "a": 1, "b": 2}}}, "parameters.lr", "beta has no counterpart"),
        ({"parameters": {"lr": {"distribution": "unifrom", "min": 0, "max": 1}}}, "parameters.lr", "unifrom has no"),
        ({"parameters": {"lr": {"values": 3}}}, "parameters.lr", "expected a list of values"),
        ({"parameters": {"lr": {"value": None}}}, "parameters.lr", "no value to choose"),
        ({"parameters": {"o": {"parameters": {"lr": {"min": 0, "max": 1}}}}}, "parameters.o", "nested parameters"),
        ({"parameters": {"a": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0}}}, "parameters.a.q", "no step"),
        ({"early_terminate": "hyperband"}, "early_terminate", "expected a table of keys"),
        ({"early_terminate": {"type": "hyperband", "eta": "three"}}, "early_terminate.eta", "'three' is no number"),
        ({"run_cap": "many"}, "run_cap", "'many' is no number"),
        ({"paramters": {}}, "paramters", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_sweep_is_named_by_its_key(tmp_path: Path, keys: dict[str, Any], where: str, says: str):
    assert says in problems(wandb(tmp_path, **keys))[where]


def test_a_target_of_a_sweep_ends_it_and_what_has_no_use_is_said(tmp_path: Path):
    metric = {"name": "acc", "goal": "maximize", "target": 0.95}
    stop = {"type": "hyperband", "min_iter": 2, "strict": True}
    sweep = wandb(tmp_path, metric=metric, early_terminate=stop, project="mnist", command="python t.py ${args}")

    text, left_out = read_sweep(sweep)

    made = tomllib.loads(text)
    assert made["stop"] == {"target": 0.95} and made["objective"]["command"] == "python t.py"
    assert left_out[0].startswith("early_terminate.strict") and left_out[2] == "project: mnist"


@pytest.mark.parametrize(
    ("kind", "values", "means"),
    [
        ("randint", [0, 5], {"type": "int", "low": 0, "high": 4}),
        ("randint", [3, 4], {"type": "categorical", "choices": [3]}),
        ("quniform", [0.05, 1.0, 0.1], {"type": "float", "low": 0.1, "high": 1.0, "step": 0.1}),
        ("uniform", ["1e-3", 1], {"type": "float", "low": 1e-3, "high": 1.0}),
        ("loguniform", [1e-4, 0.1], LOG | {"low": 1e-4, "high": 0.1}),
    ],
)
def test_the_bounds_of_a_search_space_mean_what_nni_means(tmp_path: Path, kind: str, values: Any, means: Any):
    text, left_out = read_sweep(nni(tmp_path, {"p": {"_type": kind, "_value": values}}))

    assert tomllib.loads(text)["space"]["p"] == means
    assert ("p: its ends 0.05 and 1, which are no multiples of 0.1" in left_out) == (kind == "quniform")


@pytest.mark.parametrize(
    ("space", "where", "says"),
    [
        ({"p": {"_type": "randint", "_value": [3, 3]}}, "searchSpace.p", "no number is from 3 up to, and without, 3"),
        ({"p": {"_type": "normal", "_value": [0, 1]}}, "searchSpace.p", "normal of [0, 1] has no counterpart"),
        ({"p": {"_type": "uniform", "_value": [0]}}, "searchSpace.p", "uniform of [0] has no counterpart"),
        ({"p": [1, 2]}, "searchSpace.p", "expected a table of keys"),
        ({"p": {"_type": "choice", "_value": [{"_name": "a"}]}}, "searchSpace.p", "nested choices"),
        ({}, "searchSpace", "is missing"),
    ],
)
def test_what_is_wrong_in_an_experiment_is_named_by_its_key(tmp_path: Path, space: Any, where: str, says: str):
    assert says in problems(nni(tmp_path, space))[where]


def test_an_experiment_in_snake_case_means_the_same_and_what_is_not_read_is_said(tmp_path: Path):
    path = tmp_path / "exp.yml"
    path.write_text(
        "trial_command: python t.py\nmax_trial_duration: 10m\ntrial_gpu_number: 1\ntrial_code_directory: src\n"
        "search_space: {n: {_type: randint, _value: [1, 9]}}\ntuner: {name: SMAC}\n"
        "training_service: {platform: local}\n"
    )

    text, left_out = read_sweep(path)

    made = tomllib.loads(text)
    assert (made["budget"], made["resources"]) == ({"trial_time": "10m"}, {"gpus": 1})
    assert left_out[0] == "tuner SMAC: searched by auto"
    assert left_out[2:] == ["trialCodeDirectory: src", "trainingService: {'platform': 'local'}"]
    assert load_study(text, where="exp.yml", folder=None).budget.trial_time_s == 600.0


@pytest.mark.parametrize("make", [
    lambda path: wandb(path, name="BERT sweep (v2.1)"),
    lambda path: nni(path, {"a": {"_type": "uniform", "_value": [0, 1]}}, experimentName="BERT sweep (v2.1)"),
])  # fmt: skip
def test_a_name_with_spaces_becomes_one_that_a_session_can_have(tmp_path: Path, make: Any) -> None:
    text, _ = read_sweep(make(tmp_path))

    assert load_study(text, where="sweep.yaml", folder=None).name == "BERT-sweep-v2.1"


def test_a_null_within_a_choice_or_a_budget_is_said(tmp_path: Path) -> None:
    text, left_out = read_sweep(wandb(tmp_path, parameters={"a": {"values": [[1, None], {"b": None}, 2]}}))
    assert tomllib.loads(text)["space"]["a"]["choices"] == [2]
    assert "a: the choice null, which TOML can't write" in left_out

    with pytest.raises(StudyError, match="can't be a study file"):
        read_sweep(nni(tmp_path, {"a": {"_type": "uniform", "_value": [0, 1]}}, maxTrialDuration=[None]))
