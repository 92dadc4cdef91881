"""Any command line as a trial."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from worker_standin import Standin, until

from hptui.core.study.milestones import Rungs
from hptui.core.study.trial import Cause
from hptui.core.wire.control import Ask, Verdict
from hptui.core.wire.spool import End, Note, Parked, Report

ARGPARSE = """
import argparse, time
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--fast", action="store_true")
args = parser.parse_args()
for epoch in range(args.epochs):
    print(f"epoch {epoch} val_loss {args.lr / (epoch + 1):.3f}")
"""
EPOCH = r"epoch (?P<step>\d+) val_loss (?P<value>\S+)"


@pytest.fixture
def served(standin: Standin) -> Standin:
    standin.boot(None)
    return standin


def python(served: Standin, code: str, *words: str, **options: Any) -> Any:
    script = served.folder.path / "program.py"
    script.write_text(code)
    return served.program(sys.executable, str(script), *words, **options)


def reports(served: Standin) -> list[tuple[int, Any]]:
    return [(r.step, r.value) for r in served.of(Report)]


def test_an_unmodified_argparse_script_is_tuned(served: Standin) -> None:
    program = python(served, ARGPARSE, patterns=(EPOCH,))

    end = served.end(served.request(params={"lr": 0.8, "fast": True}, objective=program))

    assert (end.outcome, end.value) == ("complete", 0.2)
    assert reports(served) == [(0, 0.8), (1, 0.4), (2, 0.267), (3, 0.2)]


def test_a_script_may_read_a_json_file_or_ask_for_its_parameters(served: Standin) -> None:
    code = (
        "import json, sys, hptui\n"
        "given = json.load(open(sys.argv[1]))\n"
        "assert given == hptui.params(), (given, hptui.params())\n"
        "hptui.report(given['lr'], step=1, acc=0.5)\n"
    )
    program = python(served, code, arguments="json")

    end = served.end(served.request(params={"lr": 0.5, "layers": [1, 2]}, objective=program))

    assert (end.outcome, end.value) == ("complete", 0.5)
    assert [dict(r.others) for r in served.of(Report)] == [{"acc": 0.5}]


def test_placeholders_reach_any_program(served: Standin) -> None:
    program = served.program(
        "sh", "-c", "echo 'hptui: value={lr}' on {device} $1", "sh", "{trial}", arguments="placeholders"
    )

    end = served.end(served.request(3, params={"lr": 0.25}, objective=program))

    assert (end.outcome, end.value) == ("complete", 0.25)
    assert served.log(3) == "hptui: value=0.25 on cpu 3\n"


@pytest.mark.parametrize(
    ("code", "cause", "reason"),
    [
        ("import sys; print('no file'); sys.exit(3)", Cause.CRASH, "the program ended with exit status 3: no file"),
        (
            "exit('CUDA out of memory')",
            Cause.OOM,
            "out of the GPU's memory: the program ended with exit status 1: CUDA out of memory",
        ),
        ("print('done')", Cause.CRASH, "the program ended without a value: "
         "objective.pattern (--pattern) says of no line how it is read, and none was like `hptui: value=0.5`"),
        ("print('hptui: value=nan')", Cause.NAN, "the last value it printed is NaN"),
        ("import ctypes; ctypes.string_at(0)", Cause.CRASH, "the program was killed by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", Cause.KILLED, "the program was killed by SIGKILL"),
    ],
)  # fmt: skip
def test_a_program_that_fails_says_why(served: Standin, code: str, cause: Cause, reason: str) -> None:
    end = served.end(served.request(objective=python(served, code)))

    assert (end.outcome, end.cause, end.reason) == ("fail", cause, reason)


def test_a_crash_shows_the_last_lines_and_the_program_that_is_not_there_is_named(served: Standin) -> None:
    code = "for i in range(100): print('line', i)\nraise ValueError('bad lr')"
    end = served.end(served.request(0, objective=python(served, code)))
    assert end.detail.splitlines()[0] == "line 84" and end.detail.endswith("ValueError: bad lr")

    end = served.end(served.request(1, objective=served.program("no-such-program")))
    assert end.reason == "objective.command: there is no program no-such-program"


def test_a_million_lines_are_kept_to_the_byte(served: Standin) -> None:
    code = (
        "import sys\n"
        "for i in range(0, 1_000_000, 1000):\n"
        "    sys.stdout.write(''.join(f'line {j}\\n' for j in range(i, i + 1000)))\n"
        "    if i % 100_000 == 0: print('epoch', i // 100_000, 'val_loss', i)\n"
    )
    end = served.end(served.request(objective=python(served, code, patterns=(EPOCH,))))

    assert (end.outcome, end.value) == ("complete", 900_000.0)
    assert reports(served) == [(k, 100_000.0 * k) for k in range(10)]
    log = served.trial().log.read_bytes()
    assert log.count(b"\n") == 1_000_010 and log.endswith(b"line 999999\n")


def test_bytes_that_are_no_text_stay_as_they_are(served: Standin) -> None:
    code = (
        "import os\n"
        "os.write(1, b'\\xff\\xfe\\x00 \\x1b]0;title\\x07 epoch 1 val_loss 0.5 \\xc3\\n')\n"
        "os.write(2, b'50%\\repoch 2 val_loss 0.25\\rrest without an end \\xe2\\x82')\n"
    )
    end = served.end(served.request(objective=python(served, code, patterns=(EPOCH,))))

    assert (end.outcome, end.value) == ("complete", 0.25)
    assert reports(served) == [(1, 0.5), (2, 0.25)]
    assert served.trial().log.read_bytes() == (
        b"\xff\xfe\x00 \x1b]0;title\x07 epoch 1 val_loss 0.5 \xc3\n"
        b"50%\repoch 2 val_loss 0.25\rrest without an end \xe2\x82"
    )


def test_an_endless_line_does_not_fill_the_memory(served: Standin) -> None:
    code = "import sys\nfor _ in range(3000): sys.stdout.write('x' * 10_000)\nprint('\\nhptui: value=1')"
    end = served.end(served.request(objective=python(served, code)))

    assert (end.outcome, end.value) == ("complete", 1.0)
    assert served.trial().log.stat().st_size == 30_000_000 + len("\nhptui: value=1\n")


def test_a_child_that_keeps_the_pipe_open_does_not_keep_the_trial(served: Standin) -> None:
    code = "import subprocess\nsubprocess.Popen(['sleep', '600'])\nprint('hptui: value=1')"
    end = served.end(served.request(objective=python(served, code)))

    assert (end.outcome, end.value) == ("complete", 1.0)


ENDLESS = """
import itertools, signal, sys, time
def goodbye(*_):
    print("saved", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, goodbye)
for epoch in itertools.count():
    print(f"epoch {epoch} val_loss 0.5")
    time.sleep(0.01)
"""


def test_a_verdict_of_stop_ends_the_program_gently(served: Standin) -> None:
    with served.control() as control:
        program = python(served, ENDLESS, patterns=(EPOCH,))
        pid = served.start(served.request(objective=program, milestones=Rungs((3,)))).pid
        served.wait_for(Report, count=4)
        control.answer(1, Verdict.STOP)
        assert served.exited(pid) == 0

    end = served.wait_for(End)
    assert (end.outcome, end.value) == ("pruned", 0.5)
    assert reports(served)[-1] == (3, 0.5)
    assert served.log().endswith("saved\n")


def test_a_silent_program_is_stopped_and_paused_without_a_report(served: Standin) -> None:
    with served.control() as control:
        pid = served.start(served.request(objective=served.program("sleep", "600"))).pid
        control.ask(Ask.PARK)
        until(lambda: control.parked, "parked")
        assert served.wait_for(Parked).step is None
        os.killpg(pid, signal.SIGSTOP)
        control.ask(Ask.STOP)
        os.killpg(pid, signal.SIGCONT)
        served.exited(pid)

    assert served.wait_for(End).outcome == "pruned"


def test_terminating_the_trial_takes_the_program_along(served: Standin) -> None:
    program = python(served, ENDLESS, patterns=(EPOCH,))
    pid = served.start(served.request(objective=program)).pid
    served.wait_for(Report)

    os.kill(pid, signal.SIGTERM)
    served.exited(pid)

    end = served.wait_for(End)
    assert (end.outcome, end.cause, end.reason) == ("fail", Cause.KILLED, "terminated")
    assert served.log().endswith("saved\n")


def test_a_program_that_will_not_end_is_killed_with_all_its_children(
    served: Standin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    code = (
        "import json, os, signal, subprocess, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'], process_group=0)\n"
        f"open({str(pids)!r}, 'w').write(json.dumps([os.getpid(), child.pid]))\n"
        "print('hptui: value=1', flush=True)\n"
        "time.sleep(600)\n"
    )
    with served.control() as control:
        pid = served.start(served.request(objective=python(served, code))).pid
        served.wait_for(Report)
        control.ask(Ask.STOP)
        served.exited(pid)

    assert served.wait_for(End).outcome == "pruned"
    for left in json.loads(pids.read_text()):
        until(
            lambda left=left: not os.path.exists(f"/proc/{left}") or "Z" in Path(f"/proc/{left}/stat").read_text(),
            "gone",
        )


def test_odd_matches_are_noted_once(served: Standin) -> None:
    code = "for i in range(3): print('loss was'); print('hptui: step=-1 value=3')\nprint('loss 0.5')"
    end = served.end(served.request(objective=python(served, code, patterns=(r"loss (?P<value>\S+)",))))

    assert end.value == 0.5
    assert sorted(note.text for note in served.of(Note)) == [
        "the pattern's group value matched 'was', which is not a number",
        "the program printed the step -1; steps are counted from 0",
    ]
