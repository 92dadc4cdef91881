"""A session as it stood after one of its events, from how it stands now and from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.study.session import SessionFolder
from hptui.tui.snapshot import Delta, Snapshot, merge

if TYPE_CHECKING:
    from hptui.core.review.ledger import Ledger
    from hptui.core.store.reader import Reader

SEEN_EVENTS = 64
"""Events before the moment that a screen may show."""


def as_of(now: Snapshot, ledger: Ledger, index: int, events: tuple[EventRow, ...]) -> Snapshot:
    """The session once event `index` of the ledger had happened. events: the latest up to it.

    What an unfinished trial had reported by then is not known: reports carry no time.
    """
    at = float(ledger.at[index])
    rows = tuple(
        then
        for number, state in ledger.stood(index).items()
        if (row := now.trials.get(number)) is not None and (then := row_then(row, state, at)) is not None
    )
    facts = replace(now.facts, finished_at=None, finish="", held=False, drained=frozenset())
    past = Snapshot(facts, version=max(now.version, 1))
    return merge(past, Delta(trials=rows, events=events, devices=now.devices), at=at, alive=False)


def row_then(row: TrialRow, state: str, at: float) -> TrialRow | None:
    if state == "ENDED":
        return row
    started = row.started_at if state != "WAITING" else None
    return replace(
        row, state=state, value=None, best=None, step=None, reason="", cause=None, why=None, may_retry=False,
        started_at=started, ended_at=None, paused_at=at if state == "PAUSED" else None, until=None, busy_s=0.0,
    )  # fmt: skip


class Past:
    """The ledger of a session, read once; events are looked up when they are shown. Raises SessionError."""

    def __init__(self, folder: SessionFolder) -> None:
        from hptui.core.review.ledger import ledger
        from hptui.core.store.reader import Reader

        self._reader = Reader(folder)
        self.ledger: Ledger = ledger(_pages(self._reader))

    def __len__(self) -> int:
        return len(self.ledger)

    def at(self, now: Snapshot, index: int) -> Snapshot:
        events = tuple(self._reader.events_until(int(self.ledger.id[index]), SEEN_EVENTS))
        return as_of(now, self.ledger, index, events)

    def jump(self, now: Snapshot, index: int, by: int) -> int | None:
        failed = (row.number for row in now.trials.rows() if row.state == "FAIL")
        return self.ledger.jump(index, by, failed)

    def close(self) -> None:
        self._reader.close()


def _pages(reader: Reader) -> Iterator[list[tuple[int, float, str, int | None]]]:
    last = 0
    while page := reader.outline(last):
        yield page
        last = page[-1][0]
