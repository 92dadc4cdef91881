"""Bad input at `hptui run` and `hptui check`: what is wrong, where, what to do; status 2; nothing is left behind."""

from __future__ import annotations

import sys

import pytest

SCRIPT = "def objective(trial):\n    return trial.params['lr'] ** 2\n"
HEAD = '[objective]\nscript = "train.py"\n'
SPACE = '[space]\nlr = { type = "float", low = 1e-5, high = 0.1, log = true }\n'

BAD = {
    "misspelt key": ('directoin = "minimize"\n' + HEAD + SPACE, ["directoin", 'did you mean "direction"?']),
    "misspelt key in a table": (
        HEAD + SPACE + "[budget]\nn_trails = 5\n",
        ["budget.n_trails", 'did you mean "n_trials"?'],
    ),
    "reversed bounds": (
        HEAD + '[space]\nlr = { type = "float", low = 0.1, high = 1e-3 }\n',
        ["space.lr", "0.1", "0.001", "swap"],
    ),
    "non-positive log bound": (
        HEAD + '[space]\nlr = { type = "float", low = 0.0, high = 1.0, log = true }\n',
        ["space.lr.low", "positive"],
    ),
    "empty space": (HEAD + "[space]\n", ["space", "no parameters"]),
    "unknown type": (
        HEAD + '[space]\nlr = { type = "flaot", low = 0.0, high = 1.0 }\n',
        ["space.lr.type", 'did you mean "float"?'],
    ),
    "sampler option out of range": (
        HEAD + SPACE + '[sampler]\nname = "grid"\npoints = 0\n',
        ["sampler.points", "whole number"],
    ),
    "a grid too large": (
        HEAD + '[space]\nx = { type = "int", low = 1, high = 1000 }\ny = { type = "int", low = 1, high = 1000 }\n'
        'z = { type = "float", low = 0.0, high = 1.0 }\n[sampler]\nname = "grid"\npoints = 3\n',
        ["sampler.name", "3,000,000 points", "sampler.points"],
    ),
    "unknown sampler": (HEAD + SPACE + '[sampler]\nname = "sobol"\n', ["sampler", 'did you mean "quasi_random"?']),
    "unknown pruner": (HEAD + SPACE + '[pruner]\nname = "medain"\n', ["pruner", 'did you mean "median"?']),
    "script missing": ('[objective]\nscript = "trian.py"\n' + SPACE, ["objective.script", "trian.py"]),
    "function missing": (
        '[objective]\nscript = "train.py"\nfunction = "objectve"\n' + SPACE,
        ["objective.function", 'did you mean "objective"?'],
    ),
    "not TOML": (HEAD + "[space\n", ["study.toml", "not TOML"]),
    "neither script nor command": ("[objective]\n" + SPACE, ["objective", "script", "command"]),
    "GPU that is not here": (
        HEAD + SPACE + "[resources]\ndevices = [93]\n",
        ["resources.devices", "93"],
    ),
    "no trials": (HEAD + SPACE + "[budget]\nn_trials = 0\n", ["budget.n_trials", "too small"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_study_is_refused_with_where_and_what_to_do(user, here, case):
    text, expected = BAD[case]
    user.write("train.py", SCRIPT)
    user.write("study.toml", text)

    ran, checked = here("run", "study.toml"), here("check", "study.toml")

    assert (ran.status, ran.out, checked.status, checked.out) == (2, "", 2, "")
    assert ran.err == checked.err
    assert [part for part in expected if part not in ran.err] == []
    assert "Traceback" not in ran.err
    assert here("ls", "--json").json == []


def test_a_process_says_the_same_of_it_and_leaves_nothing(user, here):
    user.write("train.py", SCRIPT)
    user.write("study.toml", BAD["reversed bounds"][0])

    assert user.hptui("run", "study.toml") == here("run", "study.toml")
    assert user.hptui("ls", "--json").json == []
    assert user.processes() == []


def test_all_problems_are_said_at_once(user):
    user.write("train.py", SCRIPT)
    user.write(
        "study.toml",
        'directoin = "minimize"\n'
        + HEAD
        + '[space]\nlr = { type = "float", low = 1.0, high = 0.1 }\n[pruner]\nname = "x"\n',
    )

    done = user.hptui("check", "study.toml")

    assert done.status == 2
    assert "3 problems" in done.err
    assert [where for where in ("directoin", "space.lr", "pruner") if where not in done.err] == []


def test_check_tells_programs_the_same(user):
    user.write("train.py", SCRIPT)
    user.write("study.toml", 'directoin = "minimize"\n' + HEAD + SPACE)

    done = user.hptui("check", "study.toml", "--json")

    import json

    document = json.loads(done.out)
    assert (done.status, document["ok"]) == (2, False)
    assert [p["where"] for p in document["problems"]] == ["directoin"]


def test_a_syntax_error_is_shown_with_its_line(user):
    user.write("train.py", "def objective(trial):\n    return trial.params['lr'\n")
    user.write("study.toml", HEAD + SPACE)

    done = user.hptui("run", "study.toml")

    assert done.status == 2
    assert "train.py:2" in done.err
    assert "return trial.params['lr'" in done.err


def test_a_missing_file_is_answered_with_its_neighbour(user, here):
    user.write("study.toml", HEAD + SPACE)

    done = here("run", "studi.toml")

    assert done.status == 2
    assert 'did you mean "study.toml"?' in done.err


def test_a_missing_script_of_the_quick_form_is_said(here):
    done = here("run", "train.py:objective", "-n", "3")

    assert (done.status, "train.py: there is no such file" in done.err) == (2, True)


def test_a_word_that_is_no_study_is_said(here):
    done = here("run", "train")

    assert done.status == 2
    assert "neither a study file nor a Python script" in done.err


def test_a_command_without_parameters_is_told_how_to_name_them(here):
    done = here("run", "python train.py")

    assert done.status == 2
    assert "-p lr=" in done.err and "or let `hptui init train.py` find them" in done.err


def test_a_program_that_is_nowhere_is_said_before_anything_starts(user):
    done = user.hptui("run", "no-such-program --flag", "-p", "lr=0.1..0.2")

    assert (done.status, "there is no program no-such-program" in done.err) == (2, True)
    assert "there is no file trian.py" in user.hptui("run", "python trian.py", "-p", "lr=0.1..0.2").err
    assert user.hptui("ls", "--json").json == []


@pytest.mark.parametrize("param", ["lr", "lr=", "lr=a..b", "lr=1..2:cube"])
def test_a_wrong_parameter_of_a_command_is_said(here, param):
    done = here("run", "python train.py", "-p", param)

    assert done.status == 2
    assert f"-p {param}" in done.err


def test_a_wrong_option_is_blamed_on_the_option(user, here):
    user.write("train.py", SCRIPT)
    user.write("study.toml", HEAD + SPACE)

    assert "-n: 0 is too small" in here("run", "study.toml", "-n", "0").err
    assert 'did you mean "median"?' in here("run", "study.toml", "--pruner", "medan").err


def test_a_study_that_is_not_text_is_said(user, here):
    (user.folder / "study.toml").write_bytes(b"name = '\xff'\n")

    done = here("run", "study.toml")

    assert (done.status, "not UTF-8" in done.err) == (2, True)


def test_a_home_that_cannot_be_written_is_said_before_anything_starts(user, tmp_path):
    (tmp_path / "file").write_text("")

    done = user.hptui("run", user.study(), env={"HPTUI_HOME": str(tmp_path / "file")})

    assert done.status == 1
    assert "HPTUI_HOME" in done.err


def test_check_says_what_a_study_would_do(user):
    done = user.hptui("check", user.study(more='[pruner]\nname = "median"\n'))

    assert (done.status, done.err) == (0, "")
    assert [
        word for word in ("no problems", "median", "4 trials", "-5 .. 5", "2 trials at once") if word not in done.out
    ] == []


def test_check_warns_when_a_population_has_too_few_slots(user):
    pbt = '[pruner]\nname = "pbt"\n'
    few, enough = (user.hptui("check", user.study(more=pbt, n_trials=n)) for n in (4, 2))

    said = "warning: only trials that run have heirs: use slots = 4 (the budget's trials), or another pruner"
    assert said in few.out and "warning" not in enough.out
    assert few.status == enough.status == 0


def test_check_prints_the_study_that_a_command_stands_for(user):
    user.write("train.py", SCRIPT)
    command = f"{sys.executable} train.py"
    text = user.hptui("check", command, "-p", "lr=1e-4..0.1:log", "-p", "act=tanh,relu", "--text").out
    user.write("copy.toml", text)

    assert 'lr = { type = "float", low = 0.0001, high = 0.1, log = true }' in text
    assert user.hptui("check", "copy.toml").status == 0
