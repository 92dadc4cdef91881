"""kill -9 of a process in the middle of writing, again and again: real processes, real SQLite."""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow
from hptui.core.study.session import SessionFolder

KILLS = 24
BYTES = 7  # of a spool line

# Goes on from the stored offsets as a scheduler does, and says which transaction is safely written.
WRITE = """
import sys
from pathlib import Path
from hptui.core.store.rows import EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

writer = Writer(SessionFolder(Path(sys.argv[1])))
BYTES = int(sys.argv[2])
offsets = writer.spool_offsets()
while True:
    for trial in range(3):
        first = offsets.get(trial, 0) // BYTES
        rows = [ReportRow(trial, "value", first + i, float(first + i)) for i in range(40 + 300 * trial)]
        with writer.transaction():
            writer.save_reports(trial, rows[:20], (first + 20) * BYTES)
            writer.save_trial(TrialRow(trial, "RUNNING", {"lr": 0.1}, step=first + len(rows) - 1))
            writer.save_reports(trial, rows[20:], (first + len(rows)) * BYTES)
            writer.append(EventRow(float(first + len(rows)), "noted", trial))
        offsets[trial] = (first + len(rows)) * BYTES
        print(trial, offsets[trial], flush=True)
"""


def start(folder: SessionFolder) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITE, folder.path, str(BYTES)], stdout=subprocess.PIPE)


def kill_while_writing(process: subprocess.Popen[bytes], after_s: float) -> dict[int, int]:
    """Kill it some time after its first transaction; trial -> the last offset it said was written."""
    out = process.stdout
    assert out is not None
    ready, _, _ = select.select([out], [], [], 30.0)
    assert ready, "the writer never wrote"
    signal.sigtimedwait([], after_s)  # a wait that nothing ends early
    process.kill()
    said = out.read().decode().splitlines(keepends=True)
    out.close()
    assert process.wait(timeout=10) == -signal.SIGKILL
    return {int(line.split()[0]): int(line.split()[1]) for line in said if line.endswith("\n")}


def test_no_row_is_lost_or_doubled_however_often_the_writer_is_killed(folder: SessionFolder) -> None:
    dice = random.Random(20)
    for kill in range(KILLS):
        process = start(folder)
        said = kill_while_writing(process, dice.uniform(0.0, 0.12))
        post(folder, CommandRow("pause", kill))

        with Reader(folder) as reader, reader.snapshot():
            assert reader._ask("pragma integrity_check") == [("ok",)]
            stored = dict(reader._ask("select trial, offset from spools"))
            for trial, offset in stored.items():
                count = offset // BYTES
                row = reader.trial(trial)
                assert [step for step, _ in reader.curve(trial, "value")] == list(range(count))
                assert row is not None and row.step == count - 1
                assert reader.events_of(trial)[-1].at == float(count)
            assert all(stored[trial] >= offset for trial, offset in said.items()), "a written transaction is gone"
            assert [command.trial for command in reader.commands()] == list(range(kill + 1))


def test_writers_and_wishers_at_once_leave_the_database_whole(folder: SessionFolder, tmp_path: Path) -> None:
    """Wishes arrive from other processes while the writer commits and checkpoints flat out."""
    wish = (
        "import sys; from pathlib import Path; from hptui.core.store.mailbox import post;"
        "from hptui.core.store.rows import CommandRow; from hptui.core.study.session import SessionFolder;"
        "[post(SessionFolder(Path(sys.argv[1])), CommandRow('pause', n)) for n in range(60)]"
    )
    writing = start(folder)
    wishing = [subprocess.Popen([sys.executable, "-c", wish, folder.path]) for _ in range(2)]
    drain = open(os.devnull, "wb")  # noqa: SIM115  closed below, with the process
    copying = subprocess.Popen(["cat"], stdin=writing.stdout, stdout=drain)

    assert [process.wait(timeout=60) for process in wishing] == [0, 0]
    writing.kill()
    writing.wait(timeout=10)
    assert writing.stdout is not None
    writing.stdout.close()
    copying.wait(timeout=10)
    drain.close()

    db = sqlite3.connect(folder.database)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    assert db.execute("select trial, count(*) from commands group by trial").fetchall() == [(n, 2) for n in range(60)]
    stored = db.execute("select trial, offset from spools").fetchall()
    counts = db.execute("select trial, count(*) * ? from metrics group by trial", [BYTES]).fetchall()
    assert stored == counts
    db.close()
