"""What `hptui` says before any session exists."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
from click.testing import CliRunner

from hptui.tui.cli import SECTIONS, VERBS, hptui


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    done = CliRunner().invoke(hptui, [verb, "--help"], prog_name="hptui")

    assert (done.exit_code, done.output.startswith(f"Usage: hptui {verb}")) == (0, True)
    assert [line for line in done.output.splitlines() if len(line) > 80] == []


def test_every_verb_stands_in_one_section_of_the_help():
    assert sorted(verb for verbs in SECTIONS.values() for verb in verbs) == sorted(VERBS)


def test_help_names_every_verb_and_the_exit_statuses(user):
    done = user.hptui("--help")

    assert done.status == 0
    assert [verb for verb in VERBS if f"  {verb} " not in done.out] == []
    assert "Exit status" in done.out


def test_a_misspelt_verb_is_answered_with_the_nearest_one(user):
    done = user.hptui("atach")

    assert done.status == 2
    assert "Did you mean 'attach'?" in done.err


def test_a_study_file_in_a_verbs_place_is_answered_with_run(user):
    done = user.hptui("study.toml")

    assert done.status == 2
    assert "hptui run study.toml" in done.err


@pytest.mark.parametrize("args", [(), ("attach",), ("review", "x")], ids=["bare", "attach", "review"])
def test_the_screen_without_a_terminal_is_one_clear_error(user, args):
    done = user.hptui(*args)

    assert done.status == 1
    assert done.err.startswith("hptui: ")
    assert "Traceback" not in done.err


def test_a_dumb_terminal_gets_no_screen(user):
    main, side = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hptui"],
            env={**user.env, "TERM": "dumb"}, stdin=side, stdout=side, stderr=subprocess.PIPE, text=True, timeout=30,
        )  # fmt: skip
    finally:
        os.close(main)
        os.close(side)

    assert done.returncode == 1
    assert "TERM=dumb can't move a cursor" in done.stderr


def test_no_session_yet_says_how_to_start_one(user):
    assert "hptui run" in user.hptui("ls").out
    assert user.hptui("ls", "--json").json == []
    assert "hptui run" in user.hptui("show").err


def test_a_terminal_that_is_not_utf8_is_no_trouble(user):
    done = user.hptui("gpus", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})

    assert (done.status, done.err) == (0, "")


def test_an_unknown_session_is_an_error_that_names_it(user):
    done = user.hptui("show", "nope")

    assert (done.status, done.out) == (1, "")
    assert "nope: there is no session of this name" in done.err


def test_another_system_gets_one_line(user):
    code = "import sys; sys.platform = 'darwin'; from hptui.tui.cli import main; main(['ls'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=user.env)

    assert (done.returncode, done.stderr) == (1, "hptui: runs on Linux; this is darwin.\n")


def test_an_older_python_gets_one_line(user):
    code = "import sys; sys.version_info = (3, 10); from hptui.tui.cli import main; main(['ls'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=user.env)

    assert done.returncode == 1
    assert done.stderr.startswith("hptui: needs Python 3.11 or newer")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_error(user):
    command = f"{sys.executable} -m hptui pruners --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=user.env, timeout=30)

    assert (done.stdout, done.stderr) == ("[\n", "")


def test_doctor_speaks_of_everything_that_may_go_wrong(user):
    findings = user.hptui("doctor", "--json").json

    assert {"python", "sqlite", "sessions", "terminal", "gpu", "torch", "logout"} <= {f["what"] for f in findings}
    assert {f["mark"] for f in findings} <= {"ok", "note", "bad"}


def test_doctor_finds_a_home_that_cannot_be_written(user, tmp_path):
    (tmp_path / "file").write_text("")
    done = user.hptui("doctor", "--json", env={"HPTUI_HOME": str(tmp_path / "file" / "home")})

    bad = [f["what"] for f in json.loads(done.out) if f["mark"] == "bad"]
    assert (done.status, bad) == (1, ["sessions"])


def test_the_catalogues_list_names_and_options(user):
    samplers = {entry["name"] for entry in user.hptui("samplers", "--json").json}
    pruners = {e["name"]: [o["name"] for o in e["options"]] for e in user.hptui("pruners", "--json").json}

    assert {"random", "quasi_random", "grid"} <= samplers
    assert "n_startup_trials" in pruners["median"]


def test_gpus_lists_the_cpu_where_there_is_no_gpu(user):
    devices = user.hptui("gpus", "--json").json

    keys = ("id", "index", "kind", "memory_total_bytes", "name", "slots", "leased", "used_by", "why_not")
    assert all(key in device for device in devices for key in keys)
    assert sum(d["slots"] for d in devices) >= 1
