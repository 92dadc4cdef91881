from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptui.core.errors import SessionError
from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, DeviceRow, EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

HOSTILE = [
    "\x1b]0;owned\x07\x1b[2J",
    "nul\0inside",
    "stray \udcff byte and \ud800",
    "\u202eright to left\u202c",
    "[red]markup[/red] '\"; drop table trials; --",
    "😀\n\r\t\u2028",
]


SQLITE_UTILS = [sys.executable, "-m", "sqlite_utils", "rows"]


def trial(number: int, state: str, value: float | None, ended_at: float | None = None) -> TrialRow:
    return TrialRow(number, state, {"lr": number / 10}, value=value, ended_at=ended_at)


ENDED = [
    trial(0, "COMPLETE", 0.5, 10.0),
    trial(1, "COMPLETE", math.nan, 11.0),
    trial(2, "COMPLETE", 0.9, 13.0),
    trial(3, "PRUNED", 0.95, 12.0),
    trial(4, "COMPLETE", 0.7, 12.0),
    trial(5, "COMPLETE", math.inf, 14.0),
    trial(6, "COMPLETE", 0.9, 15.0),
    trial(7, "RUNNING", 0.99),
]


@pytest.fixture
def ended(writer: Writer) -> None:
    for row in ENDED:
        writer.save_trial(row)


def test_a_trial_grows_older_while_it_runs_and_not_while_it_is_paused() -> None:
    never = TrialRow(0, "WAITING", {})
    fresh = TrialRow(0, "RUNNING", {}, started_at=10.0, paused_at=10.0)
    paused = TrialRow(0, "PAUSED", {}, started_at=10.0, paused_at=15.0, busy_s=5.0)
    resumed = TrialRow(0, "RUNNING", {}, started_at=10.0, paused_at=60.0, busy_s=5.0)
    ended = TrialRow(0, "COMPLETE", {}, started_at=10.0, ended_at=70.0, busy_s=15.0)
    imported = TrialRow(0, "COMPLETE", {}, started_at=10.0, ended_at=70.0)

    assert [each.ran_s(62.0) for each in (never, fresh, paused, resumed, ended, imported)] == [
        None, 52.0, 5.0, 7.0, 15.0, 60.0,
    ]  # fmt: skip


def test_the_best_are_complete_finite_and_in_the_studys_direction(folder: SessionFolder, ended: None) -> None:
    with Reader(folder) as reader:
        assert [row.number for row in reader.best(9)] == [2, 6, 4, 0]
        assert [row.number for row in reader.best()] == [2]


def test_to_minimise_the_lowest_is_best(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "s")
    create_session(folder, "", {"direction": "minimize"})
    writer = Writer(folder)
    for row in ENDED:
        writer.save_trial(row)
    writer.close()

    with Reader(folder) as reader:
        assert [row.number for row in reader.best(9)] == [0, 4, 2, 6]


def test_trials_are_counted_by_state(folder: SessionFolder, ended: None) -> None:
    with Reader(folder) as reader:
        assert reader.counts() == {"COMPLETE": 6, "PRUNED": 1, "RUNNING": 1}


def test_a_number_that_no_database_holds_is_no_trial(folder: SessionFolder) -> None:
    with Reader(folder) as reader, pytest.raises(SessionError, match="there is no such number in a session"):
        reader.trial(10**20)
    with pytest.raises(SessionError, match="there is no such number in a session"):
        post(folder, CommandRow("pause", 10**20, {}, "test", 0.0))


def test_an_empty_session_answers_every_question(folder: SessionFolder) -> None:
    with Reader(folder) as reader:
        answers = (
            reader.trials(), reader.trial(0), reader.counts(), reader.best(3),
            reader.metric_names(), reader.curve(0, "value"), reader.curves([0], "value"), reader.metrics(),
            reader.events(), reader.last_events(5), reader.events_of(0), reader.devices(), reader.parameters(),
            reader.commands(), reader.finished(),
        )  # fmt: skip

    assert answers == ([], None, {}, [], [], [], {0: []}, [], [], [], [], [], {}, [], None)


def test_curves_can_be_asked_for_what_is_new(folder: SessionFolder, writer: Writer) -> None:
    for number in (0, 1, 2):
        writer.save_reports(number, [ReportRow(number, "value", step, number + step / 10) for step in range(3)], 1)

    with Reader(folder) as reader:
        assert reader.curves([0, 2, 9], "value", 1) == {0: [(2, 0.2)], 2: [(2, 2.2)], 9: []}
        assert reader.curves([0, 1], "value", {0: 2}) == {0: [], 1: [(0, 1.0), (1, 1.1), (2, 1.2)]}
        assert reader.curve(0, "other") == []


def test_all_reports_can_be_read_in_pages(folder: SessionFolder, writer: Writer) -> None:
    rows = [(0, "a", 1, 0.1), (0, "b", 0, 0.2), (1, "a", 0, 0.3)]
    for number in (0, 1):
        writer.save_reports(number, [ReportRow(*row) for row in rows if row[0] == number], 1)

    with Reader(folder) as reader:
        assert reader.metrics(limit=2) == rows[:2]
        assert reader.metrics(rows[1][:3]) == rows[2:]


def test_the_ledger_reads_forwards_from_its_end_and_by_trial(folder: SessionFolder, writer: Writer) -> None:
    for number in range(6):
        writer.append(EventRow(float(number), "noted", number % 2))

    with Reader(folder) as reader:
        assert [event.id for event in reader.events(after_id=2, limit=3)] == [3, 4, 5]
        assert [event.id for event in reader.last_events(2)] == [5, 6]
        assert [event.id for event in reader.events_of(1)] == [2, 4, 6]


def test_parameters_keep_their_order(folder: SessionFolder, writer: Writer) -> None:
    definitions = {"lr": {"type": "float", "low": 1e-4}, "act": {"choices": ["relu", None]}}
    writer.save_parameters({"old": {}})

    writer.save_parameters(definitions)

    with Reader(folder) as reader:
        assert list(reader.parameters().items()) == list(definitions.items())


def test_data_version_moves_only_when_something_was_written(folder: SessionFolder, writer: Writer) -> None:
    with Reader(folder) as reader:
        first = reader.data_version()
        assert reader.data_version() == first

        writer.append(EventRow(1.0, "noted"))

        assert reader.data_version() != first


def test_a_snapshot_sees_one_moment(folder: SessionFolder, writer: Writer) -> None:
    with Reader(folder) as reader:
        with reader.snapshot():
            assert reader.events() == []
            writer.append(EventRow(1.0, "noted"))
            assert reader.events() == []

        assert len(reader.events()) == 1


def test_hostile_text_survives_everywhere(folder: SessionFolder, writer: Writer) -> None:
    """Lone surrogates, which UTF-8 can't hold, are written out; all else comes back as it was."""
    told = [text.encode("utf-8", "backslashreplace").decode() for text in HOSTILE]
    params = dict(zip(HOSTILE, HOSTILE, strict=True))
    writer.save_parameters({text: {"choices": HOSTILE} for text in HOSTILE})
    for number, text in enumerate(HOSTILE):
        writer.save_trial(TrialRow(number, "FAIL", params, reason=text, proposal=text, device=text, attrs={text: text}))
        writer.append(EventRow(1.0, "failed", number, text, {text: [text]}))
        writer.save_reports(number, [ReportRow(number, text, 0, 1.0)], 1)
        post(folder, CommandRow("retry", number, {"params": {text: text}}, text))
    writer.save_device(DeviceRow("cpu", HOSTILE[0], 1.0, note=HOSTILE[2]))

    with Reader(folder) as reader:
        rows = reader.trials()
        assert [(row.reason, row.proposal, row.device) for row in rows] == [(t, t, t) for t in told]
        assert [row.attrs for row in rows] == [{t: t} for t in told]
        assert rows[0].params == dict(zip(told, told, strict=True))
        assert list(reader.parameters()) == told == reader.metric_names()
        assert [(event.reason, event.data) for event in reader.events()] == [(t, {t: [t]}) for t in told]
        assert [command.args for command in reader.commands()] == [{"params": {t: t}} for t in told]
        assert reader.curve(2, HOSTILE[2]) == [(0, 1.0)]
    shown = subprocess.run([*SQLITE_UTILS, folder.database, "trials_wide"], capture_output=True, check=True)
    first = json.loads(shown.stdout)[0]
    assert [first[f"params_{t}"] for t in told if "\0" not in t] == [t for t in told if "\0" not in t]


def test_numbers_that_json_lacks_become_null_inside_documents(folder: SessionFolder, writer: Writer) -> None:
    writer.save_trial(TrialRow(0, "RUNNING", {"big": 1 << 70}, attrs={"loss": math.nan, "odd": {1}}, best=math.inf))

    with Reader(folder) as reader:
        row = reader.trial(0)
    assert row is not None and (row.params, row.attrs, row.best) == ({"big": 1 << 70}, {"loss": None, "odd": [1]}, None)


# the same file in other hands


@pytest.mark.usefixtures("ended")
def test_the_views_open_in_sqlite_utils_as_they_are(folder: SessionFolder, writer: Writer) -> None:
    writer.save_parameters({"lr": {"type": "float"}, 'o"dd\\': {"type": "int"}, "state": {}})
    writer.save_trial(TrialRow(8, "COMPLETE", {"lr": 0.25, 'o"dd\\': 3, "state": "on"}, value=2.0, ended_at=0.0))

    def rows(view: str) -> Any:
        run = subprocess.run([*SQLITE_UTILS, folder.database, view], capture_output=True, check=True)
        return json.loads(run.stdout)

    assert [row["number"] for row in rows("best")] == [8, 2, 6, 4, 0]
    assert list(rows("best")[0]) == [
        "number", "value", "step", "params", "origin", "proposal", "device", "seconds", "created", "started", "ended",
    ]  # fmt: skip
    wide = rows("trials_wide")
    assert list(wide[0]) == [
        "number", "state", "value", "not_finite", "best", "step", "params_lr", 'params_o"dd\\', "params_state",
        "origin", "proposal", "why", "reason", "cause", "retry_of", "device", "seconds", "created", "started", "ended",
    ]  # fmt: skip
    assert [(row["value"], row["not_finite"]) for row in wide if row["number"] in (0, 1, 5)] == [
        (0.5, None), (None, "nan"), (None, "inf"),
    ]  # fmt: skip
    assert (wide[8]["params_lr"], wide[8]['params_o"dd\\'], wide[8]["params_state"]) == (0.25, 3, "on")
    assert (wide[0]["params_state"], wide[8]["ended"]) == (None, "1970-01-01 00:00:00")


def test_a_copy_that_can_not_be_written_is_read(
    folder: SessionFolder, writer: Writer, tmp_path: Path, read_only: Callable[[Path], Path]
) -> None:
    writer.save_trial(ENDED[0])
    writer.close()
    copy = SessionFolder(tmp_path / "copy")
    shutil.copytree(folder.path, copy.path)
    read_only(copy.path)

    with Reader(copy) as reader:
        assert [row.number for row in reader.trials()] == [0]


def test_a_copy_that_can_not_be_written_is_read_with_the_log_of_a_crash(
    folder: SessionFolder, writer: Writer, tmp_path: Path, read_only: Callable[[Path], Path]
) -> None:
    writer.save_trial(ENDED[0])
    copy = SessionFolder(tmp_path / "copy")
    copy.path.mkdir()
    for name in ("session.db", "session.db-wal"):  # as a crash leaves them: the last commits are in the log alone
        shutil.copyfile(folder.path / name, copy.path / name)
    read_only(copy.path)

    with Reader(copy) as reader:
        assert [row.number for row in reader.trials()] == [0]


def test_two_readers_keep_up_with_a_writer(folder: SessionFolder, writer: Writer) -> None:
    def follow() -> None:
        with Reader(folder) as reader:
            known, change = -1, 0
            while known < 299:
                with reader.snapshot():
                    fresh = reader.trials(change)
                    points = reader.curve(0, "value", known)
                assert [step for step, _ in points] == list(range(known + 1, known + 1 + len(points)))
                known += len(points)
                change = fresh[-1].change if fresh else change
                assert change == known + 1  # both are written in one transaction
        done.append(change)

    done: list[int] = []
    readers = [threading.Thread(target=follow, daemon=True) for _ in range(2)]
    for thread in readers:
        thread.start()
    for step in range(300):
        with writer.transaction():
            writer.save_trial(trial(0, "RUNNING", step / 300))
            writer.save_reports(0, [ReportRow(0, "value", step, step / 300)], step)
    for thread in readers:
        thread.join(timeout=20)

    assert done == [300, 300]


def test_a_wish_that_was_answered_while_an_older_one_waited_for_its_trial_is_not_read_again(
    folder: SessionFolder, writer: Writer
) -> None:
    waits, heeded, new = (post(folder, CommandRow(kind, 3)) for kind in ("pause", "enqueue", "note"))
    writer.append(EventRow(1.0, "wished", 3, "you asked", {"command": heeded, "by": "cli"}))
    writer.append(EventRow(1.0, "started", 3, "forked", {"pid": new}))
    writer.set_fact("command_cursor", waits - 1)

    with Reader(folder) as reader:
        assert [(wish.id, wish.kind) for wish in reader.unanswered()] == [(waits, "pause"), (new, "note")]
        assert reader.answered(waits - 1) == {heeded} and reader.answered(heeded) == set()
