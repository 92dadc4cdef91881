"""The feed follows a real database from its thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from demo_session import write_session

from hptui.core.store.reader import Reader
from hptui.core.store.rows import EventRow, ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.tui.feed import FRAME_S, Feed, Wanted, _Eyes
from hptui.tui.snapshot import Snapshot

DEADLINE_S = 20.0


class Told:
    """Counts deliveries, as the screen's message queue would."""

    def __init__(self) -> None:
        self.count = 0
        self.event = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.event.set()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def feed(live: SessionFolder, told: Told) -> Iterator[Feed]:
    feed = Feed(live, told)
    feed.start()
    yield feed
    feed.stop()


def until(true: Callable[[], bool], what: str = "") -> None:
    end = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def test_the_first_snapshot_is_what_the_reader_says(feed: Feed, told: Told, live: SessionFolder) -> None:
    until(told.event.is_set)
    snapshot = feed.take()

    with Reader(live) as reader:
        assert list(snapshot.trials.rows()) == sorted(reader.trials(), key=lambda row: row.number)
        assert snapshot.counts == reader.counts()
        assert list(snapshot.best[:5]) == [row.number for row in reader.best(5)]
        assert snapshot.facts.parameters == tuple(reader.parameters())
        assert list(snapshot.events) == reader.events()
    assert (snapshot.facts.metric, snapshot.facts.n_trials, snapshot.facts.max_steps) == ("val_loss", 240, 30)
    assert snapshot.alive


def test_nothing_is_delivered_while_nothing_is_taken(feed: Feed, told: Told, live: SessionFolder) -> None:
    until(told.event.is_set)
    writer = Writer(live)
    for n in range(5):
        writer.append(EventRow(time.time(), "best", n, f"new best {n}"))
        until(lambda n=n: feed.snapshot.events[-1].reason == f"new best {n}")  # type: ignore[misc]
    writer.close()

    assert told.count == 1
    assert feed.take().events[-1].reason == "new best 4"


def test_what_changes_arrives_and_what_does_not_is_shared(feed: Feed, told: Told, live: SessionFolder) -> None:
    until(told.event.is_set)
    before = feed.take()
    writer = Writer(live)
    writer.save_trial(replace(before.trials[57], step=29, value=0.05))
    until(lambda: feed.snapshot.trials[57].step == 29)
    after = feed.take()
    writer.close()

    assert [row.number for row in after.trials.changed_since(before.trials)] == [57]
    assert after.events is before.events
    assert after.best == before.best


def test_curves_come_for_the_trials_asked_for_and_grow(feed: Feed, told: Told, live: SessionFolder) -> None:
    until(told.event.is_set)
    feed.want(Wanted(frozenset({57})))
    until(lambda: (57, "val_loss") in feed.snapshot.curves)
    before = feed.snapshot.curves[57, "val_loss"]
    writer = Writer(live)
    writer.save_reports(57, [ReportRow(57, "val_loss", 99, 0.01)], 5000)
    until(lambda: len(feed.snapshot.curves[57, "val_loss"]) == len(before) + 1)
    writer.close()

    assert feed.snapshot.curves[57, "val_loss"].steps[-1] == 99
    feed.want(Wanted(frozenset({56})))
    until(lambda: set(feed.snapshot.curves) == {(56, "val_loss")})


def test_a_trial_in_detail_brings_all_its_metrics_and_its_story(feed: Feed, told: Told, live: SessionFolder) -> None:
    until(told.event.is_set)
    feed.want(Wanted(frozenset({3}), 3))
    until(lambda: (3, "val_accuracy") in feed.snapshot.curves)

    with Reader(live) as reader:
        assert list(feed.snapshot.story[1]) == reader.events_of(3)
        values = [value for _, value in reader.curve(3, "val_accuracy")]
        assert feed.snapshot.curves[3, "val_accuracy"].values.tolist() == values


def test_snapshots_come_at_most_four_times_a_second(feed: Feed, told: Told, live: SessionFolder) -> None:
    until(told.event.is_set)
    writer, started = Writer(live), time.monotonic()
    first = told.count
    while time.monotonic() - started < 5 * FRAME_S:
        writer.append(EventRow(time.time(), "best", 1, "again"))
        feed.take()
        time.sleep(0.01)
    frames = (time.monotonic() - started) / FRAME_S
    writer.close()

    assert told.count - first <= frames + 2


def test_a_session_without_a_database_is_a_problem_and_no_crash(own_home: object, told: Told, tmp_path: object) -> None:
    from pathlib import Path

    feed = Feed(SessionFolder(Path(str(tmp_path)) / "nowhere"), told)
    feed.start()
    until(told.event.is_set)
    feed.stop()

    assert feed.take().problem == "there is no such folder"


def test_a_past_session_that_nobody_writes_delivers_once(past: SessionFolder, told: Told) -> None:
    feed = Feed(past, told)
    feed.start()
    until(told.event.is_set)
    feed.take()
    told.event.clear()

    assert not told.event.wait(2.5)
    feed.stop()


def test_a_large_session_shows_its_latest_trials_before_all_are_read(own_home: Path) -> None:
    folder = SessionFolder(own_home / "sessions" / "large")
    write_session(folder, 8, finished=True)
    writer = Writer(folder)
    with writer.transaction():
        for number in range(8, 3000):
            writer.save_trial(TrialRow(number, "COMPLETE", {"lr": 1e-3}, value=number / 1e4))
    writer.close()
    eyes = _Eyes(folder)

    glance = eyes.look(Snapshot(), Wanted(), 1.0)
    counts = dict(glance.counts)
    whole = eyes.look(glance, Wanted(), 1.1)
    eyes.close()

    assert (list(glance.trials), eyes.glanced) == (list(range(2800, 3000)), False)
    assert (len(whole.trials), dict(whole.counts)) == (3000, counts)
    assert whole.version > glance.version
