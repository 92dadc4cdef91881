"""What programs and people read of a session: JSON fields, formats to paste, exports, logs."""

from __future__ import annotations

import csv
import io
import json
import shlex
import shutil
import sqlite3
import subprocess
import tomllib

import pytest

from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.tui.commands.best import led_by
from hptui.tui.commands.headless import TOLD, Progress

TRIAL_FIELDS = {"number", "state", "value", "params", "started_at", "ended_at", "reason", "cause", "device"}


@pytest.fixture
def ended(user, recorded):
    """That session in a home of one's own."""
    shutil.copytree(recorded.home, user.home)
    shutil.copytree(recorded.folder, user.folder, dirs_exist_ok=True)
    return user


def test_show_has_the_promised_fields(ended):
    document = ended.hptui("show", "study", "--json").json

    assert {"name", "state", "scheduler", "trials"} <= set(document)
    assert (document["name"], document["state"]) == ("study", "finished")
    assert document["scheduler"] == {"pid": None, "alive": False}
    assert [set(trial) >= TRIAL_FIELDS for trial in document["trials"]] == [True] * 3
    assert [(t["number"], t["state"], t["cause"]) for t in document["trials"]] == [
        (0, "COMPLETE", None), (1, "FAIL", "nan"), (2, "COMPLETE", None)
    ]  # fmt: skip
    assert document["trials"][1]["value"] is None


def test_every_reading_command_prints_one_strict_json_document(ended):
    for args in (("ls",), ("show", "study"), ("best", "study"), ("gpus",), ("samplers",), ("pruners",), ("doctor",)):
        text = ended.hptui(*args, "--json").out
        assert json.loads(text, parse_constant=pytest.fail) is not None


def test_ls_has_its_fields(ended):
    [session] = ended.hptui("ls", "--json").json

    assert (session["name"], session["state"], session["counts"], session["n_trials"]) == (
        "study", "finished", {"COMPLETE": 2, "FAIL": 1}, 3
    )  # fmt: skip
    assert set(session["best"]) == {"number", "value"}


def test_the_best_trial_in_every_format(ended):
    best = ended.hptui("best", "study", "--format", "json").json
    x = best["params"]["x"]

    assert set(best) == {"number", "value", "params"}
    assert tomllib.loads(ended.hptui("best", "study", "--format", "toml").out) == {"x": x}
    assert ended.hptui("best", "study", "--format", "yaml").out == f"x: {x}\n"
    assert eval(ended.hptui("best", "study", "--format", "python").out) == {"x": x}
    words = shlex.split(ended.hptui("best", "study", "--format", "args").out)
    assert words in (["--x", str(x)], [f"--x={x}"])
    assert ended.hptui("best", "study", "-k", "5", "--json").json[0] == best


def test_the_flags_of_best_are_those_a_program_gets():
    from hptui.core.review.config import config_text
    from hptui.core.worker.arguments import flags

    params = {"lr": -1e-3, "name": "a b", "on": True, "off": False, "none": None, "layers": [3, 3], "n": 4}

    assert shlex.split(config_text(params, "args")) == flags(params)


def test_no_complete_trial_yet_is_no_best(user):
    script = "def objective(trial):\n    raise ValueError\n"
    user.hptui("run", user.study(script=script, n_trials=1))

    done = user.hptui("best", "study", "--json")

    assert (done.status, done.out) == (3, "")


def test_who_leads_is_said_of_those_that_have_not_ended():
    rows = [
        TrialRow(0, "PRUNED", {}, best=0.9),
        TrialRow(1, "PAUSED", {}, best=0.7),
        TrialRow(2, "RUNNING", {}, best=float("nan")),
        TrialRow(3, "RUNNING", {}, best=0.8),
    ]

    assert (led_by(rows, -1.0), led_by(rows, 1.0)) == (
        "; trial 3 leads so far, with 0.8",
        "; trial 1 leads so far, with 0.7",
    )
    assert led_by(rows[:1], 1.0) == ""


def test_exports_read_back(ended):
    trials = list(csv.DictReader(io.StringIO(ended.hptui("export", "study").out)))
    metrics = list(csv.reader(io.StringIO(ended.hptui("export", "study", "--what", "metrics").out)))
    events = [
        json.loads(line, parse_constant=pytest.fail)
        for line in ended.hptui("export", "study", "--what", "events", "--format", "jsonl").out.splitlines()
    ]

    assert [t["state"] for t in trials] == ["COMPLETE", "FAIL", "COMPLETE"]
    assert metrics[0] == ["trial", "metric", "step", "value"]
    assert sorted({row[1] for row in metrics[1:]}) == ["other", "value"]
    assert {"proposed", "started", "ended", "finished"} <= {event["kind"] for event in events}


def test_export_writes_a_file(ended):
    done = ended.hptui("export", "study", "-o", "out.csv")

    assert (done.status, done.out) == (0, "")
    assert (ended.folder / "out.csv").read_text().startswith("number,state,value")
    assert ended.hptui("export", "study", "-o", "no/such/out.csv").status == 1


def test_logs_are_shown_harmless_and_raw_when_asked(ended):
    shown = ended.hptui("logs", "study", "0").out

    assert "\x1b" not in shown and "\x07" not in shown
    assert "\\x1b[2J" in shown
    assert "[red]markup[/red]" in shown
    assert "\x1b[2J" in ended.hptui("logs", "study", "0", "--raw").out
    assert ended.hptui("logs", "study", "0", "-n", "1").out == "second line\n"
    ended.session().trial(2).log.write_bytes(b"")
    assert ended.hptui("logs", "study", "2").err == "study: trial 2 has printed nothing\n"
    assert "opens" in ended.hptui("logs", "study").out
    assert "there is no trial 9" in ended.hptui("logs", "study", "9").err


def test_show_names_nothing_unknown_by_a_word_of_a_program(ended):
    text = ended.hptui("show", "study").out

    assert "nan " not in text.replace("nan:", "") and "None" not in text
    assert "–" in text


def test_a_session_folder_may_be_copied_and_read_where_it_lies(ended, tmp_path):
    subprocess.run(["cp", "-r", ended.session().path, tmp_path / "copy"], check=True)

    document = ended.hptui("show", str(tmp_path / "copy"), "--json").json

    assert [t["state"] for t in document["trials"]] == ["COMPLETE", "FAIL", "COMPLETE"]


def test_a_folder_that_cannot_be_written_is_read_all_the_same(ended, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", ended.session().path, copy], check=True)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        document = ended.hptui("show", str(copy), "--json").json
    finally:
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o700)

    assert document["counts"] == {"COMPLETE": 2, "FAIL": 1}


def test_a_damaged_database_is_said(ended):
    database = ended.session().database
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])

    shown, listed = ended.hptui("show", "study"), ended.hptui("ls", "--json").json

    assert (shown.status, "damaged" in shown.err) == (1, True)
    assert "Traceback" not in shown.err
    assert [s["state"] for s in listed] == ["broken"]


def test_a_session_of_a_newer_version_is_said(ended):
    database = sqlite3.connect(ended.session().database)
    database.execute("pragma user_version = 999")
    database.close()

    done = ended.hptui("show", "study")

    assert (done.status, "newer hptui" in done.err) == (1, True)


def test_datasette_style_readers_find_the_best_by_name(ended):
    database = sqlite3.connect(f"file:{ended.session().database}?mode=ro", uri=True)
    best = database.execute("select number from best limit 1").fetchone()
    database.close()

    assert best[0] == ended.hptui("best", "study", "--json").json["number"]


def test_what_the_latest_scheduler_said_before_one_looked_is_told_apart_from_older_news(ended):
    progress = Progress()
    with Reader(ended.session()) as reader:
        _, told = progress.take(reader)
        opened = max(event.id for event in reader.events() if event.kind == "opened")

    assert progress.opened == opened
    assert {event.kind for event in told} <= TOLD
