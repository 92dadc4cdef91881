"""What a shell sees: completions, the manual page, exit statuses, six lines under the prompt."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import click
import pytest

from hptui.core.store.rows import EventRow, TrialRow
from hptui.tui.cli import VERBS, _status
from hptui.tui.cli import hptui as verbs
from hptui.tui.commands.man import manual
from hptui.tui.views.watch import LINES, Watched, watch_lines

NOT_READING = {"run", "init", "attach", "review", "export", "serve", "rm", "completions", "man", "log-to"}
"""They start, open, write or delete; export writes JSON by --format."""


ASKING = """
import json, os, sys
from hptui.tui.cli import main
for words in json.loads(sys.argv[1]):
    os.environ.update(COMP_WORDS="\\n".join(words), COMP_CWORD=str(len(words) - 1), _HPTUI_COMPLETE="bash_complete")
    try: main([])
    except SystemExit: print(";")
"""


def test_a_shell_completes_verbs_sessions_trials_and_options(recorded):
    offered = {
        ("hptui", "re"): ["review", "report", "resume", "retry", "replicate"],
        ("hptui", "show", "s"): ["study"],
        ("hptui", "logs", "study", ""): ["0", "1", "2"],
        ("hptui", "pause", "study", ""): [],  # nothing runs
        ("hptui", "retry", "study", "1", ""): ["0", "2"],
        ("hptui", "run", "x.py", "--sampler", "t"): ["tpe"],
    }
    command = [sys.executable, "-c", ASKING, json.dumps(list(offered))]
    said = subprocess.run(command, env=recorded.env, capture_output=True, text=True, timeout=60).stdout.split(";")

    assert [[line.partition(",")[2] for line in one.split()] for one in said[:-1]] == list(offered.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_it_can_read(shell, capsys):
    assert _status(["completions", shell]) == 0
    script = capsys.readouterr().out

    assert f"_HPTUI_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, text=True, capture_output=True).stderr == ""


def test_the_manual_page_has_every_verb_and_every_option_of_it():
    page = manual().replace(r"\-", "-")
    context = click.Context(verbs)
    for verb in VERBS:
        section = page.partition(f'.SS "hptui {verb} ')[2].partition(".SS")[0]
        options = [each for param in verbs.get_command(context, verb).params for each in param.opts if each[0] == "-"]
        assert [option for option in options if option not in section] == [], verb
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=manual(), text=True, capture_output=True)
        assert done.stderr == ""


def test_every_command_that_reads_has_json():
    context = click.Context(verbs)
    lacking = [v for v in VERBS if not any("--json" in p.opts for p in verbs.get_command(context, v).params)]

    assert set(lacking) <= NOT_READING


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("ls",), 0),
        (("watch", "study"), 0),
        (("show", "nowhere"), 1),
        (("shwo",), 2),
        (("show", "--colour"), 2),
        (("logs", "study", "--json", "--follow"), 2),
        (("logs", "study", "99"), 1),
        (("check", "nowhere.toml"), 2),
        (("completions", "tcsh"), 2),
    ],
    ids=str,
)
def test_exit_statuses_are_those_of_the_readme(recorded, monkeypatch, capsys, words, status):
    monkeypatch.setenv("HPTUI_HOME", str(recorded.home))

    assert _status(words) == status
    assert bool(capsys.readouterr().err) == (status != 0)


def test_what_is_read_as_json_is_one_document(recorded, monkeypatch, capsys):
    monkeypatch.setenv("HPTUI_HOME", str(recorded.home))
    found = []
    for words in (("logs", "study", "0"), ("config",), ("report", "study"), ("watch", "study")):
        assert _status([*words, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out, parse_constant=pytest.fail))
    log, config, report, watched = found

    assert (log["name"], log["trial"], type(log["lines"])) == ("study", 0, list)
    assert {"theme", "keys", "exists"} <= set(config)
    assert report[0]["title"] == "study" and {"kind", "text"} <= set(report[0]["blocks"][0])
    assert (watched["state"], watched["counts"], watched["running"]) == ("finished", {"COMPLETE": 2, "FAIL": 1}, [])


def test_watch_prints_plain_lines_where_no_cursor_can_be_moved(recorded, monkeypatch, capsys):
    monkeypatch.setenv("HPTUI_HOME", str(recorded.home))
    assert _status(["watch", "study"]) == 0
    out = capsys.readouterr().out

    assert "\x1b" not in out and "study   finished   2 complete, 1 failed of 3" in out


def row(number: int, state: str, value: float | None = None, **more) -> TrialRow:
    ended_at = None if state == "RUNNING" else float(number)
    return TrialRow(number, state, {"lr": 0.01}, value=value, best=value, ended_at=ended_at, **more)


def watched(*rows: TrialRow, best: TrialRow | None = None, event: EventRow | None = None) -> Watched:
    trials = {each.number: each for each in rows}
    return Watched("digits", "live", 65.0, 0.0, 9, 20, "loss", 1.0, trials, best, (), event)


def test_six_lines_say_the_session_the_best_its_course_who_runs_who_ended_and_what_was_decided(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    rows = (
        row(0, "COMPLETE", 0.8),
        row(1, "FAIL", cause="oom"),
        row(2, "COMPLETE", 0.2),
        row(3, "RUNNING", 0.5, step=7),
    )
    event = EventRow(0.0, "pruned", 4, "above the median\x1b[2J")
    lines = watch_lines(watched(*rows, best=rows[2], event=event), 100)

    assert len(lines) == LINES
    assert lines[0] == "digits   live   1 running, 2 complete, 1 failed of 9   1m 05s"
    assert lines[1] == "best 0.2  loss  trial 2   lr 0.01"
    assert lines[2].endswith("0.8 to 0.2")
    assert lines[3] == "running 3: 0.5 at 7/20"
    assert [word in lines[4] for word in ("2 0.2", "1 oom", "0 0.8")] == [True] * 3
    assert lines[5].endswith("pruned trial 4: above the median")


def test_six_lines_stay_six_lines_in_a_narrow_terminal_and_before_the_first_trial():
    many = watched(*(row(n, "RUNNING", 0.123456) for n in range(40)))

    assert [len(watch_lines(each, 30)) for each in (many, watched())] == [LINES, LINES]
    assert max(len(line) for line in watch_lines(many, 30)) <= 30


def test_what_names_nothing_is_said_and_what_is_named_twice_counts_once(capsys, monkeypatch, tmp_path, recorded):
    monkeypatch.setenv("HPTUI_HOME", str(recorded.home))
    (tmp_path / "s.zip").touch()
    for words, wanted in (
        (["note", "study", "999"], "there is no trial 999"),
        (["show", str(tmp_path / "s.zip")], f"hint: `hptui review {tmp_path / 's.zip'}` looks into it"),
        (["priority", "study", "-5", "0"], "it has ended"),  # and -5 is no option
        (["enqueue", "study", "x=7"], "point.x: 7"),
    ):
        assert _status(words) in (1, 2)
        assert wanted in capsys.readouterr().err

    copy = tmp_path / "sessions" / "copy"
    shutil.copytree(recorded.home / "sessions" / "study", copy)
    assert _status(["rm", "--yes", str(copy), str(copy)]) == 0
    assert capsys.readouterr().out.startswith(f"deleted {copy}: ") and not copy.exists()


def test_a_trial_that_broke_a_constraint_does_not_lead_in_the_six_lines():
    broke = row(0, "COMPLETE", 0.1, attrs={"constraint_values": {"memory": 1.0}})

    said = [watch_lines(watched(*rows), 90)[1] for rows in ((broke,), (broke, row(1, "RUNNING", 0.5)))]

    assert said == ["best –", "best –  no complete one kept its constraints; reported 0.5 by trial 1"]


def test_a_dash_is_standard_output(recorded, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HPTUI_HOME", str(recorded.home))
    monkeypatch.chdir(tmp_path)

    assert _status(["export", "study", "-o", "-"]) == _status(["report", "study", "-o", "-"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("number,state,value,") and "\n# study\n" in out
    assert list(tmp_path.iterdir()) == []
