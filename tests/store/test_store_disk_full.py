"""No space in the middle of a session: nothing half written, nothing lost, and the same transaction goes on later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hptui.core.store.create import create_session
from hptui.core.store.faults import DiskFull
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

ROWS = 2000


def batch(writer: Writer, number: int) -> None:
    """What the scheduler does ten times a second."""
    with writer.transaction():
        first = number * ROWS
        writer.save_reports(0, [ReportRow(0, "value", first + i, 0.1 + i) for i in range(ROWS)], first + ROWS)
        writer.append(EventRow(float(number), "noted", 0))
        writer.save_trial(TrialRow(0, "RUNNING", {}, step=first + ROWS - 1))


def fill(writer: Writer) -> int:
    """Batches that fit until there is no space."""
    for number in range(1000):
        try:
            batch(writer, number)
        except DiskFull as full:
            assert "no space left" in full.problem and "free" in full.hint
            return number
    raise AssertionError("the disk never filled")


def check(folder: SessionFolder, batches: int) -> None:
    """Exactly that many batches are there, whole."""
    with Reader(folder) as reader:
        assert [step for step, _ in reader.curve(0, "value")] == list(range(batches * ROWS))
        assert [event.at for event in reader.events()] == [float(n) for n in range(batches)]
        trial = reader.trial(0)
        assert trial is not None and trial.step == batches * ROWS - 1
        assert reader._ask("pragma integrity_check") == [("ok",)]


@pytest.fixture(params=["max_page_count", "tmpfs"])
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[SessionFolder, Writer, Callable[[], None]]:
    """A session with little room, its writer, and what makes room."""
    place = tmp_path if request.param == "max_page_count" else request.getfixturevalue("small_disk")
    folder = SessionFolder(place / "s")
    create_session(folder, "", {"direction": "minimize"})
    if request.param == "tmpfs":
        filling = place / "filling"
        filling.write_bytes(bytes(700_000))
        writer = Writer(folder)
        return folder, writer, filling.unlink
    writer = Writer(folder)
    writer._db.execute("pragma max_page_count = 100")
    return folder, writer, lambda: writer._db.execute("pragma max_page_count = 100000").fetchone()


Limited = tuple[SessionFolder, Writer, Callable[[], None]]


def test_a_full_disk_loses_nothing_and_the_same_transaction_goes_on_later(limited: Limited) -> None:
    folder, writer, make_room = limited

    written = fill(writer)
    for _ in range(3):
        with pytest.raises(DiskFull):
            batch(writer, written)
    check(folder, written)
    assert writer.spool_offsets() == {0: written * ROWS}

    make_room()
    batch(writer, written)
    check(folder, written + 1)
    writer.close()
    check(folder, written + 1)


def test_a_full_disk_that_is_swallowed_inside_still_fails_the_whole_transaction(limited: Limited) -> None:
    folder, writer, _ = limited
    written = fill(writer)

    with pytest.raises(DiskFull), writer.transaction():
        with contextlib.suppress(DiskFull):
            batch(writer, written)
        writer.append(EventRow(-1.0, "must not be written alone"))

    check(folder, written)
    writer.close()


def test_a_backup_that_does_not_fit_leaves_the_last_one(small_disk: Path) -> None:
    folder = SessionFolder(small_disk / "s")
    create_session(folder, "", {})
    writer = Writer(folder)
    writer.backup()
    backup = folder.path / "session.db.bak"
    before = backup.read_bytes()
    written = fill(writer)

    with pytest.raises(DiskFull):
        writer.backup()

    assert backup.read_bytes() == before
    assert not list(folder.path.glob("*.new"))
    check(folder, written)
    writer.close()


def test_a_wish_that_does_not_fit_is_said(small_disk: Path) -> None:
    folder = SessionFolder(small_disk / "s")
    create_session(folder, "", {})
    writer = Writer(folder)
    fill(writer)
    (small_disk / "rest").write_bytes(b"")
    with open(small_disk / "rest", "ab", buffering=0) as rest, pytest.raises(OSError, match="No space"):
        while True:
            rest.write(bytes(4096))

    with pytest.raises(DiskFull):
        for _ in range(200):  # the log has room left by the scheduler's last transaction
            post(folder, CommandRow("enqueue", args={"params": {"text": "x" * 9999}}))

    writer.close()
