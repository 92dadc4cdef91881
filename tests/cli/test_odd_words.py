"""Odd words on the command line: long ones, quotes that are not closed, braces, names of folders elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib

import pytest

from hptui.core.errors import StudyErrors
from hptui.core.scheduler.target import Target, read_study
from hptui.core.study.session import SessionFolder
from hptui.tui.cli import _status
from hptui.tui.commands import lr_find
from hptui.tui.commands.check import _budget
from hptui.tui.commands.target import command_study, read_target

LONG = "a" * 300  # no file system has such a name


def read(command, *params):
    return tomllib.loads(read_target(command, params or ("lr=1..2",)).text)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("python t.py", "flags"),
        ("python t.py --out runs/{trial} --seed {seed}", "flags"),
        ("python t.py --home ${HOME}", "flags"),
        ("python t.py --lr {lr} --out {trial}", "placeholders"),
        ("python t.py --lr {lrr}", "placeholders"),
        ("python t.py --config {params}", "json"),
        ("python t.py {overrides} dir={trial}", "flags"),
    ],
)
def test_parameters_reach_a_command_that_names_other_things_in_braces(command, arguments):
    assert read(command)["objective"]["arguments"] == arguments


@pytest.mark.parametrize(
    ("command", "arguments", "wrong", "hint"),
    [
        ("true {b}", "placeholders", "{b} is no parameter of the study", "valid: opt, lr, momentum, trial"),
        ("true {momentum} {lr}", "placeholders", "{momentum} has no value where it is not active", "flags"),
        ("true --lr {lr}", "flags", "nothing fills {lr} in", 'arguments = "placeholders"'),
        ("true {trial} {other}", "flags", "", ""),
        ("true {overrides} {lr}", "flags", "", ""),
        ("true {params}", "json", "", ""),
    ],
)
def test_a_word_in_braces_that_no_trial_fills_in_is_said_before_one_starts(command, arguments, wrong, hint, tmp_path):
    space = (
        'opt = ["sgd", "adam"]\nlr = { type = "float", low = 0.1, high = 1.0 }\n'
        'momentum = { type = "float", low = 0.1, high = 1.0, when = { opt = "sgd" } }\n'
    )
    text = f'[objective]\ncommand = "{command}"\narguments = "{arguments}"\n[space]\n{space}'
    try:
        read_study(Target(text, "study.toml", tmp_path), {})
        said = ""
    except StudyErrors as error:
        said = str(error)

    assert (wrong in said, hint in said, bool(said)) == (True, True, bool(wrong))


def test_words_of_a_command_line_that_are_odd_are_answered_and_never_a_traceback(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text('[objective]\nscript = "~nobody-here/t.py"\n')
    for words, wanted in (
        (["check", "true 'x", "-p", "a=1..2"], "no closing quotation"),
        (["check", " ", "-p", "a=1..2"], "it is empty"),
        (["check", "true", "-p", "a=1..2", "-p", "a=2..3"], "-p a: is named twice"),
        (["show", LONG], "there is no session of this name"),
        (["show", "~nobody-here/x"], "there is no such folder"),
        (["init", "~nobody-here/t.py"], "~nobody-here/t.py"),
        (["import", "~nobody-here/t.db"], "~nobody-here/t.db"),
        (["check", "study.toml"], "objective.script"),
        (["check", f"{LONG}.toml"], "File name too long"),
    ):
        words = words if words[1] != "true" else ["check", "true x", *words[2:]]
        assert _status(words) in (1, 2)
        assert wanted in capsys.readouterr().err
    assert _status(["check", f"true --{LONG}", "-p", "a=1..2"]) == 0


def test_numbers_and_choices_are_read_as_people_write_them():
    space = read("true x", "lr=.1..1.", "n=1..4", "path=../a,../b", "odd=nan,Infinity,none,1e999,2")["space"]

    assert space == {
        "lr": {"type": "float", "low": 0.1, "high": 1.0}, "n": {"type": "int", "low": 1, "high": 4},
        "path": ["../a", "../b"], "odd": ["nan", "Infinity", "none", "1e999", 2],
    }  # fmt: skip
    assert tomllib.loads(command_study('python "my train.py"', ["a=1,2"], None))["name"] == "my-train"


def test_an_import_stays_in_the_folder_of_sessions(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "home"))
    (tmp_path / "t.csv").write_text("x,loss\n1,2\n")

    for name in ("../../elsewhere", "a/b", ".hidden", "a" * 81):
        assert _status(["import", str(tmp_path / "t.csv"), "--metric", "loss", "--name", name]) == 1
        assert "can't be a session folder's name" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_line_and_a_closed_stdout_is_none(tmp_path):
    def ask(redirection):
        words = f"{sys.executable} -m hptui presets --json {redirection}"
        env = {**os.environ, "HPTUI_HOME": str(tmp_path)}
        done = subprocess.run(["bash", "-c", words], env=env, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stderr

    assert ask(">/dev/full") == (1, "hptui: No space left on device\n")
    assert ask(">&-") == (0, "")


def test_a_sweep_whose_scheduler_was_killed_is_given_another_one(monkeypatch, tmp_path):
    started = []

    class Session:
        def __init__(self, folder):
            self.folder = folder

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def finished(self):
            return started[1:] or None

    folder = SessionFolder(tmp_path)
    monkeypatch.setattr(lr_find, "Reader", Session)
    monkeypatch.setattr(lr_find, "LOOK_S", 0.0)
    monkeypatch.setattr(lr_find, "existing", lambda *_: None)
    monkeypatch.setattr(lr_find, "find_or_create", lambda *_, **__: folder)
    monkeypatch.setattr(lr_find, "start", lambda one, **_: started.append(one))
    text = '[objective]\ncommand = "true"\n[space]\nlr = [1, 2]\n'

    assert lr_find._run(Target(text, "study.toml", tmp_path)) == folder and started == [folder, folder]


def test_check_tells_every_end_that_a_study_has(tmp_path):
    space = '[objective]\ncommand = "true"\n[space]\nlr = [1, 2]\n'

    def told(more):
        return _budget(read_study(Target(space + more, "study.toml", tmp_path), {}))

    failures = ", given up after 5 failures in a row"
    assert told("[budget]\ngpu_hours = 1.5\ntotal_steps = 900") == "1.5 GPU-hours in all, 900 steps in all" + failures
    assert told("[stop]\ntarget = 0.1\nsame_best_for = 30\n") == "until target 0.1 or same_best_for 30" + failures
    assert told("").startswith("no end: ")


def test_a_script_that_states_its_space_itself_is_not_told_to_have_nothing_to_search(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("def objective(trial):\n    return trial.suggest_float('x', 0, 1)\n")

    assert _status(["advise", "train.py"]) == 0
    said = "the objective states its space as it runs: `hptui init train.py` writes it down, to be advised on\n"
    assert capsys.readouterr().out == said


def test_a_session_in_a_verbs_place_is_answered_with_attach(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path))
    (tmp_path / "sessions" / "digits").mkdir(parents=True)
    (tmp_path / "sessions" / "digits" / "study.toml").touch()

    assert _status(["digits"]) == 2
    assert "To open that session: hptui attach digits" in capsys.readouterr().err


def test_numbers_beyond_all_bounds_are_said_to_be():
    assert _status(["check", "python t.py", "-p", f"x={'9' * 310}", "-n", "9" * 310]) == 2
    assert _status(["check", "python t.py", "-p", "x=1..2", "--devices", "²"]) == 2
    for verb in (["replicate", "digits", "--seeds"], ["lr-find", "study.toml", "-k"]):
        assert _status([*verb, "9" * 310]) == 2
