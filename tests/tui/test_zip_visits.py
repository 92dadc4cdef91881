"""A zip is unpacked for as long as it is looked at, however the looking ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from demo_session import write_session

from bench.terminal.ptydrive import Terminal
from hptui.core.store.packed import pack
from hptui.core.study.session import SessionFolder
from hptui.tui import visiting

SCRIPT = """
import signal, sys, time
from pathlib import Path
from hptui.tui.visiting import visited
with visited(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zip of a session; temporary folders are made in tmp_path/tmp."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    write_session(SessionFolder(tmp_path / "digits"), 12, finished=True)
    pack(SessionFolder(tmp_path / "digits"), tmp_path / "digits.zip")
    return tmp_path / "digits.zip"


def left(archive: Path) -> list[str]:
    return [path.name for path in (archive.parent / "tmp").iterdir() if path.name.startswith("hptui-")]


def test_what_was_unpacked_is_gone_when_its_terminal_is(archive: Path) -> None:
    with Terminal([sys.executable, "-m", "hptui", "review", str(archive)], 80, 24) as terminal:
        terminal.pump(30.0, until=b"val_loss")
        assert len(left(archive)) == 1

        terminal.hang_up()

        assert terminal.gone(within_s=10) == -signal.SIGHUP
    assert left(archive) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_process_left_is_removed_by_the_next_visit_and_nobody_elses(
    archive: Path, ending: signal.Signals
) -> None:
    there = [sys.executable, "-c", SCRIPT, str(archive)]
    with subprocess.Popen(there, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as ended, \
         subprocess.Popen(there, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # fmt: skip
        assert ended.stdout is not None and other.stdout is not None
        ended.stdout.readline()
        stays = Path(other.stdout.readline().strip()).parent.parent
        ended.send_signal(ending)
        assert ended.wait(20) == -ending
        assert len(left(archive)) == (2 if ending == signal.SIGKILL else 1)
        for place in (archive.parent / "tmp").iterdir():
            os.utime(place, (0, 0))

        with visiting.visited(archive) as folder:
            assert (folder / "session.db").is_file() and stays.name in left(archive) and len(left(archive)) == 2
        other.kill()
    assert left(archive) == [stays.name]


def test_the_guard_of_a_terminal_that_ignores_hangups_removes_it_too(archive: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with visiting.visited(archive):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            visiting.leave()  # what the guard calls
            assert left(archive) == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_strange_name_of_a_zip_unpacks_nowhere_else(archive: Path) -> None:
    strange = archive.rename(archive.with_name("...zip"))

    with visiting.visited(strange) as folder:
        assert folder.parent.parent.parent == archive.parent / "tmp"
    assert left(strange) == [] and list((archive.parent / "tmp").iterdir()) == []
