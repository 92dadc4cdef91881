"""A study as one of several rounds: roles, held parameters, the metric that the search does not see."""

from __future__ import annotations

import pytest

from hptui.core.errors import StudyErrors
from hptui.core.study.file import load_study
from hptui.core.study.study import HeldOut, Round, Study

STUDY = """
[objective]
command = "train"
[space]
optimizer = { type = "categorical", choices = ["sgd", "adam"], default = "adam" }
lr = { type = "float", low = 1e-4, high = 1.0, log = true, default = 0.01 }
momentum = { type = "float", low = 0.1, high = 0.9, when = { optimizer = "sgd" } }
beta = { type = "float", low = 0.0, high = 0.9, when = { optimizer = ["adam", "sgd"] } }
width = { type = "int", low = 8, high = 64, step = 8, default = 32 }
decay = { type = "float", low = 0.0, high = 0.1, scaled_by = { parameter = "momentum" } }
"""


def read(more: str) -> Study:
    return load_study(STUDY + more, where="a.toml", folder=None)


def problems(more: str) -> list[tuple[str, str]]:
    with pytest.raises(StudyErrors) as found:
        read(more)
    return [(problem.where, problem.problem) for problem in found.value.problems]


def test_fixed_parameters_are_held_at_their_defaults_and_what_they_rule_out_is_gone() -> None:
    study = read('[round]\nfixed = ["optimizer", "lr", "width"]\nscientific = ["beta"]\ngoal = "does beta matter?"')

    assert study.round == Round(goal="does beta matter?", scientific=["beta"], fixed=["optimizer", "lr", "width"])
    assert study.space == {
        "optimizer": {"type": "categorical", "choices": ["adam"], "default": "adam"},
        "lr": {"type": "float", "low": 0.01, "high": 0.01, "log": True, "default": 0.01},
        "beta": {"type": "float", "low": 0.0, "high": 0.9, "when": {"optimizer": ["adam"]}},
        "width": {"type": "int", "low": 32, "high": 32, "default": 32},
        "decay": {"type": "float", "low": 0.0, "high": 0.1},
    }


def test_a_study_without_rounds_is_as_it_was() -> None:
    assert (read("").round, read("").test) == (Round(), HeldOut())


def test_what_is_wrong_with_roles_is_said_by_key() -> None:
    found = problems('[round]\nfixed = ["momentum", "depth"]\nscientific = ["lr"]\nnuisance = ["lr"]')

    assert found == [
        ("round.nuisance", '"lr" is scientific as well'),
        ("round.fixed", '"momentum" has no default to be held at'),
        ("round.fixed", 'there is no parameter "depth"'),
    ]
    own = "[objective]\nscript = 'a.py'\n[round]\nscientific = ['lr']\nfixed = ['x']\n"
    with pytest.raises(StudyErrors, match="the objective defines its space itself"):
        load_study(own, where="a.toml", folder=None)


def test_the_held_out_metric_has_a_name_of_its_own() -> None:
    assert read('[test]\nmetric = "test_error"').test == HeldOut(metric="test_error")
    assert problems('[test]\nmetric = "value"') == [("test.metric", '"value" can\'t be its name')]
    with pytest.raises(StudyErrors, match="is what the search is about"):
        load_study('metric = "error"\n' + STUDY + '[test]\nmetric = "error"', where="a.toml", folder=None)
    with pytest.raises(StudyErrors, match="this study has 2"):
        load_study('metric = ["a", "b"]\n' + STUDY + '[test]\nmetric = "c"', where="a.toml", folder=None)
