from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.errors import StudyError
from hptui.core.scheduler.target import script_problems
from hptui.core.study.file import load_study
from hptui.core.study.quick import quick_study, split_target
from hptui.core.study.study import Budget, Chosen, Objective, Study


def test_the_quick_form_is_a_study_anyone_can_read_and_keep():
    text = quick_study("train.py", "main", n_trials=50, direction="maximize", seed=3)

    assert text == (
        "# Written by `hptui run train.py:main`: copy it and go on from here.\n"
        'name = "train"\n'
        'direction = "maximize"\n'
        "seed = 3\n"
        "\n"
        "# There is no [space]: the function states its own by trial.suggest_float and the like.\n"
        "[objective]\n"
        'script = "train.py"\n'
        'function = "main"\n'
        "\n"
        "[budget]\n"
        "n_trials = 50\n"
    )


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@settings(deadline=None)
def test_any_file_name_survives_the_quick_form(stem: str):
    script = f"{stem}.py"

    study = load_study(quick_study(script, name="n", sampler="grid", pruner="median"), where="quick.toml", folder=None)

    assert study == Study(
        name="n",
        objective=Objective(script=script),
        sampler=Chosen(name="grid"),
        pruner=Chosen(name="median"),
        budget=Budget(),
    )


def test_a_target_is_a_script_and_its_function():
    assert split_target("a/train.py:main") == ("a/train.py", "main")
    assert split_target("train.py") == ("train.py", "objective")
    assert split_target("train.py:") == ("train.py", "objective")
    assert split_target("odd:name/train.py") == ("odd:name/train.py", "objective")
    with pytest.raises(StudyError, match="neither a study file nor a Python script"):
        split_target("train.sh")


def test_a_quick_study_is_named_after_its_script(tmp_path: Path):
    (tmp_path / "my train.py").touch()

    text = quick_study("my train.py")

    assert load_study(text, where="x.toml", folder=tmp_path).name == "my-train"


@pytest.mark.parametrize(
    ("script", "hint"),
    [
        ("def objectiv(trial): ...\n", 'did you mean "objectiv"?'),
        ("import sys\nlr = 0.1\n", "as a program it needs none: hptui run 'python train.py' -p lr=1e-5..0.1:log"),
        (
            "def main(): ...\n",
            "valid: main; as a program it needs none: hptui run 'python train.py' -p lr=1e-5..0.1:log",
        ),
    ],
)
def test_a_script_without_the_function_is_offered_another_one_or_to_be_run_as_a_program(
    tmp_path: Path, script: str, hint: str
) -> None:
    (tmp_path / "train.py").write_text(script)

    (problem,) = script_problems(Study(name="train", objective=Objective(script="train.py")), tmp_path)

    assert (problem.where, problem.hint) == ("objective.function", hint)


@pytest.mark.parametrize(
    ("script", "problems"),
    [
        ("def objective(): ...\n", ["objective of train.py takes no argument, and an objective its trial"]),
        ("def objective(*args): ...\n", []),
        ("@main\ndef objective(): ...\n", []),
        ("def objective(): ...\ndef objective(trial): ...\n", []),
    ],
)
def test_a_function_that_takes_no_trial_is_said_before_anything_starts(
    tmp_path: Path, script: str, problems: list[str]
) -> None:
    (tmp_path / "train.py").write_text(script)
    study = Study(name="train", objective=Objective(script="train.py"))

    assert [problem.problem for problem in script_problems(study, tmp_path)] == problems
