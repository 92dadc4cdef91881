"""The form that begins a session: nothing that is typed there ends the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptui.tui.commands.init import read_draft
from hptui.tui.screens.begin import check_script, check_study, study_form

SCRIPT = """
def objective(trial):
    return trial.suggest_float("lr", 1e-5, 0.1, log=True)
"""


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("~nobody-here/train.py", "there is no such file"),
        ("x" * 300, "can't be read"),
        ("", "can't be read"),
        ("notes.txt", "has no function that takes a trial"),
    ],
)
def test_a_script_that_is_none_is_said_to_be(tmp_path: Path, typed: str, problem: str) -> None:
    (tmp_path / "notes.txt").write_text("1")

    checked = check_script(tmp_path, {"script": typed, "presets": ""})

    assert problem in checked.problems["script"] and not checked.ready


def test_a_name_that_no_session_can_have_is_said_beside_it(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    draft = read_draft(tmp_path / "train.py", tmp_path)
    texts = {field.key: field.text for field in study_form(draft, tmp_path / "study.toml")._fields}

    said = {name: check_study(draft, tmp_path / "study.toml", {**texts, "name": name}) for name in ("fine", "x" * 300)}

    assert said["fine"].say.startswith("no problems; writes fine.toml") and said["fine"].ready
    assert list(said["x" * 300].problems) == ["name"] and not said["x" * 300].ready


ODD = ("9" * 310, "1" + "0" * 400, "9" * 5000, "1e999", "nan", "-0", "0", "²", "1.5")


def test_no_number_typed_there_ends_the_screen(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    draft = read_draft(tmp_path / "train.py", tmp_path)
    texts = {field.key: field.text for field in study_form(draft, tmp_path / "study.toml")._fields}
    lines = ["{}", "1 .. {}", "{} .. 5", "1.0 .. {} log", "1 .. 64 step {}", "1.0 .. 5.0, {}"]

    for key in ("n_trials", "max_steps"):
        for typed in ODD:
            checked = check_study(draft, tmp_path / "study.toml", {**texts, key: typed})
            assert checked.problems[key].endswith("is no whole number from 1 to 9e+18") and not checked.ready
    for line in lines:
        for typed in ODD:
            check_study(draft, tmp_path / "study.toml", {**texts, "space.lr": line.format(typed)})
