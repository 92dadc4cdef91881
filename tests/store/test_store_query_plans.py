"""How SQLite will answer the questions that are asked many times a second."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from hptui.core.store.reader import Reader
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder

HOT: dict[str, Callable[[Reader], object]] = {
    "changed trials": lambda reader: reader.trials(5),
    "one trial": lambda reader: reader.trial(3),
    "counts": lambda reader: reader.counts(),
    "best": lambda reader: reader.best(3),
    "curve": lambda reader: reader.curve(1, "value", 3),
    "curves": lambda reader: reader.curves([1, 2], "value", 3),
    "metrics page": lambda reader: reader.metrics((1, "value", 3)),
    "metric names": lambda reader: reader.metric_names(),
    "events": lambda reader: reader.events(3, 10),
    "events of a trial": lambda reader: reader.events_of(3),
    "commands": lambda reader: reader.commands(3),
    "finished": lambda reader: reader.finished(),
}


@pytest.mark.parametrize("question", HOT)
def test_a_question_asked_often_never_scans_a_table(folder: SessionFolder, writer: Writer, question: str) -> None:
    asked: list[str] = []
    with Reader(folder) as reader:
        reader._db.set_trace_callback(asked.append)
        HOT[question](reader)
    db = sqlite3.connect(folder.database)

    plans = [row[3] for sql in asked if "select" in sql for row in db.execute(f"explain query plan {sql}")]

    db.close()
    tables = [plan for plan in plans if plan.startswith("SCAN") and "COVERING INDEX" not in plan]
    assert plans
    # the window function's own result is scanned, and the constraints in a trial's own attributes; nothing else
    assert [plan for plan in tables if "subquery" not in plan.lower() and "SCAN held VIRTUAL" not in plan] == []
    assert not any(plan.startswith("USE TEMP B-TREE FOR ORDER BY") for plan in plans if question != "running best")


def test_the_last_events_are_read_from_the_end(folder: SessionFolder, writer: Writer) -> None:
    """A scan by rowid that stops after n rows: SQLite calls it one, but sorts nothing."""
    db = sqlite3.connect(folder.database)

    plan = db.execute("explain query plan select * from events order by id desc limit 5").fetchall()

    db.close()
    assert [row[3] for row in plan] == ["SCAN events"]
