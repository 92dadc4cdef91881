"""How trials end, whatever they do, with real processes."""

from __future__ import annotations

import os
import selectors
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptui.core.scheduler.children import Children
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process

Make = Callable[..., Any]

ONE = """
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 1
    [resources]
    slots = 1
"""


def body(lines: str) -> str:
    """An objective with this body."""
    return "import ctypes, math, os, subprocess, sys, threading, time\ndef objective(trial):\n" + textwrap.indent(
        textwrap.dedent(lines), "    "
    )


FAILURES = {  # what the objective does -> cause, and what the reason says
    "raise ValueError('bad luck')": ("crash", "ValueError: bad luck"),
    "return float('nan')": ("nan", "NaN"),
    "return math.inf": ("nan", "inf"),
    "return 'good'": ("crash", "str"),
    "return None": ("crash", "None"),
    "sys.exit(3)": ("crash", "sys.exit(3)"),
    "os._exit(4)": ("crash", "its process ended with status 4 before the objective returned"),
    "ctypes.string_at(0)": ("crash", "crashed with a segmentation fault (SIGSEGV); see its log"),
    "os.kill(os.getpid(), 9)": ("killed", "killed by SIGKILL from outside"),
    "raise MemoryError()": ("oom", "MemoryError"),
    "raise RuntimeError('CUDA out of memory. Tried to allocate 2 GiB')": ("oom", "CUDA out of memory"),
}


def test_a_failure_has_a_cause_and_a_reason(session: Make) -> None:
    """One trial after the other, each of which ends in its own way."""
    cases = "".join(f"if how == {how}:\n    {does}\n" for how, does in enumerate(FAILURES))
    points = "".join(f"[[enqueue]]\nhow = {how}\n" for how in range(len(FAILURES)))
    s = session(
        body(f"how = trial.params['how']\n{cases}"),
        f"[space]\nhow = {{type = 'int', low = 0, high = {len(FAILURES)}}}\n"
        f"[budget]\nn_trials = {len(FAILURES)}\nstop_after_failures = 100\n[resources]\nslots = 1\n{points}",
    )
    s.start()
    over = s.finish()

    rows = {row.params["how"]: row for row in s.trials().values() if row.retry_of is None}
    assert {how: (row.state, row.cause) for how, row in rows.items()} == {
        how: ("FAIL", cause) for how, (cause, _) in enumerate(FAILURES.values())
    }
    assert [how for how, (_, said) in enumerate(FAILURES.values()) if said not in rows[how].reason] == []
    assert not over["ok"]
    s.until(lambda: s.processes() == [], "it left processes behind")


def test_a_trial_that_sleeps_for_ever_is_ended_at_its_limit_with_all_it_started(session: Make) -> None:
    s = session(
        body(
            """
            subprocess.Popen(["sleep", "1000"])
            subprocess.Popen(["setsid", "sleep", "1000"])
            if os.fork() == 0:
                os.setsid()
                time.sleep(1000)
            trial.report(0.5, 0)
            time.sleep(1000)
            """
        ),
        ONE.replace("n_trials = 1", 'n_trials = 1\n    trial_time = "1 s"'),
    )
    s.start()
    s.finish()

    row = s.trials()[0]
    assert (row.state, row.cause, row.reason) == ("FAIL", "timeout", "ran longer than its limit of 1 s")
    assert row.value == 0.5
    s.until(lambda: s.processes() == [], "it left processes behind")


def test_what_a_trial_leaves_running_is_swept_away(session: Make) -> None:
    s = session(body('subprocess.Popen(["setsid", "sleep", "1000"])\nreturn 1.0'), ONE)
    s.start()
    s.finish()

    assert s.trials()[0].state == "COMPLETE"
    s.until(lambda: s.processes() == [], "it left processes behind")


def test_a_script_that_fails_at_import_ends_the_session_with_the_users_own_frames(session: Make) -> None:
    s = session("import os\n\ndef deep():\n    raise OSError('no data here')\n\ndeep()\n", ONE)
    s.start()
    over = s.finish()

    assert not over["ok"] and "no data here" in over["reason"]
    said = "\n".join(e.reason for e in s.events("warning"))
    assert "train.py" in said and "in deep" in said and "importlib" not in said


def test_five_failures_in_a_row_end_the_session(session: Make) -> None:
    s = session(body("raise KeyError('always')"), ONE.replace("n_trials = 1", "n_trials = 50"))
    s.start()
    over = s.finish()

    assert over["reason"] == "5 trials in a row failed; the last: KeyError: 'always'"
    assert len([t for t in s.trials().values() if t.state == "FAIL"]) == 5


def test_a_pruned_trial_says_why_and_one_that_ignores_it_is_pruned_at_its_next_report(session: Make) -> None:
    s = session(
        body("for step in range(100):\n    trial.report(trial.params['x'], step)\n    time.sleep(0.005)\nreturn 0.0"),
        """
        [space]
        x = {type = "float", low = 0.0, high = 1.0}
        [pruner]
        name = "threshold"
        upper = 0.0
        n_warmup_steps = 3
        [budget]
        n_trials = 1
        """,
    )
    s.start()
    s.finish()

    row = s.trials()[0]
    assert (row.state, row.step) == ("PRUNED", 4)  # told at 3, ended in its next report
    assert [e.reason for e in s.events("judged")] == [row.reason]
    assert "at step 3 is above the upper limit 0" in row.reason


def test_a_million_printed_lines_and_hostile_bytes_are_only_a_log(session: Make) -> None:
    s = session(
        body(
            r"""
            for _ in range(1000):
                print("line\n" * 999)
            os.write(1, b"\xff\xfe \x1b]0;owned\x07\x1b[2J [bold]markup[/bold]\n")
            return 1.0
            """
        ),
        ONE,
    )
    s.start()
    s.finish()

    assert s.trials()[0].state == "COMPLETE"
    log: Path = s.folder.trial(0).log
    assert log.read_bytes().count(b"\n") > 999_000 and b"\xff\xfe \x1b]0;owned" in log.read_bytes()


def test_an_objective_names_its_own_parameters(session: Make) -> None:
    s = session(
        """
        def objective(trial):
            x = trial.suggest_float("x", -5.0, 5.0)
            kind = trial.suggest_categorical("kind", ["a", "b"])
            extra = trial.suggest_int("n", 1, 9) if kind == "a" else 0
            return x * x + extra
        """,
        "[budget]\nn_trials = 12\n[resources]\nslots = 1\n",
    )
    s.start()
    s.finish()

    assert set(s.reader.parameters()) == {"x", "kind", "n"}
    for row in s.trials().values():
        assert set(row.params) == ({"x", "kind", "n"} if row.params["kind"] == "a" else {"x", "kind"})
        assert row.value == pytest.approx(row.params["x"] ** 2 + row.params.get("n", 0))
    assert len({row.params["x"] for row in s.trials().values()}) == 12


def test_a_grid_ends_the_session_when_every_point_was_tried(session: Make) -> None:
    s = session(
        "def objective(trial):\n    return trial.params['x']\n",
        """
        sampler = "grid"
        [space]
        x = {type = "int", low = 1, high = 3}
        y = ["a", "b"]
        """,
    )
    s.start()
    over = s.finish()

    assert over["ok"] and "6" in over["reason"]
    assert sorted((t.params["x"], t.params["y"]) for t in s.trials().values()) == [
        (x, y) for x in (1, 2, 3) for y in ("a", "b")
    ]


def test_a_program_in_any_language_is_tuned_through_the_lines_it_prints(session: Make) -> None:
    s = session(
        "",
        """
        metric = "loss"
        [objective]
        command = ["sh", "-c", 'for i in 0 1 2; do echo "epoch $i loss 0.$i$1"; done', "x", "{k}"]
        arguments = "placeholders"
        pattern = 'epoch (?P<step>\\d+) loss (?P<value>\\S+)'
        [space]
        k = {type = "int", low = 5, high = 5}
        [budget]
        n_trials = 1
        """,
    )
    s.start()
    s.finish()

    row = s.trials()[0]
    assert (row.state, row.value) == ("COMPLETE", 0.25)
    assert s.reader.curve(0, "loss") == [(0, 0.05), (1, 0.15), (2, 0.25)]


def test_how_a_forgotten_process_ended_is_not_told_of_the_next_one_with_its_pid(tmp_path: Path) -> None:
    with selectors.DefaultSelector() as selector:
        children = Children(SessionFolder(tmp_path), selector)
        children.note_status(os.getpid(), 9)  # of a trial that had said its last line, and was settled

        child = children.prepare(5)
        children.watch(5, Process(os.getpid(), 1))
        assert child.status is None
        children.note_status(os.getpid(), 256)
        assert child.status == 256
        children.forget(5)
