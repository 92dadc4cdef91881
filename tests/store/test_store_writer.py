from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import pytest

from hptui.core.errors import SessionError
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, DeviceRow, EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.wire.wake import Bell

FULL = TrialRow(
    number=3, state="PAUSED", params={"lr": 0.1, "layers": [1, 2], "act": None, "on": True}, x=(0.5, None), seed=7,
    origin="retry", proposal="startup", why="undo", reason="pruned by hand", cause=None, may_retry=True, retry_of=1,
    value=0.25, best=0.5, step=9, device="GPU-1", slot=2, pid=123, start_ticks=456, created_at=1.5, started_at=2.5,
    ended_at=None, paused_at=3.5, until=8.5, resume_wanted=True, busy_s=1.25, attrs={"note": "ä"},
)  # fmt: skip


def reports(trial: int, values: list[float | None], metric: str = "value", first: int = 0) -> list[ReportRow]:
    return [ReportRow(trial, metric, first + i, value) for i, value in enumerate(values)]


def test_a_trial_reads_back_as_it_was_written(folder: SessionFolder, writer: Writer) -> None:
    writer.save_trial(FULL)

    with Reader(folder) as reader:
        assert reader.trial(3) == dataclasses.replace(FULL, change=1)
        assert reader.trial(4) is None


def test_every_change_of_any_trial_gets_the_next_number(folder: SessionFolder, writer: Writer) -> None:
    for number in (0, 1, 0):
        writer.save_trial(TrialRow(number, "WAITING", {}))

    with Reader(folder) as reader:
        assert [(row.number, row.change) for row in reader.trials()] == [(1, 2), (0, 3)]
        assert [row.number for row in reader.trials(after_change=2)] == [0]


def test_a_new_writer_goes_on_counting_changes(folder: SessionFolder) -> None:
    for _ in range(2):
        writer = Writer(folder)
        writer.save_trial(TrialRow(0, "WAITING", {}))
        writer.close()

    with Reader(folder) as reader:
        assert [row.change for row in reader.trials()] == [2]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_comes_back(folder: SessionFolder, writer: Writer, value: float) -> None:
    writer.save_trial(TrialRow(0, "RUNNING", {}, value=value))
    writer.save_reports(0, reports(0, [value, 1.0]), 20)

    with Reader(folder) as reader:
        row = reader.trial(0)
        assert row is not None and str(row.value) == str(value)
        assert [(step, str(value)) for step, value in reader.curve(0, "value")] == [(0, str(value)), (1, "1.0")]


def test_a_report_may_carry_its_word_already(folder: SessionFolder, writer: Writer) -> None:
    writer.save_reports(0, [ReportRow(0, "value", 0, None, "-inf"), ReportRow(0, "value", 1, None)], 9)

    with Reader(folder) as reader:
        assert str(reader.curve(0, "value")) == "[(0, -inf), (1, nan)]"


def test_rows_and_offset_are_written_together_or_not_at_all(folder: SessionFolder, writer: Writer) -> None:
    writer.save_reports(0, reports(0, [1.0]), 10)

    with pytest.raises(ZeroDivisionError), writer.transaction():
        writer.save_reports(0, reports(0, [2.0], first=1), 20)
        writer.save_reports(1, reports(1, [2.0], "loss"), 20)
        writer.append(EventRow(1.0, "noted"))
        writer.save_trial(TrialRow(0, "RUNNING", {}))
        raise ZeroDivisionError

    with Reader(folder) as reader:
        assert reader.curve(0, "value") == [(0, 1.0)]
        assert (reader.metric_names(), reader.events(), reader.trials()) == (["value"], [], [])
    assert writer.spool_offsets() == {0: 10}


def test_a_transaction_inside_another_is_part_of_it(folder: SessionFolder, writer: Writer) -> None:
    with pytest.raises(ZeroDivisionError), writer.transaction():
        with writer.transaction():
            writer.append(EventRow(1.0, "inner"))
        raise ZeroDivisionError

    with Reader(folder) as reader:
        assert reader.events() == []


def test_nobody_sees_half_a_transaction(folder: SessionFolder, writer: Writer) -> None:
    with Reader(folder) as reader:
        with writer.transaction():
            writer.append(EventRow(1.0, "first"))
            assert reader.events() == []
            writer.append(EventRow(2.0, "second"))

        assert [event.kind for event in reader.events()] == ["first", "second"]


def test_a_step_reported_again_is_overwritten(folder: SessionFolder, writer: Writer) -> None:
    writer.save_reports(0, reports(0, [1.0, 2.0]), 10)
    writer.save_reports(0, reports(0, [3.0], first=1), 15)

    with Reader(folder) as reader:
        assert reader.curve(0, "value") == [(0, 1.0), (1, 3.0)]
        assert reader.curve(0, "value", after_step=0) == [(1, 3.0)]


def test_a_step_beyond_64_bits_counts_as_the_outermost(folder: SessionFolder, writer: Writer) -> None:
    writer.save_reports(0, [ReportRow(0, "value", 1, 0.5), ReportRow(0, "value", 1 << 70, 0.25)], 30)

    with Reader(folder) as reader:
        assert reader.curve(0, "value") == [(1, 0.5), ((1 << 63) - 1, 0.25)]


def test_metric_names_come_in_order_of_appearance(folder: SessionFolder, writer: Writer) -> None:
    writer.save_reports(0, [*reports(0, [1.0], "val"), *reports(0, [1.0], "loss")], 1)
    writer.save_reports(1, [*reports(1, [1.0], "acc"), *reports(1, [1.0], "val")], 1)

    with Reader(folder) as reader:
        assert reader.metric_names() == ["val", "loss", "acc"]


def test_events_get_ids_in_order_and_keep_their_data(folder: SessionFolder, writer: Writer) -> None:
    event = EventRow(1.5, "pruned", 7, "worse than the median", {"step": 3, "numbers": [0.1, None]})

    ids = [writer.append(event), writer.append(EventRow(2.5, "noted"))]

    with Reader(folder) as reader:
        assert reader.events() == [
            dataclasses.replace(event, id=ids[0]),
            EventRow(2.5, "noted", id=ids[1]),
        ]
    assert ids == [1, 2]


def test_a_fact_can_be_set_changed_and_removed(folder: SessionFolder, writer: Writer) -> None:
    writer.set_fact("finished", {"at": 9.0, "reason": "all 5 trials have ended", "ok": True})
    with Reader(folder) as reader:
        finished = reader.finished()
        assert finished is not None and (finished.at, finished.ok) == (9.0, True)

        writer.set_fact("finished", None)
        assert reader.finished() is None
        assert "finished" not in reader.facts()


def test_a_device_is_overwritten_and_removed(folder: SessionFolder, writer: Writer) -> None:
    gpu = DeviceRow("GPU-1", "H200", 1.0, 1, 1, 0.5, 1 << 30, 2 << 30, 61.0, 300.0, "")
    writer.save_device(gpu)
    writer.save_device(dataclasses.replace(gpu, at=2.0, load=math.nan))
    writer.save_device(DeviceRow("cpu", "CPU", 1.0))

    writer.remove_device("cpu")

    with Reader(folder) as reader:
        assert reader.devices() == [dataclasses.replace(gpu, at=2.0, load=None)]


def test_a_wish_reaches_the_scheduler_with_a_ring(folder: SessionFolder, writer: Writer) -> None:
    bell = Bell(folder.wake)
    seen = writer.data_version()
    wish = CommandRow("enqueue", 4, {"params": {"lr": 0.1}}, "screen", 12.5)

    ids = [post(folder, wish), post(folder, CommandRow("stop"))]

    assert writer.data_version() != seen
    assert writer.commands_after(0) == [dataclasses.replace(wish, id=ids[0]), CommandRow("stop", id=ids[1])]
    assert writer.commands_after(ids[0]) == [CommandRow("stop", id=ids[1])]
    assert os.read(bell.fileno(), 9) == b"\0\0"
    bell.close()


def test_a_wish_waits_for_a_scheduler_that_is_not_there(folder: SessionFolder) -> None:
    id_ = post(folder, CommandRow("pause", 1))

    writer = Writer(folder)
    assert writer.commands_after(0) == [CommandRow("pause", 1, id=id_)]
    writer.close()


def test_a_wish_to_a_session_that_can_not_be_written_is_refused(folder: SessionFolder, read_only) -> None:
    read_only(folder.path)

    with pytest.raises(SessionError, match="can't be opened as needed"):
        post(folder, CommandRow("pause", 1))


def test_a_wish_to_no_session_makes_none(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no such folder"):
        post(SessionFolder(tmp_path / "gone"), CommandRow("pause", 1))

    assert not (tmp_path / "gone").exists()


def test_the_log_stays_small_while_much_is_written(folder: SessionFolder, writer: Writer) -> None:
    with Reader(folder) as reader:
        for first in range(0, 200_000, 2000):
            writer.save_reports(0, reports(0, [0.5] * 2000, first=first), first)
            reader.data_version()

    assert Path(f"{folder.database}-wal").stat().st_size < 6 << 20


def test_a_log_that_a_slow_reader_let_grow_is_cut_back(folder: SessionFolder, writer: Writer) -> None:
    log = Path(f"{folder.database}-wal")
    with Reader(folder) as reader, reader.snapshot():
        reader.trials()
        for first in range(0, 600_000, 4000):
            writer.save_reports(0, reports(0, [0.5] * 4000, first=first), first)
        assert log.stat().st_size > 10 << 20

    for first in range(600_000, 680_000, 4000):
        writer.save_reports(0, reports(0, [0.5] * 4000, first=first), first)
    assert log.stat().st_size <= 8 << 20


def test_closing_leaves_one_tidy_file(folder: SessionFolder) -> None:
    writer = Writer(folder)
    writer.append(EventRow(1.0, "noted"))

    writer.close()

    assert sorted(path.name for path in folder.path.iterdir()) == ["session.db", "study.toml", "trials"]


def test_a_backup_is_a_whole_session(folder: SessionFolder, writer: Writer, tmp_path: Path) -> None:
    writer.save_trial(FULL)
    writer.backup()
    writer.save_trial(TrialRow(4, "WAITING", {}))
    copy = SessionFolder(tmp_path / "copy")
    copy.path.mkdir()
    (folder.path / "session.db.bak").rename(copy.database)

    restored = Writer(copy)
    restored.append(EventRow(1.0, "noted"))
    restored.close()

    with Reader(copy) as reader:
        assert [row.number for row in reader.trials()] == [3]
        assert [event.kind for event in reader.events()] == ["noted"]
    assert not list(folder.path.glob("*.new"))


def test_a_writer_refuses_a_folder_without_a_session(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"no session\.db"):
        Writer(SessionFolder(tmp_path))
